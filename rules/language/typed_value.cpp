#include "rules/language/typed_value.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/base/decimal.h"
#include "rules/language/time_literal.h"

namespace weir {

bool is_number(ValueType type) {
  return type == ValueType::integer || type == ValueType::decimal || type == ValueType::floating;
}

bool can_be_key(ValueType type) {
  return type == ValueType::string || type == ValueType::integer || type == ValueType::boolean || type == ValueType::decimal ||
         type == ValueType::ip;
}

std::string type_text(ValueType type, int scale) {
  std::string text(to_string(type));
  if (type == ValueType::decimal) text += "(" + std::to_string(scale) + ")";
  return text;
}

std::string with_article(const std::string& noun) {
  return (noun.starts_with('i') ? "an " : "a ") + noun;
}

TypedValue Converter::number_literal(const std::string& text, SourceSpan span) {
  TypedValue value;
  value.number = text;
  value.span = span;
  value.type = ValueType::integer;
  if (const std::size_t point = text.find('.'); point != std::string::npos) {
    value.type = ValueType::decimal;
    const std::size_t last = text.find_last_not_of('0');
    value.scale = static_cast<int>(last - point);
  }
  return value;
}

TypedValue Converter::literal(ValueType type, LiteralValue value, SourceSpan span) {
  Expression expression;
  expression.kind = ExpressionKind::literal;
  expression.type = type;
  expression.literal = std::move(value);
  return add(std::move(expression), span);
}

TypedValue Converter::broken(SourceSpan span) const {
  TypedValue value;
  value.broken = true;
  value.span = span;
  return value;
}

TypedValue Converter::node(ExpressionIndex index, SourceSpan span) const {
  if (index == no_expression) return broken(span);
  TypedValue value;
  value.node = index;
  value.type = scope_.arena[index].type;
  value.scale = scope_.arena[index].scale;
  value.span = span;
  return value;
}

TypedValue Converter::add(Expression expression, SourceSpan span) {
  if (std::find(expression.operands.begin(), expression.operands.end(), no_expression) != expression.operands.end()) return broken(span);
  expression.file = &reporter_.file();
  expression.span = span;
  return node(scope_.arena.add(std::move(expression)), span);
}

std::optional<CommonType> Converter::common_type(const TypedValue& left, const TypedValue& right) {
  if (is_number(left.type) && is_number(right.type)) {
    if (left.type == ValueType::floating || right.type == ValueType::floating) return CommonType{ValueType::floating, 0};
    if (left.type == ValueType::integer && right.type == ValueType::integer) return CommonType{ValueType::integer, 0};
    return CommonType{ValueType::decimal, std::max(left.scale, right.scale)};
  }
  if (left.type != right.type) return std::nullopt;
  return CommonType{left.type, 0};
}

ExpressionIndex Converter::convert(const TypedValue& value, CommonType wanted) {
  if (value.broken) return no_expression;
  if (value.is_literal()) return convert_literal(value, wanted);
  if (value.type == wanted.type && value.scale == wanted.scale) return value.node;
  const Expression& from = scope_.arena[value.node];
  Expression conversion;
  conversion.kind = ExpressionKind::convert;
  conversion.type = wanted.type;
  conversion.scale = wanted.scale;
  conversion.operands = {value.node};
  conversion.file = from.file;
  conversion.span = from.span;
  return scope_.arena.add(std::move(conversion));
}

ExpressionIndex Converter::convert_literal(const TypedValue& value, CommonType wanted) {
  LiteralValue literal;
  const std::string shown = in_backticks(value.number);
  if (wanted.type == ValueType::floating) {
    std::from_chars(value.number.data(), value.number.data() + value.number.size(), literal.floating);
  } else {
    if (wanted.scale > decimal_scale_max) {
      reporter_.error("R0304", value.span, shown + " has " + std::to_string(value.scale) + " digits after the point",
                      "at most " + std::to_string(decimal_scale_max) + " outside a comparison with a float");
      return no_expression;
    }
    const DecimalResult parsed = parse_decimal(value.number, wanted.scale);
    if (parsed.error == DecimalError::too_many_digits_after_point) {
      reporter_.error("R0304", value.span,
                      shown + " has more digits after the point than " + with_article(type_text(wanted.type, wanted.scale)) + " can hold");
      return no_expression;
    }
    if (parsed.error != DecimalError::none) {
      reporter_.error("R0308", value.span, shown + " is too large for " + with_article(type_text(wanted.type, wanted.scale)));
      return no_expression;
    }
    literal.integer = parsed.scaled;
  }
  Expression expression;
  expression.kind = ExpressionKind::literal;
  expression.type = wanted.type;
  expression.scale = wanted.scale;
  expression.literal = std::move(literal);
  expression.file = &reporter_.file();
  expression.span = value.span;
  return scope_.arena.add(std::move(expression));
}

bool is_value_of(ValueType type, std::string_view text) {
  if (type == ValueType::boolean) return text == "true" || text == "false";
  if (type == ValueType::timestamp) return parse_timestamp_literal(text).has_value();
  if (!is_number(type) && type != ValueType::duration) return false;
  return parse_decimal(text, decimal_scale_max).error == DecimalError::none;
}

}  // namespace weir
