#include "engine/base/base64.h"

#include <cstdint>

namespace weir {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint32_t byte_at(std::string_view bytes, std::size_t index) {
  return index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : 0;
}

}  // namespace

void append_base64(ByteBuffer& out, std::string_view bytes) {
  const std::size_t groups = (bytes.size() + 2) / 3;
  char* to = out.grow(groups * 4);
  for (std::size_t index = 0; index < bytes.size(); index += 3) {
    const std::uint32_t group = byte_at(bytes, index) << 16 | byte_at(bytes, index + 1) << 8 | byte_at(bytes, index + 2);
    *to++ = alphabet[group >> 18];
    *to++ = alphabet[group >> 12 & 63];
    *to++ = index + 1 < bytes.size() ? alphabet[group >> 6 & 63] : '=';
    *to++ = index + 2 < bytes.size() ? alphabet[group & 63] : '=';
  }
  out.advance(groups * 4);
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;

  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  int bits = 0;
  for (const char character : text.substr(0, text.size() - padding)) {
    const std::size_t value = alphabet.find(character);
    if (value == std::string_view::npos) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(group >> bits & 0xff));
    group &= (1U << bits) - 1;
  }
  if (group != 0) return std::nullopt;
  return bytes;
}

}  // namespace weir
