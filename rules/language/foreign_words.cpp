#include "rules/language/foreign_words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "rules/language/rule_parser.h"
#include "rules/language/test_parser.h"

namespace weir {

namespace {

using Words = std::pair<std::string_view, std::string_view>;

constexpr std::string_view text_search = "text is compared with `matches \"regex\"`, `contains`, `starts_with` or `ends_with`";
constexpr std::string_view window_written = "a window is written `over 10m`";
constexpr std::string_view where_written = "events are chosen with `where`";
constexpr std::string_view condition_written = "a rule's condition begins with `when`";
constexpr std::string_view distinct_written = "different values are counted with `distinct(merchant_id)`, without `count`";

constexpr std::array<Words, 40> behind_expression{{
    {"like", text_search},
    {"regex", text_search},
    {"rlike", text_search},
    {"startswith", "did you mean `starts_with`?"},
    {"startsWith", "did you mean `starts_with`?"},
    {"begins_with", "did you mean `starts_with`?"},
    {"endswith", "did you mean `ends_with`?"},
    {"endsWith", "did you mean `ends_with`?"},
    {"has", "did you mean `contains`?"},
    {"includes", "did you mean `contains`?"},
    {"equals", "values are compared with `==`"},
    {"eq", "values are compared with `==`"},
    {"gt", "values are compared with `>`"},
    {"lt", "values are compared with `<`"},
    {"then", "`then` belongs to a rule"},
    {"group", "a key is written `by card_id`"},
    {"per", "a key is written `by card_id`"},
    {"for", window_written},
    {"during", window_written},
    {"within", window_written},
    {"last", window_written},
    {"by", "`by` stands behind an aggregate, which has its parentheses: `count() by card_id over 10m`"},
    {"offset", "a window is moved back with `delay`: `over 30d delay 7d`"},
    {"lag", "a window is moved back with `delay`: `over 30d delay 7d`"},
    {"ago", "a window is moved back with `delay`: `over 30d delay 7d`"},
    {"over", "`over` stands right behind `by` and its fields, which are separated by commas: `by card_id, merchant_id over 10m`"},
    {"exclude", "it is written `excluding this event`"},
    {"except", "it is written `excluding this event`"},
    {"if", where_written},
    {"when", where_written},
    {"filter", where_written},
    {"having", where_written},
    {"distinct", distinct_written},
    {"days", "a length of time is written `30d`"},
    {"hours", "a length of time is written `24h`"},
    {"minutes", "a length of time is written `10m`"},
    {"seconds", "a length of time is written `30s`"},
    {")", "this `)` closes nothing"},
    {"?", "there is no `? :`; two rules with two conditions say it"},
    {":", "values are compared with `==`"},
}};

constexpr std::array<Words, 14> declarations{{
    {"select", "rules are no SQL: a feature is `feature n = count() by card_id over 10m`, a rule asks `when n >= 5`"},
    {"SELECT", "rules are no SQL: a feature is `feature n = count() by card_id over 10m`, a rule asks `when n >= 5`"},
    {"when", "a condition stands in a rule: `rule NAME \"what it finds\" { when ... then ... }`"},
    {"if", "a condition stands in a rule: `rule NAME \"what it finds\" { when ... then ... }`"},
    {"import", "the files of a folder are one rule set already; a config names them under `rules: files`"},
    {"include", "the files of a folder are one rule set already; a config names them under `rules: files`"},
    {"def", "a value gets a name with `let`"},
    {"define", "a value gets a name with `let`"},
    {"function", "a value gets a name with `let`"},
    {"var", "a value gets a name with `let`"},
    {"const", "a value gets a name with `let`"},
    {"set", "a value gets a name with `let`"},
    {"variable", "a value gets a name with `let`"},
    {"outcomes", "outcomes stand in the policy: `policy { precedence block, alert, allow }`"},
}};

constexpr std::array<Words, 14> clauses{{
    {"unless", "write `when not (...)`"},
    {"if", condition_written},
    {"condition", condition_written},
    {"where", condition_written},
    {"else", "what happens otherwise is another rule, or the policy's `otherwise`"},
    {"action", "an outcome is forced with `then block`"},
    {"decision", "an outcome is forced with `then block`"},
    {"outcome", "an outcome is forced with `then block`"},
    {"description", "what the decision says is written `reason \"...\"`; the title says what the rule finds"},
    {"message", "what the decision says is written `reason \"...\"`"},
    {"text", "what the decision says is written `reason \"...\"`"},
    {"severity", "a rule weighs with `score 40`"},
    {"weight", "a rule weighs with `score 40`"},
    {"until", "a rule ends with `expires 2027-03-31`"},
}};

constexpr std::string_view outcome_expected = "what is expected is written `expect outcome block`";
constexpr std::string_view step_times =
    "times stand before the fields: `given 3 payment every 5m { ... }`, `when payment after 2h { ... }`";

constexpr std::array<Words, 9> test_steps{{
    {"then", outcome_expected},
    {"assert", outcome_expected},
    {"should", outcome_expected},
    {"outcome", outcome_expected},
    {"every", step_times},
    {"after", step_times},
    {"at", step_times},
    {"and", "steps stand one behind the other, without `and`"},
    {"not", "what must not fire is written `expect no rule NAME`"},
}};

template <std::size_t size>
std::vector<std::string> help_from(const std::array<Words, size>& words, std::string_view word) {
  const auto found = std::find_if(words.begin(), words.end(), [word](const Words& known) { return known.first == word; });
  if (found == words.end()) return {};
  return {std::string(found->second)};
}

bool is_adjacent(const Token& first, const Token& second) {
  return first.span.end == second.span.begin;
}

bool is_currency(std::string_view word) {
  return word.size() == 3 && std::all_of(word.begin(), word.end(), [](char letter) { return letter >= 'A' && letter <= 'Z'; });
}

std::string help_for_comma(const TokenReader& reader) {
  if (reader.previous().kind != TokenKind::number) return "conditions are joined with `and`";
  const Token& next = reader.peek(1);
  const bool thousands = next.kind == TokenKind::number && next.text.size() == 3 && is_adjacent(reader.peek(), next);
  if (!thousands) return "numbers are written with a point: `5.00`";
  const std::string first(reader.previous().text);
  return "write `" + first + std::string(next.text) + "` or `" + first + "_" + std::string(next.text) + "`, or with a point `" + first +
         "." + std::string(next.text) + "`";
}

}  // namespace

std::vector<std::string> help_behind_expression(const TokenReader& reader) {
  const Token& token = reader.peek();
  const Token& before = reader.previous();
  const bool behind_number = before.kind == TokenKind::number;
  if (token.kind == TokenKind::number && before.kind == TokenKind::timestamp)
    return {"a time of day is joined to its date: `2027-03-31T12:00:00Z`"};
  if (token.kind != TokenKind::name && token.kind != TokenKind::symbol) return {};
  if (token.text == ",") return {help_for_comma(reader)};
  if (token.text == ".") return {behind_number ? "write a digit behind the point: `5.0`" : "fields are plain names, without a point"};
  if (token.text == "[") return {"a table is read with `lookup(bins, bin).country`"};
  if (token.text == "%") return {"a share is a number: `0.05` for 5%"};
  if (behind_number) {
    if (const std::string meant = duration_meant(before.text, token.text); !meant.empty())
      return {"a length of time is written `" + meant + "`"};
    if (is_currency(token.text))
      return {"an amount stands without its currency, which is compared for itself: `and currency == \"" + std::string(token.text) + "\"`"};
  }
  return help_from(behind_expression, token.text);
}

std::vector<std::string> help_before_value(const TokenReader& reader) {
  const bool behind_percent = reader.previous().kind == TokenKind::symbol && reader.previous().text == "%";
  if (behind_percent) return {"`%` is the rest of a division; for 110% of a value write `1.1 * value`"};
  if (reader.at_symbol(".")) return {"write a digit before the point: `0.5`"};
  if (reader.at_symbol("*")) return {"`count()` counts events, `count(x)` values"};
  if (reader.at_symbol("[")) return {"a set stands only after `in`: `mcc in [1, 2]`"};
  if (reader.at_symbol(":")) return {"leave the `:` out"};
  if (reader.at_symbol("=") || reader.at_symbol("==")) return {"a value is missing before it"};
  for (const std::string_view sign : {"<", "<=", ">", ">=", "!="})
    if (reader.at_symbol(sign)) return {"each comparison has both sides: `amount >= 10 and amount <= 20`, or `amount between 10 and 20`"};
  return {};
}

std::vector<std::string> help_for_declaration(const TokenReader& reader) {
  const Token& token = reader.peek();
  const bool comment = (reader.at_symbol("-") && reader.at_symbol("-", 1)) || (reader.at_symbol("/") && reader.at_symbol("*", 1));
  if (comment) return {"a comment begins with `#`"};
  if (token.kind != TokenKind::name) return {};
  const bool call = reader.at_symbol("(", 1);
  if (call) return {"a feature has a name: `feature card_payments_10m = count() by card_id over 10m`"};
  if (reader.at_symbol("=", 1))
    return {"a feature is declared with `feature " + std::string(token.text) + " = ...`, another value with `let`"};
  std::vector<std::string> help = help_from(declarations, token.text);
  if (help.empty()) help = did_you_mean(token.text, {"event", "list", "lookup", "feature", "let", "pattern", "rule", "policy", "test"});
  return help;
}

std::vector<std::string> help_for_clause(const TokenReader& reader, bool condition_seen) {
  const Token& token = reader.peek();
  const Token& before = reader.previous();
  if (token.text == "and" || reader.at_symbol(",")) return {"clauses stand one behind the other, without `and` or `,`"};
  if (reader.at_symbol("%") && before.kind == TokenKind::number) return {"a score is a number: `score " + std::string(before.text) + "`"};
  std::vector<std::string> help = help_from(clauses, token.text);
  if (help.empty() && token.kind == TokenKind::name)
    help = did_you_mean(token.text, {rule_clause_words().begin(), rule_clause_words().end()});
  if (help.empty() && !condition_seen && (token.kind == TokenKind::name || reader.at_symbol("("))) help = {std::string(condition_written)};
  return help;
}

std::vector<std::string> help_for_step(const TokenReader& reader) {
  const Token& token = reader.peek();
  if (reader.at_symbol(",")) return {"steps stand one behind the other, each with its word: `given payment { ... }`"};
  if (token.kind == TokenKind::name && reader.at_symbol("{", 1))
    return {"events before the one in question are `given " + std::string(token.text) + " { ... }`, that one is `when " +
            std::string(token.text) + " { ... }`"};
  std::vector<std::string> help = help_from(test_steps, token.text);
  if (help.empty() && token.kind == TokenKind::name) help = did_you_mean(token.text, {test_step_words().begin(), test_step_words().end()});
  return help;
}

std::string help_before_title(const TokenReader& reader, std::string_view name) {
  if (reader.at_symbol("-")) {
    const Token& next = reader.peek(1);
    const bool joined = is_adjacent(reader.previous(), reader.peek()) && is_adjacent(reader.peek(), next);
    return "names are letters, digits and `_`" + (joined ? ": `" + std::string(name) + "_" + std::string(next.text) + "`" : std::string());
  }
  return "for example `rule " + std::string(name.substr(0, 60)) + " \"What it finds\" {`";
}

std::string_view help_behind_title(const TokenReader& reader) {
  for (const std::string_view mode : {"live", "shadow", "canary", "off"})
    if (reader.at_word(mode)) return "a rule's mode is written `mode shadow` or `mode canary 5%`";
  if (reader.at_word("until") || reader.at_word("expires")) return "`expires 2027-03-31` stands within the braces";
  return "what a rule does stands in braces: `{ when ... then ... }`";
}

std::vector<std::string> help_behind_in(const TokenReader& reader) {
  const Token& token = reader.peek();
  if (token.kind == TokenKind::name) return {"a list is named with `@`: `in @" + std::string(token.text) + "`"};
  if (token.kind == TokenKind::string || token.kind == TokenKind::number) {
    const std::string value(token.text.substr(0, 60));
    return {"one value is compared with `== " + value + "`, several with `in [" + value + ", ...]`"};
  }
  if (!reader.at_symbol("(")) return {};
  constexpr std::size_t values_bytes_max = 60;
  const std::string_view rest = std::string_view(reader.reporter().file().text).substr(token.span.end, values_bytes_max);
  const std::size_t end = rest.find_first_of(")\n");
  const bool whole = end != std::string_view::npos && rest[end] == ')';
  return {"write the values in square brackets: `in [" + (whole ? std::string(rest.substr(0, end)) : std::string("1, 2")) + "]`"};
}

std::vector<std::string> help_for_expectation(const TokenReader& reader, const Token& first) {
  const Token& token = reader.peek();
  const std::string found(reader.reporter().text(token.span).substr(0, 60));
  if (first.text == "score" && token.kind == TokenKind::number) return {"write `expect score == " + found + "`"};
  if (first.text == "rule" && token.kind == TokenKind::string)
    return {"names stand without quotes: `expect rule " + reader.value(token) + "`"};
  if (first.text == "rules") return {"write `expect rule NAME` for each of them"};
  if (first.text == "not" && reader.previous().text == "rule") return {"write `expect no rule " + found + "`"};
  if (first.text == "reason" || first.text == "no" || reader.at_word("rule") || reader.at_word("outcome"))
    return {
        "what is expected is `outcome NAME`, `rule NAME`, `no rule NAME` or a condition such as `score >= 40`, each behind its own "
        "`expect`"};
  return help_behind_expression(reader);
}

std::string duration_meant(std::string_view number, std::string_view unit) {
  struct Unit {
    std::string_view word;
    std::int64_t times;
    std::string_view written;
  };
  static constexpr std::array<Unit, 29> units{{
      {"second", 1, "s"},  {"seconds", 1, "s"}, {"sec", 1, "s"},     {"secs", 1, "s"}, {"S", 1, "s"},      {"minute", 1, "m"},
      {"minutes", 1, "m"}, {"min", 1, "m"},     {"mins", 1, "m"},    {"M", 1, "m"},    {"hour", 1, "h"},   {"hours", 1, "h"},
      {"hr", 1, "h"},      {"hrs", 1, "h"},     {"H", 1, "h"},       {"day", 1, "d"},  {"days", 1, "d"},   {"D", 1, "d"},
      {"week", 1, "w"},    {"weeks", 1, "w"},   {"wk", 1, "w"},      {"W", 1, "w"},    {"month", 30, "d"}, {"months", 30, "d"},
      {"mo", 30, "d"},     {"year", 365, "d"},  {"years", 365, "d"}, {"yr", 365, "d"}, {"y", 365, "d"},
  }};
  const auto found = std::find_if(units.begin(), units.end(), [unit](const Unit& known) { return known.word == unit; });
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), count);
  if (found == units.end() || error != std::errc{} || end != number.data() + number.size() || count < 1 || count > 100'000) return {};
  return std::to_string(count * found->times) + std::string(found->written);
}

std::string_view aggregate_meant(std::string_view name) {
  static constexpr std::array<Words, 14> meant{{
      {"average", "avg"},
      {"mean", "avg"},
      {"unique", "distinct"},
      {"uniques", "distinct"},
      {"nunique", "distinct"},
      {"count_distinct", "distinct"},
      {"countDistinct", "distinct"},
      {"distinct_count", "distinct"},
      {"total", "sum"},
      {"velocity", "count"},
      {"std", "stddev"},
      {"stdev", "stddev"},
      {"latest", "last"},
      {"previous", "last"},
  }};
  const auto found = std::find_if(meant.begin(), meant.end(), [name](const Words& known) { return known.first == name; });
  return found == meant.end() ? std::string_view{} : found->second;
}

}  // namespace weir
