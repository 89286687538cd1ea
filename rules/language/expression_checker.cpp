#include "rules/language/expression_checker.h"

#include <algorithm>
#include <utility>

#include "engine/base/decimal.h"
#include "rules/language/aggregate_checker.h"
#include "rules/language/call_checker.h"

namespace weir {

namespace {

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  for (char& letter : small)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return small;
}

}  // namespace

// What a value is called in a message: its text, when short, and its type.
std::string ExpressionChecker::described(const TypedValue& value) const {
  const std::string type = with_article(type_text(value.type, value.scale));
  return in_backticks(reporter_.text(value.span)) + " is " +
         (value.is_literal() ? (value.type == ValueType::integer ? "a number" : "a decimal number") : type);
}

TypedValue ExpressionChecker::value(const SyntaxExpression& syntax) {
  switch (syntax.kind) {
    case SyntaxKind::bad:
    case SyntaxKind::list_name:
    case SyntaxKind::set:
      return converter_.broken(syntax.span);
    case SyntaxKind::name:
      return name(syntax.text, syntax.span);
    case SyntaxKind::number:
      return converter_.number_literal(syntax.text, syntax.span);
    case SyntaxKind::string:
      return converter_.literal(ValueType::string, {.text = syntax.text}, syntax.span);
    case SyntaxKind::boolean:
      return converter_.literal(ValueType::boolean, {.boolean = syntax.flag, .text = {}}, syntax.span);
    case SyntaxKind::duration:
      return converter_.literal(ValueType::duration, {.integer = syntax.integer, .text = {}}, syntax.span);
    case SyntaxKind::timestamp:
      return converter_.literal(ValueType::timestamp, {.integer = syntax.integer, .text = {}}, syntax.span);
    case SyntaxKind::unary:
      return unary(syntax);
    case SyntaxKind::binary:
      return binary(syntax);
    case SyntaxKind::between:
      return between(syntax);
    case SyntaxKind::in:
      return membership(syntax);
    case SyntaxKind::matches:
      return matches(syntax);
    case SyntaxKind::presence:
      return presence(syntax);
    case SyntaxKind::call:
      return CallChecker(*this).check(syntax);
    case SyntaxKind::aggregate:
      return aggregate(syntax);
    case SyntaxKind::lookup:
      return lookup(syntax);
    case SyntaxKind::profile:
      return profile(syntax);
    case SyntaxKind::matched:
      return matched(syntax);
    case SyntaxKind::member:
      return member(syntax);
  }
  return converter_.broken(syntax.span);
}

ExpressionIndex ExpressionChecker::condition(const SyntaxExpression& syntax, std::string_view owner) {
  const TypedValue checked = value(syntax);
  if (checked.broken) return no_expression;
  if (checked.type != ValueType::boolean) {
    std::vector<std::string> help;
    if (!checked.is_literal())
      help = {"compare it with something, for example `" + std::string(reporter_.text(checked.span).substr(0, 40)) + " > ...`"};
    if (syntax.kind == SyntaxKind::string && (owner == "`or`" || owner == "`and`"))
      help = {"each side of " + std::string(owner) + " is a condition; several values stand in `in [\"a\", \"b\"]`"};
    reporter_.error("R0303", checked.span, std::string(owner) + " needs a condition, and " + described(checked), "not a condition",
                    std::move(help));
    return no_expression;
  }
  const ExpressionIndex index = converter_.convert(checked);
  if (!scope_.arena[index].may_be_missing) return index;
  Expression truth;
  truth.kind = ExpressionKind::truth;
  truth.type = ValueType::boolean;
  truth.operands = {index};
  return converter_.add(std::move(truth), checked.span).node;
}

// Whether `outcome` or `score` stands for the decision's here. In a feature's `where` a field of that name comes first.
bool ExpressionChecker::reads_decision(std::string_view name) const {
  if (name != "outcome" && name != "score") return false;
  return place_ == ExpressionPlace::decision || (place_ == ExpressionPlace::after && !scope_.find(name));
}

