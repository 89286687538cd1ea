// Any bytes as a rules file, as the rest of one, or as a condition of the configuration: checked without a crash, in bounded time, and what
// is accepted is whole; it formats to a fixed point, and its tests run.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/diagnostic.h"
#include "rules/language/check_rules.h"
#include "rules/language/formatter.h"
#include "rules/language/parser.h"
#include "rules/testing/run_tests.h"

namespace {

using namespace weir;

constexpr std::string_view event_text = R"(event payment {
  id string id
  created_at timestamp time
  card_id string key
  device_id string?
  mcc int
  amount decimal(2)
  approved bool?
  risk float
  geo geo?
  address ip?
}
list l of string = ["a", "b"]
feature f = count() by card_id over 10m
let big = amount > 100
)";

// Every index points to something, operands stand before what uses them, conditions are bools that are never missing.
void check_whole(const CheckedRules& rules) {
  for (std::size_t index = 0; index < rules.expressions.size(); ++index) {
    const Expression& node = rules.expressions[index];
    for (const ExpressionIndex operand : node.operands) WEIR_CHECK(operand < index);
    if (node.kind == ExpressionKind::let) WEIR_CHECK(rules.lets.at(node.index).value < index);
    if (node.kind == ExpressionKind::feature) WEIR_CHECK(node.index < rules.features.size());
    if (node.kind == ExpressionKind::event_column) WEIR_CHECK(node.index < rules.event.fields.size());
  }
  for (const CheckedRule& rule : rules.rules) {
    const Expression& when = rules.expressions.at(rule.when);
    WEIR_CHECK(when.type == ValueType::boolean && !when.may_be_missing);
  }
  for (const FeatureSpec& feature : rules.features) {
    WEIR_CHECK(feature.window_ms > 0 && !feature.by.empty());
    const std::size_t columns = rules.event.fields.size() + rules.derived.size();
    WEIR_CHECK(!feature.input || *feature.input < columns);
    WEIR_CHECK(!feature.where || *feature.where < columns);
  }
  for (const DerivedColumn& column : rules.derived) WEIR_CHECK(column.after_decision == !rules.expressions.at(column.value).event_only);
}

std::optional<CheckedRules> check(const std::vector<SourceFile>& files) {
  Diagnostics diagnostics;
  std::optional<CheckedRules> rules = check_rules(files, {"/nonexistent"}, diagnostics);
  WEIR_CHECK(rules.has_value() == !has_errors(diagnostics));
  WEIR_CHECK(rules || !diagnostics.empty());
  static_cast<void>(render(diagnostics, false));
  if (rules) check_whole(*rules);
  return rules;
}

std::string meaning(const SourceFile& file) {
  Diagnostics diagnostics;
  Reporter reporter(file, diagnostics);
  return parse_rules(file, reporter).canonical_text;
}

// Formatting twice is formatting once, and means the same.
void check_format(const SourceFile& file) {
  Diagnostics diagnostics;
  const std::optional<std::string> once = format_rules(file, diagnostics);
  WEIR_CHECK(once.has_value() == !has_errors(diagnostics));
  if (!once) return;
  const SourceFile formatted{file.path, *once};
  WEIR_CHECK(format_rules(formatted, diagnostics) == once);
  WEIR_CHECK(meaning(formatted) == meaning(file));
}

// Runs the tests that were found, as long as they are small.
void check_tests(std::optional<CheckedRules> rules) {
  if (!rules) return;
  std::int64_t events = 0;
  for (const CheckedTest& test : rules->tests)
    for (const TestEvents& step : test.events) events += step.count;
  if (rules->tests.empty() || events > 1'000) return;
  TestOptions options;
  options.coverage = true;
  const Result<TestReport> report = run_tests(*rules, options);
  WEIR_CHECK(!report || report.value().runs.size() == rules->tests.size());
}

void check_condition(std::string_view text, ExpressionScope scope) {
  const std::vector<SourceFile> files{{"event.rules", std::string(event_text)}};
  std::optional<CheckedRules> rules = check(files);
  const SourceFile file{"condition", std::string(text)};
  Diagnostics diagnostics;
  const std::optional<ExpressionIndex> condition = check_expression(file, scope, *rules, diagnostics);
  WEIR_CHECK(condition.has_value() == !has_errors(diagnostics));
  if (condition) check_whole(*rules);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  check_format({"whole.rules", std::string(text)});
  const std::vector<SourceFile> whole{{"whole.rules", std::string(text)}};
  check_tests(check(whole));
  const std::vector<SourceFile> rest{{"rest.rules", std::string(event_text) + std::string(text)}};
  check_tests(check(rest));
  check_condition(text, ExpressionScope::event);
  check_condition(text, ExpressionScope::decision);
  return 0;
}
