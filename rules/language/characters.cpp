#include "rules/language/characters.h"

#include <array>
#include <cstdint>
#include <cstdio>

#include "engine/base/utf8.h"
#include "rules/language/reporter.h"

namespace weir {

namespace {

// The code point that `text` begins with, and its bytes; no bytes where it begins with ASCII or with none.
struct WideCharacter {
  std::uint32_t code = 0;
  std::size_t bytes = 0;
};
WideCharacter wide_character(std::string_view text) {
  const std::size_t length = text.empty() ? 0 : utf8_length(text);
  if (length < 2) return {};
  std::uint32_t code = static_cast<unsigned char>(text[0]) & (0x7FU >> length);
  for (std::size_t index = 1; index < length; ++index) code = code << 6U | (static_cast<unsigned char>(text[index]) & 0x3FU);
  return {code, length};
}

}  // namespace

std::size_t blank_bytes(std::string_view text) {
  const auto [code, bytes] = wide_character(text);
  const bool blank = code == 0xA0 || (code >= 0x2000 && code <= 0x200A) || code == 0x202F || code == 0x205F || code == 0x3000;
  return blank ? bytes : 0;
}

std::size_t letter_bytes(std::string_view text) {
  const auto [code, bytes] = wide_character(text);
  const bool sign = code < 0xC0 || code == 0xD7 || code == 0xF7 || (code >= 0x2000 && code <= 0x2BFF) ||
                    (code >= 0x3000 && code <= 0x303F) || (code >= 0xFE00 && code <= 0xFE0F) || code == 0xFEFF ||
                    (code >= 0xFF00 && code <= 0xFF20) || code >= 0x1F000;
  return sign ? 0 : bytes;
}

std::size_t curly_quote_bytes(std::string_view text) {
  const auto [code, bytes] = wide_character(text);
  const bool quote = (code >= 0x2018 && code <= 0x201F) || code == 0xAB || code == 0xBB || code == 0x2039 || code == 0x203A;
  return quote ? bytes : 0;
}

bool is_visible(std::string_view character) {
  const WideCharacter wide = wide_character(character);
  const std::uint32_t code = wide.bytes == 0 ? static_cast<unsigned char>(character[0]) : wide.code;
  const bool joins_or_turns =
      (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F);
  return code > 0x20 && (code < 0x7F || code > 0xA0) && code != 0xAD && !joins_or_turns && code != 0xFEFF;
}

std::string character_text(std::string_view character) {
  if (character == "`") return "the sign `";
  const WideCharacter wide = wide_character(character);
  const auto byte = static_cast<unsigned char>(character[0]);
  if (wide.bytes == 0 && byte >= 0x20 && byte != 0x7F) return in_backticks(character);
  std::array<char, 12> code{};
  std::snprintf(code.data(), code.size(), "U+%04X", static_cast<unsigned>(wide.bytes == 0 ? byte : wide.code));
  return "the character " + std::string(code.data()) + (is_visible(character) ? " (" + std::string(character) + ")" : "");
}

std::size_t valid_utf8_bytes(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

}  // namespace weir
