#include "engine/base/json_text.h"

#include <cstring>

namespace weir {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

constexpr bool needs_escape(unsigned char byte) {
  return byte < 0x20 || byte == '"' || byte == '\\';
}

// True when any of eight bytes needs an escape; bit tricks from "Bit Twiddling Hacks" (Anderson): a zero byte in x shows in (x - 01..) & ~x
// & 80..
bool any_needs_escape(std::uint64_t bytes) {
  constexpr std::uint64_t ones = 0x0101010101010101ULL;
  constexpr std::uint64_t highs = 0x8080808080808080ULL;
  const std::uint64_t quote = bytes ^ (ones * '"');
  const std::uint64_t backslash = bytes ^ (ones * '\\');
  const std::uint64_t below_space = (bytes - ones * 0x20) & ~bytes;
  return ((((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | below_space) & highs) != 0;
}

char* write_escape(char* to, unsigned char byte) {
  *to++ = '\\';
  switch (byte) {
    case '"':
      *to++ = '"';
      return to;
    case '\\':
      *to++ = '\\';
      return to;
    case '\n':
      *to++ = 'n';
      return to;
    case '\r':
      *to++ = 'r';
      return to;
    case '\t':
      *to++ = 't';
      return to;
    case '\b':
      *to++ = 'b';
      return to;
    case '\f':
      *to++ = 'f';
      return to;
    default:
      to[0] = 'u';
      to[1] = '0';
      to[2] = '0';
      to[3] = hex_digits[byte >> 4];
      to[4] = hex_digits[byte & 15];
      return to + 5;
  }
}

}  // namespace

void append_json_escaped(ByteBuffer& out, std::string_view bytes) {
  char* to = out.grow(bytes.size() * 6 + 8);
  const char* const begin = to;
  const char* from = bytes.data();
  std::size_t left = bytes.size();
  while (left >= 8) {
    std::uint64_t word;
    std::memcpy(&word, from, 8);
    if (any_needs_escape(word)) {
      for (int index = 0; index < 8; ++index) {
        const auto byte = static_cast<unsigned char>(from[index]);
        if (needs_escape(byte))
          to = write_escape(to, byte);
        else
          *to++ = from[index];
      }
    } else {
      std::memcpy(to, &word, 8);
      to += 8;
    }
    from += 8;
    left -= 8;
  }
  for (; left > 0; --left, ++from) {
    const auto byte = static_cast<unsigned char>(*from);
    if (needs_escape(byte))
      to = write_escape(to, byte);
    else
      *to++ = *from;
  }
  out.advance(static_cast<std::size_t>(to - begin));
}

std::string json_of(std::string_view bytes) {
  ByteBuffer out;
  append_json_string(out, bytes);
  return std::string(out.view());
}

void append_hex(ByteBuffer& out, std::uint64_t value) {
  // Spread the eight nibbles of each half over eight bytes, then turn all of them into digits at once.
  char* to = out.grow(16);
  for (const std::uint64_t half : {value >> 32, value & 0xffffffffU}) {
    std::uint64_t nibbles = ((half & 0xffff0000U) << 16) | (half & 0xffffU);
    nibbles = ((nibbles << 8) & 0x00ff000000ff0000U) | (nibbles & 0x000000ff000000ffU);
    nibbles = ((nibbles << 4) & 0x0f000f000f000f00U) | (nibbles & 0x000f000f000f000fU);
    const std::uint64_t letters = ((nibbles + 0x0606060606060606U) >> 4) & 0x0101010101010101U;  // 1 where the nibble is 10 or more
    const std::uint64_t digits = nibbles + 0x3030303030303030U + letters * ('a' - '0' - 10);
    const std::uint64_t in_order = __builtin_bswap64(digits);
    std::memcpy(to, &in_order, 8);
    to += 8;
  }
  out.advance(16);
}

}  // namespace weir
