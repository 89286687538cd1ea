// Single tokens of JSON text, checked to the letter: what on-demand parsing leaves to the reader of a value.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir {

// The token without the white space behind it. It begins with something else.
inline std::string_view trim_token(std::string_view token) {
  if (token.back() > ' ') return token;
  while (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t') token.remove_suffix(1);
  return token;
}

// The grammar of a JSON number, nothing more: "-0.5e+3" yes; "+1", "01", ".5", "5.", "NaN" no.
bool is_json_number(std::string_view token);

// true, false, null, a number or a string whose escapes are well-formed. Control characters and UTF-8 are checked elsewhere.
bool is_json_scalar(std::string_view token);

enum class IntegerError { none, not_an_integer, out_of_range };
struct IntegerResult {
  IntegerError error = IntegerError::none;
  std::int64_t value = 0;
};
// Digits with an optional minus; a fraction or an exponent is not an integer.
IntegerResult parse_integer(std::string_view token);

// What a value looks like from its first byte: "string", "number", "bool", "null", "object", "array" or "something else".
std::string_view kind_of(char first_byte);
inline constexpr std::array<bool, 256> first_bytes_of_values = [] {
  std::array<bool, 256> table{};
  for (const char byte : std::string_view("\"{[-0123456789tfn")) table[static_cast<unsigned char>(byte)] = true;
  return table;
}();
// True when a JSON value can begin with this byte.
inline bool begins_value(char first_byte) {
  return first_bytes_of_values[static_cast<unsigned char>(first_byte)];
}

// Where the first complete value of `text` ends (behind its last bracket), and npos where it never does. Brackets are only counted.
std::size_t end_of_first_document(std::string_view text);

}  // namespace weir
