// Makes nodes of checked rules by hand, for tests that need no rules text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/language/checked_rules.h"

namespace weir::test {

class ExpressionFactory {
 public:
  explicit ExpressionFactory(CheckedRules& rules) : rules_(rules) {}

  Expression& at(ExpressionIndex index) { return rules_.expressions[index]; }

  ExpressionIndex node(ExpressionKind kind, ValueType type, int scale, std::vector<ExpressionIndex> operands) {
    Expression expression;
    expression.kind = kind;
    expression.type = type;
    expression.scale = scale;
    expression.operands = std::move(operands);
    rules_.expressions.push_back(std::move(expression));
    return static_cast<ExpressionIndex>(rules_.expressions.size() - 1);
  }
  ExpressionIndex unary(ExpressionKind kind, ValueType type, int scale, ExpressionIndex operand) {
    return node(kind, type, scale, {operand});
  }
  ExpressionIndex call(Function function, ValueType type, int scale, std::vector<ExpressionIndex> operands) {
    const ExpressionIndex index = node(ExpressionKind::call, type, scale, std::move(operands));
    at(index).function = function;
    return index;
  }
  ExpressionIndex compare(ExpressionKind kind, ExpressionIndex a, ExpressionIndex b) { return node(kind, ValueType::boolean, 0, {a, b}); }

  ExpressionIndex field(std::string_view name) {
    const std::size_t index = rules_.event.find(name).value();
    const FieldSpec& spec = rules_.event.fields[index];
    const ExpressionIndex made = node(ExpressionKind::event_column, spec.type, spec.scale, {});
    at(made).index = static_cast<std::uint32_t>(index);
    at(made).may_be_missing = spec.optional;
    return made;
  }
  ExpressionIndex feature(std::uint32_t index) {
    const FeatureSpec& spec = rules_.features[index];
    const ExpressionIndex made = node(ExpressionKind::feature, spec.type, spec.scale, {});
    at(made).index = index;
    at(made).may_be_missing = true;
    return made;
  }
  ExpressionIndex let(std::uint32_t index) {
    const Expression value = at(rules_.lets[index].value);
    const ExpressionIndex made = node(ExpressionKind::let, value.type, value.scale, {});
    at(made).index = index;
    return made;
  }

  ExpressionIndex literal_of(ValueType type, std::int64_t value, int scale = 0) {
    const ExpressionIndex made = node(ExpressionKind::literal, type, scale, {});
    at(made).literal.integer = value;
    return made;
  }
  ExpressionIndex integer(std::int64_t value) { return literal_of(ValueType::integer, value); }
  ExpressionIndex decimal(std::int64_t scaled, int scale) { return literal_of(ValueType::decimal, scaled, scale); }
  ExpressionIndex floating(double value) {
    const ExpressionIndex made = node(ExpressionKind::literal, ValueType::floating, 0, {});
    at(made).literal.floating = value;
    return made;
  }
  ExpressionIndex text(std::string value) {
    const ExpressionIndex made = node(ExpressionKind::literal, ValueType::string, 0, {});
    at(made).literal.text = std::move(value);
    return made;
  }
  ExpressionIndex boolean(bool value) {
    const ExpressionIndex made = node(ExpressionKind::literal, ValueType::boolean, 0, {});
    at(made).literal.boolean = value;
    return made;
  }

 private:
  CheckedRules& rules_;
};

}  // namespace weir::test