std::vector<std::string> ExpressionChecker::help_for_unknown(std::string_view text) const {
  const std::string name(text.substr(0, 60));
  const bool decision = place_ == ExpressionPlace::decision;
  const std::vector<std::string>& outcomes = scope_.rules.policy.outcomes;
  if (decision && std::find(outcomes.begin(), outcomes.end(), name) != outcomes.end())
    return {"an outcome is asked for with `outcome == " + name + "`"};
  if (scope_.rule_names.contains(text) && decision) return {"`" + name + "` is a rule: write `expect rule " + name + "`"};
  if (scope_.rule_names.contains(text))
    return {"`" + name + "` is a rule; a condition that several rules share gets a name: `let suspicious = ...`"};
  return scope_.suggest(text, reporter_);
}

TypedValue ExpressionChecker::name(std::string_view text, SourceSpan span, std::string_view code) {
  const bool event_only = place_ == ExpressionPlace::event || place_ == ExpressionPlace::filter || place_ == ExpressionPlace::after;
  if (reads_decision(text)) return decision_name(text, span);
  const std::optional<NameEntry> entry = scope_.find(text);
  if (!entry) {
    if (text == "missing" || text == "null" || text == "none") {
      reporter_.error(code, span, in_backticks(text) + " is not a value", "", {"write `x is missing` or `x is present`"});
    } else if (text == "outcome" || (text == "score" && place_ != ExpressionPlace::event)) {
      reporter_.error(
          "R0506", span, in_backticks(text) + " is known only after the rules have been evaluated", "",
          {"a sink's `when` reads it, and so does a feature over earlier decisions: `count() by card_id over 1h where outcome == "
           "block`"});
    } else if (const std::string small = in_small_letters(text); small == "true" || small == "false") {
      reporter_.error(code, span, in_backticks(text) + " is not a value", "the language's words are written small",
                      {"write " + in_backticks(small)});
    } else if (find_function(text)) {
      reporter_.error(code, span, in_backticks(text) + " is a function", "its arguments are missing",
                      {"write `" + std::string(text) + "(...)`"});
    } else {
      reporter_.error(code, span, std::string(event_only ? "unknown field " : "unknown name ") + in_backticks(text),
                      "no field, feature or let has this name", help_for_unknown(text));
    }
    return converter_.broken(span);
  }
  if (entry->kind == NameKind::broken) return converter_.broken(span);

  Expression leaf;
  leaf.index = entry->index;
  if (entry->kind == NameKind::field) {
    const FieldSpec& field = scope_.rules.event.fields[entry->index];
    leaf.kind = ExpressionKind::event_column;
    leaf.type = field.type;
    leaf.scale = field.scale;
    leaf.may_be_missing = field.optional;
  } else if (entry->kind == NameKind::feature) {
    mark_used(scope_.used_features, entry->index);
    leaf = feature_leaf(scope_, entry->index);
  } else if (entry->kind == NameKind::let) {
    mark_used(scope_.used_lets, entry->index);
    const Expression& bound = scope_.arena[scope_.rules.lets[entry->index].value];
    leaf.kind = ExpressionKind::let;
    leaf.type = bound.type;
    leaf.scale = bound.scale;
    leaf.may_be_missing = bound.may_be_missing;
    leaf.event_only = bound.event_only;
  }
  if (entry->kind == NameKind::pattern) {
    reporter_.error("R0215", span, in_backticks(text) + " is a pattern", "", {"write `" + std::string(text) + " matched`"});
    return converter_.broken(span);
  }
  if (event_only && !leaf.event_only) {
    const bool filter = place_ == ExpressionPlace::filter;
    reporter_.error("R0405", span,
                    std::string(filter ? "a filter" : "a feature") + " reads fields of the event only, and " + in_backticks(text) +
                        (leaf.kind == ExpressionKind::feature ? " is a feature" : " reads features"),
                    "", {filter ? "write a rule instead of a filter" : "a rule can combine features"});
    return converter_.broken(span);
  }
  return converter_.add(std::move(leaf), span);
}

TypedValue ExpressionChecker::decision_name(std::string_view text, SourceSpan span) {
  if (text == "outcome") {
    reporter_.error("R0506", span, "`outcome` is compared with an outcome", "",
                    {"for example `outcome == block` or `outcome in [block, alert]`"});
    return converter_.broken(span);
  }
  Expression leaf;
  leaf.kind = ExpressionKind::score;
  leaf.type = ValueType::decimal;
  leaf.scale = score_scale;
  leaf.event_only = false;
  return converter_.add(std::move(leaf), span);
}

