#include "rules/language/foreign_words.h"

#include <array>
#include <utility>

namespace weir {

namespace {

using Words = std::pair<std::string_view, std::string_view>;

constexpr std::array<Words, 13> behind_expression{{
    {"like", "text is compared with `matches \"regex\"`, `contains`, `starts_with` or `ends_with`"},
    {"group", "a key is written `by card_id`"},
    {"per", "a key is written `by card_id`"},
    {"for", "a window is written `over 10m`"},
    {"during", "a window is written `over 10m`"},
    {"within", "a window is written `over 10m`"},
    {"exclude", "it is written `excluding this event`"},
    {"if", "events are chosen with `where`"},
    {"when", "events are chosen with `where`"},
    {"filter", "events are chosen with `where`"},
    {")", "this `)` closes nothing"},
    {"?", "there is no `? :`; two rules with two conditions say it"},
    {":", "values are compared with `==`"},
}};

}  // namespace

std::vector<std::string> help_behind_expression(const TokenReader& reader) {
  const Token& token = reader.peek();
  if (token.kind != TokenKind::name && token.kind != TokenKind::symbol) return {};
  const bool behind_number = reader.previous().kind == TokenKind::number;
  if (token.text == ",") return {behind_number ? "numbers are written with a point: `5.00`" : "conditions are joined with `and`"};
  if (token.text == ".") return {behind_number ? "write a digit behind the point: `5.0`" : "fields are plain names, without a point"};
  for (const auto& [word, help] : behind_expression)
    if (word == token.text) return {std::string(help)};
  return {};
}

std::vector<std::string> help_before_value(const TokenReader& reader) {
  if (reader.at_symbol(".")) return {"write a digit before the point: `0.5`"};
  if (reader.at_symbol("*")) return {"`count()` counts events, `count(x)` values"};
  if (reader.at_symbol("[")) return {"a set stands only after `in`: `mcc in [1, 2]`"};
  if (reader.at_symbol("=") || reader.at_symbol("==")) return {"a value is missing before it"};
  return {};
}

}  // namespace weir
