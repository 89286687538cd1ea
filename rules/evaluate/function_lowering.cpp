// The functions of the rule language as operations.
#include "engine/base/check.h"
#include "engine/base/decimal.h"
#include "rules/evaluate/calendar.h"
#include "rules/evaluate/lowering.h"

namespace weir::evaluate {

Value Lowering::call(const Expression& expression) {
  const Value a = operand(expression, 0);
  const bool two = expression.operands.size() > 1;
  const auto unary = [&](Operator op) { return simple(op, expression.type, a); };
  const auto binary = [&](Operator op, std::int64_t parameter = 0) {
    WEIR_CHECK(two);
    return simple(op, expression.type, a, operand(expression, 1), parameter);
  };
  const auto test = [&](Operator op) {
    WEIR_CHECK(two);
    const Value b = operand(expression, 1);
    const NodeId guard = graph_.both(a.present, b.present);
    const NodeId mask = graph_.add_mask({.op = op, .a = a.node, .b = b.node, .guard = guard});
    return condition(negate_if(expression.negated, mask, guard), graph_.either(a.failed, b.failed));
  };
  switch (expression.function) {
    case Function::age: {
      const Value now =
          graph_.add_input({InputSource::field, static_cast<std::uint32_t>(rules_.event.time_field), ValueType::timestamp, false, 0});
      return simple(Operator::subtract, expression.type, now, a);
    }
    case Function::seconds_between:
      return binary(Operator::time_between, ms_per_second);
    case Function::minutes_between:
      return binary(Operator::time_between, ms_per_minute);
    case Function::hours_between:
      return binary(Operator::time_between, ms_per_hour);
    case Function::days_between:
      return binary(Operator::time_between, ms_per_day);
    case Function::hour_of_day:
      return calendar_call(expression, Operator::hour_of_day);
    case Function::day_of_week:
      return calendar_call(expression, Operator::day_of_week);
    case Function::day_of_month:
      return calendar_call(expression, Operator::day_of_month);
    case Function::distance_km:
      return binary(Operator::distance);
    case Function::geo:
      return binary(Operator::make_point);
    case Function::ip:
      return unary(Operator::read_address);
    case Function::is_private:
      return condition(graph_.add_mask({.op = Operator::private_address, .a = a.node, .guard = a.present}), a.failed);
    case Function::network:
      return simple(Operator::network, expression.type, a, {}, expression.literal.integer);
    case Function::abs:
    case Function::min:
    case Function::max:
    case Function::round:
    case Function::floor:
    case Function::ceil:
    case Function::sqrt:
      return number_call(expression);
    case Function::lower:
      return unary(Operator::lower);
    case Function::upper:
      return unary(Operator::upper);
    case Function::trim:
      return unary(Operator::trim);
    case Function::length:
      return unary(Operator::length);
    case Function::left:
      return binary(Operator::left);
    case Function::right:
      return binary(Operator::right);
    case Function::starts_with:
      return test(Operator::starts_with);
    case Function::ends_with:
      return test(Operator::ends_with);
    case Function::contains:
      return test(Operator::contains);
    case Function::coalesce:
      return coalesce(expression);
  }
  WEIR_CHECK(false);
}

Value Lowering::number_call(const Expression& expression) {
  const auto chain = [&](Operator op) {
    Value best = operand(expression, 0);
    for (std::size_t position = 1; position < expression.operands.size(); ++position)
      best = simple(op, expression.type, best, operand(expression, position));
    return best;
  };
  switch (expression.function) {
    case Function::abs:
      return simple(Operator::absolute, expression.type, operand(expression, 0));
    case Function::min:
      return chain(Operator::minimum);
    case Function::max:
      return chain(Operator::maximum);
    case Function::round:
      return round(expression, Operator::round_down_to, Operator::round_floating);
    case Function::floor:
      return round(expression, Operator::floor_to, Operator::floor_floating);
    case Function::ceil:
      return round(expression, Operator::ceil_to, Operator::ceil_floating);
    default:
      return simple(Operator::square_root, expression.type, operand(expression, 0));
  }
}

// To whole numbers, or with a second argument to a decimal of so many digits.
Value Lowering::round(const Expression& expression, Operator integer_op, Operator floating_op) {
  const Expression& from = rules_.expressions[expression.operands[0]];
  const Value value = operand(expression, 0);
  const int digits = expression.type == ValueType::decimal ? expression.scale : 0;
  if (from.type == ValueType::floating) {
    if (expression.type == ValueType::decimal) return simple(Operator::round_to_decimal, expression.type, value, {}, digits);
    return simple(floating_op, expression.type, value);
  }
  const int from_scale = from.type == ValueType::decimal ? from.scale : 0;
  if (from_scale == digits) return value;
  if (from_scale < digits) return simple(Operator::scale_up, expression.type, value, {}, power_of_ten(digits - from_scale));
  return simple(integer_op, expression.type, value, {}, power_of_ten(from_scale - digits));
}

Value Lowering::calendar_call(const Expression& expression, Operator op) {
  const void* zone = nullptr;
  if (expression.operands.size() > 1) {
    const Expression& name = rules_.expressions[expression.operands[1]];
    WEIR_CHECK(name.kind == ExpressionKind::literal);
    if (name.literal.text != "UTC") zone = attachments_.add_zone(name.literal.text);
  }
  return simple(op, expression.type, operand(expression, 0), {}, 0, zone);
}

Value Lowering::coalesce(const Expression& expression) {
  Value first = operand(expression, 0);
  for (std::size_t position = 1; position < expression.operands.size(); ++position) {
    const Value next = operand(expression, position);
    if (first.present == graph_.always()) break;
    Value chosen;
    if (expression.type == ValueType::boolean)
      chosen.node = graph_.either(graph_.both(first.present, first.node), graph_.but_not(next.node, first.present));
    else if (first.present == graph_.never())
      chosen.node = next.node;
    else
      chosen.node = graph_
                        .add_value({.op = Operator::select,
                                    .type = expression.type,
                                    .a = first.node,
                                    .b = next.node,
                                    .c = first.present,
                                    .guard = graph_.always()},
                                   graph_.never())
                        .node;
    chosen.present = graph_.either(first.present, next.present);
    chosen.failed = graph_.either(first.failed, graph_.but_not(next.failed, first.present));
    first = chosen;
  }
  return first;
}

}  // namespace weir::evaluate