TypedValue ExpressionChecker::operation(ExpressionKind kind, CommonType type, std::vector<ExpressionIndex> operands, SourceSpan span,
                                        bool negated) {
  Expression node;
  node.kind = kind;
  node.type = type.type;
  node.scale = type.scale;
  node.negated = negated;
  node.operands = std::move(operands);
  return converter_.add(std::move(node), span);
}

TypedValue ExpressionChecker::unary(const SyntaxExpression& syntax) {
  if (syntax.text == "not")
    return operation(ExpressionKind::logical_not, {ValueType::boolean, 0}, {condition(*syntax.operands[0], "`not`")}, syntax.span);
  TypedValue operand = value(*syntax.operands[0]);
  if (operand.broken) return operand;
  if (operand.is_literal()) {
    operand.number = operand.number.starts_with('-') ? operand.number.substr(1) : "-" + operand.number;
    operand.span = syntax.span;
    return operand;
  }
  if (!is_number(operand.type) && operand.type != ValueType::duration) {
    reporter_.error("R0302", syntax.span, "`-` needs a number, and " + described(operand));
    return converter_.broken(syntax.span);
  }
  return operation(ExpressionKind::negate, {operand.type, operand.scale}, {operand.node}, syntax.span);
}

TypedValue ExpressionChecker::binary(const SyntaxExpression& syntax) {
  const std::string& sign = syntax.text;
  if (sign == "and") return chain(syntax, ExpressionKind::logical_and);
  if (sign == "or") return chain(syntax, ExpressionKind::logical_or);
  if (sign == "starts_with" || sign == "ends_with" || sign == "contains") return text_comparison(syntax);
  if (sign == "+" || sign == "-" || sign == "*" || sign == "/" || sign == "%") return arithmetic(syntax);
  return comparison(syntax);
}

TypedValue ExpressionChecker::chain(const SyntaxExpression& syntax, ExpressionKind kind) {
  std::vector<ExpressionIndex> operands;
  for (const SyntaxExpressionPointer& operand : syntax.operands) operands.push_back(condition(*operand, in_backticks(syntax.text)));
  return operation(kind, {ValueType::boolean, 0}, std::move(operands), syntax.span);
}

TypedValue ExpressionChecker::arithmetic(const SyntaxExpression& syntax) {
  const TypedValue left = value(*syntax.operands[0]);
  const TypedValue right = value(*syntax.operands[1]);
  if (left.broken || right.broken) return converter_.broken(syntax.span);
  if (!is_number(left.type) || !is_number(right.type)) return time_arithmetic(syntax, left, right);
  if (syntax.text == "*") return product(syntax, left, right);
  CommonType type = *Converter::common_type(left, right);
  ExpressionKind kind = syntax.text == "+" ? ExpressionKind::add : ExpressionKind::subtract;
  const bool divides = syntax.text == "/" || syntax.text == "%";
  if (divides && right.is_literal() && right.number.find_first_of("123456789") == std::string::npos)
    reporter_.error("R0309", right.span, "a division by zero has no value", "always zero");
  if (syntax.text == "/") {
    kind = ExpressionKind::divide;
    type = {ValueType::floating, 0};
  } else if (syntax.text == "%") {
    kind = ExpressionKind::remainder;
    if (type.type != ValueType::integer) {
      reporter_.error("R0302", syntax.span, "`%` needs two whole numbers",
                      is_number(left.type) && left.type != ValueType::integer ? described(left) : described(right));
      return converter_.broken(syntax.span);
    }
  }
  return operation(kind, type, {converter_.convert(left, type), converter_.convert(right, type)}, syntax.span);
}

