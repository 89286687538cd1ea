#include "engine/parse/json_token.h"

#include <limits>

namespace weir {
namespace {

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

bool is_hex(char byte) {
  return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

// Moves `at` behind a run of digits; false where there is none.
bool skip_digits(std::string_view token, std::size_t& at) {
  const std::size_t begin = at;
  while (at < token.size() && is_digit(token[at])) ++at;
  return at > begin;
}

bool is_json_string(std::string_view token) {
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') return false;
  const std::string_view inside = token.substr(1, token.size() - 2);
  for (std::size_t at = inside.find_first_of("\\\""); at != std::string_view::npos; at = inside.find_first_of("\\\"", at)) {
    if (inside[at++] == '"') return false;
    if (at == inside.size()) return false;
    if (inside[at] != 'u') {
      if (std::string_view("\"\\/bfnrt").find(inside[at]) == std::string_view::npos) return false;
      ++at;
      continue;
    }
    for (std::size_t digit = 1; digit <= 4; ++digit)
      if (at + digit >= inside.size() || !is_hex(inside[at + digit])) return false;
    at += 5;
  }
  return true;
}

}  // namespace

bool is_json_number(std::string_view token) {
  std::size_t at = 0;
  if (at < token.size() && token[at] == '-') ++at;
  const std::size_t integer_begin = at;
  if (!skip_digits(token, at)) return false;
  if (token[integer_begin] == '0' && at - integer_begin > 1) return false;
  if (at < token.size() && token[at] == '.') {
    ++at;
    if (!skip_digits(token, at)) return false;
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    ++at;
    if (at < token.size() && (token[at] == '+' || token[at] == '-')) ++at;
    if (!skip_digits(token, at)) return false;
  }
  return at == token.size();
}

bool is_json_scalar(std::string_view token) {
  if (token.empty()) return false;
  if (token.front() == '"') return is_json_string(token);
  return token == "true" || token == "false" || token == "null" || is_json_number(token);
}

IntegerResult parse_integer(std::string_view token) {
  constexpr std::size_t digits_max = 19;
  constexpr IntegerResult not_an_integer{IntegerError::not_an_integer, 0};
  const bool negative = !token.empty() && token.front() == '-';
  const std::string_view digits = token.substr(negative ? 1 : 0);
  if (digits.empty()) return not_an_integer;
  std::uint64_t magnitude = 0;
  for (const char byte : digits) {
    if (!is_digit(byte)) return not_an_integer;
    magnitude = magnitude * 10 + static_cast<std::uint64_t>(byte - '0');
  }
  if (digits.front() == '0' && digits.size() > 1) return not_an_integer;
  const std::uint64_t limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + (negative ? 1 : 0);
  if (digits.size() > digits_max || magnitude > limit) return {IntegerError::out_of_range, 0};
  return {IntegerError::none, static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude)};
}

std::string_view kind_of(char first_byte) {
  switch (first_byte) {
    case '"':
      return "string";
    case 't':
    case 'f':
      return "bool";
    case 'n':
      return "null";
    case '{':
      return "object";
    case '[':
      return "array";
    default:
      return first_byte == '-' || is_digit(first_byte) ? "number" : "something else";
  }
}

std::size_t end_of_first_document(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    if (in_string) {
      if (byte == '\\') ++at;
      if (byte == '"') in_string = false;
    } else if (byte == '"') {
      in_string = true;
    } else if (byte == '{' || byte == '[') {
      ++depth;
    } else if (byte == '}' || byte == ']') {
      if (depth <= 1) return at + 1;
      --depth;
    }
  }
  return std::string_view::npos;
}

}  // namespace weir
