#include "rules/language/editor_grammar.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "engine/base/json_text.h"
#include "rules/language/event_checker.h"
#include "rules/language/functions.h"
#include "rules/language/rule_parser.h"
#include "rules/language/test_parser.h"
#include "rules/language/token_reader.h"

namespace weir {

namespace {

using Words = std::vector<std::string_view>;

// Words that mean something in one place only.
constexpr std::array<std::string_view, 35> place_words{
    "id",   "time",  "key",    "of",     "from",   "to",      "column", "inclusive", "this",  "last",   "events",  "delay",
    "mode", "live",  "shadow", "canary", "off",    "on",      "set",    "unset",     "for",   "within", "matched", "outcome",
    "no",   "every", "after",  "list",   "policy", "profile", "lookup", "expires",   "reset", "event",  "decision"};

std::string alternatives(Words words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : "|") + std::string(word);
  return text;
}

template <typename Range>
void append(Words& words, const Range& more) {
  words.insert(words.end(), more.begin(), more.end());
}

std::string pattern(std::string_view name, std::string_view match) {
  return "    { \"name\": " + json_of(std::string(name) + ".weir") + ", \"match\": " + json_of(match) + " }";
}

std::string word_pattern(std::string_view name, const Words& words, std::string_view behind = {}) {
  return pattern(name, "\\b(?:" + alternatives(words) + ")\\b" + std::string(behind));
}

std::string declaration_pattern() {
  const std::span<const std::string_view> words = declaration_words();
  return "    { \"match\": " + json_of("^\\s*(" + alternatives({words.begin(), words.end()}) + ")\\s+([A-Za-z_]\\w*)?") +
         ",\n      \"captures\": { \"1\": { \"name\": \"keyword.declaration.weir\" }, \"2\": { \"name\": "
         "\"entity.name.function.weir\" } } }";
}

std::string string_pattern() {
  return "    { \"name\": \"string.quoted.double.weir\", \"begin\": \"\\\"\", \"end\": \"\\\"|$\", \"patterns\": [\n"
         "      { \"name\": \"constant.character.escape.weir\", \"match\": \"\\\\\\\\.|\\\\{\\\\{|\\\\}\\\\}\" },\n"
         "      { \"name\": \"variable.other.weir\", \"match\": \"\\\\{[A-Za-z_]\\\\w*\\\\}\" } ] }";
}

}  // namespace

std::string textmate_grammar() {
  Words clauses;
  append(clauses, rule_clause_words());
  append(clauses, policy_clause_words());
  append(clauses, test_step_words());
  Words functions;
  for (const FunctionDescription& function : all_functions()) functions.push_back(function.name);
  for (const AggregateDescription& aggregate : all_aggregates()) functions.push_back(aggregate.name);
  Words operators;
  for (const std::string_view word : reserved_words())
    if (word != "true" && word != "false") operators.push_back(word);
  Words places;
  append(places, place_words);

  const std::vector<std::string> patterns{
      pattern("comment.line.number-sign", "#.*$"),
      string_pattern(),
      pattern("constant.other.timestamp", "\\b\\d{4}-\\d{2}-\\d{2}(?:T[0-9:.]+(?:Z|[+-]\\d{2}:\\d{2})?)?"),
      pattern("constant.numeric.duration", "\\b\\d[\\d_]*(?:ms|s|m|h|d|w)\\b"),
      pattern("constant.numeric", "\\b\\d[\\d_]*(?:\\.\\d+)?\\b"),
      pattern("variable.other.constant", "@[A-Za-z_]\\w*"),
      declaration_pattern(),
      word_pattern("constant.language", {"true", "false", "missing", "present"}),
      word_pattern("support.function", functions, "(?=\\s*\\()"),
      word_pattern("storage.type", type_words()),
      word_pattern("keyword.control", clauses),
      word_pattern("keyword.operator.word", operators),
      word_pattern("keyword.other", places),
      pattern("keyword.operator", "->|==|!=|<=|>=|[=<>+*/%?-]"),
  };
  std::string text =
      "{\n  \"comment\": \"Generated from the tables of rules/language; a test says how.\",\n  \"name\": \"Weir rules\",\n"
      "  \"scopeName\": \"source.weir\",\n  \"fileTypes\": [\"rules\"],\n  \"patterns\": [\n";
  for (const std::string& each : patterns) text += each + (&each == &patterns.back() ? "\n" : ",\n");
  return text + "  ]\n}\n";
}

}  // namespace weir