// Exact where it can be: decimal by int, decimal by a literal; everything else with a decimal is a float.
TypedValue ExpressionChecker::product(const SyntaxExpression& syntax, const TypedValue& left, const TypedValue& right) {
  const bool integers = left.type == ValueType::integer && right.type == ValueType::integer;
  if (integers)
    return operation(ExpressionKind::multiply, {ValueType::integer, 0}, {converter_.convert(left), converter_.convert(right)}, syntax.span);
  const bool floats = left.type == ValueType::floating || right.type == ValueType::floating;
  const bool one_is_whole = left.type == ValueType::integer || right.type == ValueType::integer;
  const bool one_is_literal = left.is_literal() || right.is_literal();
  const int scale = left.scale + right.scale;
  if (!floats && (one_is_whole || one_is_literal) && scale <= decimal_scale_max) {
    const bool swap = left.is_literal() || (left.type == ValueType::integer && !right.is_literal());
    const TypedValue& first = swap ? right : left;
    const TypedValue& second = swap ? left : right;
    return operation(ExpressionKind::multiply, {ValueType::decimal, scale}, {converter_.convert(first), converter_.convert(second)},
                     syntax.span);
  }
  const CommonType type{ValueType::floating, 0};
  return operation(ExpressionKind::multiply, type, {converter_.convert(left, type), converter_.convert(right, type)}, syntax.span);
}

TypedValue ExpressionChecker::time_arithmetic(const SyntaxExpression& syntax, const TypedValue& left, const TypedValue& right) {
  const bool add = syntax.text == "+";
  const bool subtract = syntax.text == "-";
  const ExpressionKind kind = add ? ExpressionKind::add : ExpressionKind::subtract;
  const auto both = [&](ValueType first, ValueType second) { return left.type == first && right.type == second; };
  const CommonType duration{ValueType::duration, 0};
  const CommonType timestamp{ValueType::timestamp, 0};
  if ((add || subtract) && both(ValueType::duration, ValueType::duration))
    return operation(kind, duration, {left.node, right.node}, syntax.span);
  if ((add || subtract) && both(ValueType::timestamp, ValueType::duration))
    return operation(kind, timestamp, {left.node, right.node}, syntax.span);
  if (add && both(ValueType::duration, ValueType::timestamp)) return operation(kind, timestamp, {right.node, left.node}, syntax.span);
  if (subtract && both(ValueType::timestamp, ValueType::timestamp)) return operation(kind, duration, {left.node, right.node}, syntax.span);
  if (syntax.text == "*" && both(ValueType::duration, ValueType::integer))
    return operation(ExpressionKind::multiply, duration, {left.node, converter_.convert(right)}, syntax.span);
  if (syntax.text == "*" && both(ValueType::integer, ValueType::duration))
    return operation(ExpressionKind::multiply, duration, {right.node, converter_.convert(left)}, syntax.span);
  std::vector<std::string> help;
  if (syntax.text == "/" && left.type == ValueType::duration) help = {"`hours_between` and its like give numbers that can be divided"};
  if (add && left.type == ValueType::string) help = {"text cannot be joined; a reason takes several placeholders"};
  reporter_.error("R0302", syntax.span, in_backticks(syntax.text) + " does not work here: " + described(left) + ", " + described(right), "",
                  std::move(help));
  return converter_.broken(syntax.span);
}

TypedValue ExpressionChecker::presence(const SyntaxExpression& syntax) {
  const TypedValue operand = value(*syntax.operands[0]);
  if (operand.broken) return operand;
  if (operand.is_literal()) {
    reporter_.error("R0302", syntax.span, "a number is never missing");
    return converter_.broken(syntax.span);
  }
  return operation(syntax.flag ? ExpressionKind::is_present : ExpressionKind::is_missing, {ValueType::boolean, 0}, {operand.node},
                   syntax.span);
}

TypedValue ExpressionChecker::aggregate(const SyntaxExpression& syntax) {
  if (place_ == ExpressionPlace::rule) return AggregateChecker(scope_, reporter_).in_place(syntax);
  const bool inside = place_ == ExpressionPlace::event || place_ == ExpressionPlace::after;
  reporter_.error(inside ? "R0405" : "R0407", syntax.span,
                  inside ? "a feature reads fields of the event only, not other aggregates" : "an aggregate cannot be written here", "",
                  {inside ? "declare two features and combine them in a rule or a `let`"
                          : "declare it as a feature in the rules file and name it here"});
  return converter_.broken(syntax.span);
}

}  // namespace weir
