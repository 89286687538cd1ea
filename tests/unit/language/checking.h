// Checks rules text in tests, and shows checked expressions as text.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/language/check_rules.h"

namespace weir::checking {

inline const std::string event_text = R"(event payment {
  id string id
  created_at timestamp time
  card_id string key
  device_id string?
  country string
  mcc int
  amount decimal(2)
  fee decimal(4)
  approved bool?
  risk float
  geo geo?
}
)";

// The files outlive what points into them.
struct Checked {
  std::vector<SourceFile> files;
  Diagnostics diagnostics;
  std::optional<CheckedRules> rules;

  std::string codes() const {
    std::string all;
    for (const Diagnostic& diagnostic : diagnostics) all += (all.empty() ? "" : " ") + diagnostic.code;
    return all;
  }
};

inline std::unique_ptr<Checked> check_whole(const std::string& text) {
  auto checked = std::make_unique<Checked>();
  checked->files.push_back({"test.rules", text});
  checked->rules = check_rules(checked->files, {}, checked->diagnostics);
  return checked;
}

inline std::unique_ptr<Checked> check(const std::string& text) {
  return check_whole(event_text + text);
}

inline std::string type_of(const Expression& node) {
  std::string text(to_string(node.type));
  if (node.type == ValueType::decimal) text += std::to_string(node.scale);
  return text;
}

inline std::string literal_text(const Expression& node) {
  switch (node.type) {
    case ValueType::boolean:
      return node.literal.boolean ? "true" : "false";
    case ValueType::string:
      return '"' + node.literal.text + '"';
    case ValueType::floating:
      return std::to_string(node.literal.floating);
    default:
      return std::to_string(node.literal.integer);
  }
}

inline std::string name_of(ExpressionKind kind) {
  static const std::vector<std::string> names{"literal",   "column", "feature",    "let",        "score",         "outcome",   "fact",
                                              "matched",   "event",  "convert",    "truth",      "not",           "and",       "or",
                                              "negate",    "add",    "subtract",   "multiply",   "divide",        "remainder", "equal",
                                              "not_equal", "less",   "less_equal", "greater",    "greater_equal", "between",   "in_list",
                                              "lookup",    "in_set", "is_present", "is_missing", "matches",       "call"};
  return names.at(static_cast<std::size_t>(kind));
}

// "greater(convert(mcc):decimal2, 550:decimal2)": values carry their type, conditions do not.
inline std::string show(const CheckedRules& rules, ExpressionIndex index) {
  const Expression& node = rules.expressions.at(index);
  if (node.kind == ExpressionKind::literal) return literal_text(node) + ":" + type_of(node);
  if (node.kind == ExpressionKind::event_column) return rules.event.fields.at(node.index).name;
  if (node.kind == ExpressionKind::feature) return rules.features.at(node.index).name;
  if (node.kind == ExpressionKind::let) return rules.lets.at(node.index).name;
  std::string text = node.kind == ExpressionKind::call ? std::string(to_string(node.function)) : name_of(node.kind);
  if (node.negated) text = "not_" + text;
  if (node.kind == ExpressionKind::event_is) text += ":" + rules.event.type_name(node.index);
  if (node.kind == ExpressionKind::in_list) text += "@" + rules.lists.at(node.index).name;
  if (node.kind == ExpressionKind::matches) text += "/" + rules.patterns.at(node.index) + "/";
  text += "(";
  for (std::size_t operand = 0; operand < node.operands.size(); ++operand)
    text += (operand == 0 ? "" : ", ") + show(rules, node.operands[operand]);
  text += ")";
  if (node.type != ValueType::boolean) text += ":" + type_of(node);
  return text;
}

// The `when` of a rule with this condition, or the codes of its complaints.
inline std::string condition(const std::string& text) {
  const auto checked = check(
      "feature count_10m = count() by card_id over 10m\nfeature avg_1d = avg(amount) by card_id over 1d\nlist codes of int = [1, 2]\n"
      "rule r \"Rule\" {\n  when " +
      text + "\n  then alert\n}\n");
  return checked->rules ? show(*checked->rules, checked->rules->rules[0].when) : checked->codes();
}

}  // namespace weir::checking
