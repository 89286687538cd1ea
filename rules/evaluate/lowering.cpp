#include "rules/evaluate/lowering.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/base/check.h"
#include "engine/base/decimal.h"
#include "engine/base/int128.h"

namespace weir::evaluate {

namespace {

// No average or deviation of 64-bit integers is larger.
constexpr double integer_statistic_max = 4e19;

double feature_magnitude(const CheckedRules& rules, const FeatureSpec& feature) {
  if (feature.type != ValueType::floating) return 0;
  if (!feature.input) return integer_statistic_max;
  const std::size_t fields = rules.event.fields.size();
  const ValueType input =
      *feature.input < fields ? rules.event.fields[*feature.input].type : rules.derived[*feature.input - fields].spec.type;
  return input == ValueType::floating ? std::numeric_limits<double>::max() : integer_statistic_max;
}

// The operator that gives the same answer with its operands swapped.
Operator mirrored(Operator op) {
  switch (op) {
    case Operator::less:
      return Operator::greater;
    case Operator::less_equal:
      return Operator::greater_equal;
    case Operator::greater:
      return Operator::less;
    case Operator::greater_equal:
      return Operator::less_equal;
    default:
      return op;
  }
}

}  // namespace

Lowering::Lowering(const CheckedRules& rules, Graph& graph, Attachments& attachments)
    : rules_(rules),
      graph_(graph),
      attachments_(attachments),
      values_(rules.expressions.size()),
      seen_(rules.expressions.size(), false),
      list_attachments_(rules.lists.size()),
      set_attachments_(rules.sets.size()),
      pattern_attachments_(rules.patterns.size()) {}

// Operands stand before their users, so ascending order translates each after what it reads; no recursion, however long chains of lets are.
Value Lowering::lower(ExpressionIndex index) {
  std::vector<ExpressionIndex> needed = {index};
  for (std::size_t at = 0; at < needed.size(); ++at) {
    const auto visit = [&](ExpressionIndex next) {
      if (seen_[next]) return;
      seen_[next] = true;
      needed.push_back(next);
    };
    const Expression& expression = rules_.expressions[needed[at]];
    for (const ExpressionIndex next : expression.operands) visit(next);
    if (expression.kind == ExpressionKind::let) visit(rules_.lets[expression.index].value);
  }
  std::sort(needed.begin(), needed.end());
  for (const ExpressionIndex each : needed)
    if (!values_[each]) values_[each] = translate(rules_.expressions[each]);
  return *values_[index];
}

NodeId Lowering::types(EventTypeSet set) {
  if (set == 0 || set == rules_.event.all_types()) return graph_.always();
  NodeId any = graph_.never();
  for (std::uint32_t type = 0; type < rules_.event.type_count(); ++type)
    if ((set >> type & 1U) != 0)
      any = graph_.either(any, graph_.add_input({InputSource::event_type, type, ValueType::boolean, false, 0}).node);
  return any;
}

Value Lowering::operand(const Expression& expression, std::size_t position) const {
  return *values_[expression.operands[position]];
}

Value Lowering::translate(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::literal:
      return literal(expression);
    case ExpressionKind::event_column: {
      const bool floating = expression.type == ValueType::floating;
      return graph_.add_input({InputSource::field, expression.index, expression.type, rules_.event.fields[expression.index].optional,
                               floating ? std::numeric_limits<double>::max() : 0});
    }
    case ExpressionKind::feature:
      return graph_.add_input(
          {InputSource::feature, expression.index, expression.type, true, feature_magnitude(rules_, rules_.features[expression.index])});
    case ExpressionKind::let:
      return *values_[rules_.lets[expression.index].value];
    case ExpressionKind::score:
      return graph_.add_input({InputSource::score, 0, ValueType::decimal, false, 0});
    case ExpressionKind::outcome_is: {
      const Value outcome = graph_.add_input({InputSource::outcome, 0, ValueType::integer, false, 0});
      const Value wanted{graph_.add_constant(ValueType::integer, {.integer = expression.index}), graph_.always(), graph_.never()};
      return compare(expression.negated ? Operator::not_equal : Operator::equal, {outcome}, {wanted}, graph_.always());
    }
    case ExpressionKind::fact: {
      const double magnitude = expression.type == ValueType::floating ? std::numeric_limits<double>::max() : 0;
      return graph_.add_input({InputSource::feature, rules_.fact_column(expression.index), expression.type, true, magnitude});
    }
    case ExpressionKind::matched:
      return graph_.add_input({InputSource::feature, rules_.sequence_column(expression.index), ValueType::boolean, false, 0});
    case ExpressionKind::event_is: {
      const NodeId is = types(EventTypeSet{1} << expression.index);
      return condition(expression.negated ? graph_.inverse(is) : is, graph_.never());
    }
    case ExpressionKind::convert:
      return convert(expression);
    case ExpressionKind::truth: {
      const Value value = operand(expression, 0);
      const bool masked_already = graph_.node(value.node).op == Operator::input_bits;
      return condition(masked_already ? value.node : graph_.both(value.present, value.node), value.failed);
    }
    case ExpressionKind::logical_not:
      return condition(graph_.inverse(operand(expression, 0).node), operand(expression, 0).failed);
    case ExpressionKind::logical_and:
      return logical_and(expression);
    case ExpressionKind::logical_or:
      return logical_or(expression);
    case ExpressionKind::negate:
      return simple(Operator::negate, expression.type, operand(expression, 0));
    case ExpressionKind::add:
      return arithmetic(expression, Operator::add);
    case ExpressionKind::subtract:
      return arithmetic(expression, Operator::subtract);
    case ExpressionKind::multiply:
      return arithmetic(expression, Operator::multiply);
    case ExpressionKind::divide:
      return arithmetic(expression, Operator::divide);
    case ExpressionKind::remainder:
      return arithmetic(expression, Operator::remainder);
    case ExpressionKind::equal:
      return comparison(expression, Operator::equal);
    case ExpressionKind::not_equal:
      return comparison(expression, Operator::not_equal);
    case ExpressionKind::less:
      return comparison(expression, Operator::less);
    case ExpressionKind::less_equal:
      return comparison(expression, Operator::less_equal);
    case ExpressionKind::greater:
      return comparison(expression, Operator::greater);
    case ExpressionKind::greater_equal:
      return comparison(expression, Operator::greater_equal);
    case ExpressionKind::between:
      return between(expression);
    case ExpressionKind::in_list:
      return membership(expression, rules_.lists[expression.index].values, list_attachments_);
    case ExpressionKind::lookup:
      return lookup(expression);
    case ExpressionKind::in_set:
      return membership(expression, rules_.sets[expression.index], set_attachments_);
    case ExpressionKind::is_present:
      return condition(operand(expression, 0).present, operand(expression, 0).failed);
    case ExpressionKind::is_missing:
      return condition(graph_.inverse(operand(expression, 0).present), operand(expression, 0).failed);
    case ExpressionKind::matches:
      return matches(expression);
    case ExpressionKind::call:
      return call(expression);
  }
  WEIR_CHECK(false);
}

Value Lowering::literal(const Expression& expression) {
  const LiteralValue& value = expression.literal;
  if (expression.type == ValueType::boolean) return condition(graph_.constant_bool(value.boolean), graph_.never());
  Constant constant;
  if (expression.type == ValueType::floating)
    constant.floating = value.floating;
  else if (expression.type == ValueType::string)
    constant.text = value.text;
  else if (expression.type == ValueType::ip)
    std::memcpy(&constant.address, value.text.data(), sizeof constant.address);
  else
    constant.integer = value.integer;
  return {graph_.add_constant(expression.type, constant), graph_.always(), graph_.never()};
}

Value Lowering::convert(const Expression& expression) {
  const Expression& from = rules_.expressions[expression.operands[0]];
  const Value value = operand(expression, 0);
  const int from_scale = from.type == ValueType::decimal ? from.scale : 0;
  if (expression.type == ValueType::floating) {
    if (from.type == ValueType::floating) return value;
    return simple(Operator::to_floating, ValueType::floating, value, {}, from_scale);
  }
  if (expression.type != ValueType::decimal || expression.scale == from_scale) return value;
  WEIR_CHECK(expression.scale > from_scale);
  return simple(Operator::scale_up, ValueType::decimal, value, {}, power_of_ten(expression.scale - from_scale));
}

Value Lowering::simple(Operator op, ValueType type, const Value& a, std::optional<Value> b, std::int64_t parameter,
                       const void* attachment) {
  Node node{.op = op, .type = type, .a = a.node, .guard = a.present, .parameter = parameter, .attachment = attachment};
  NodeId failed = a.failed;
  if (b) {
    node.b = b->node;
    node.guard = graph_.both(a.present, b->present);
    failed = graph_.either(failed, b->failed);
  }
  return graph_.add_value(node, failed);
}

Value Lowering::arithmetic(const Expression& expression, Operator op) {
  return simple(op, expression.type, operand(expression, 0), operand(expression, 1));
}

Lowering::Scaled Lowering::unscaled(ExpressionIndex index) const {
  const Expression& expression = rules_.expressions[index];
  const Value& converted = *values_[index];
  if (expression.kind != ExpressionKind::convert || expression.type != ValueType::decimal) return {converted};
  if (is_constant(converted) && converted.failed == graph_.never()) return {converted};
  const Expression& from = rules_.expressions[expression.operands[0]];
  const int from_scale = from.type == ValueType::decimal ? from.scale : 0;
  return {*values_[expression.operands[0]], power_of_ten(expression.scale - from_scale)};
}

// a * factor against b, as a against b / factor.
NodeId Lowering::compare_with_constant(Operator op, const Scaled& a, std::int64_t b, NodeId guard) {
  const std::int64_t below = b / a.factor - (b % a.factor < 0 ? 1 : 0);  // the quotient, rounded down
  const bool between_two = b % a.factor != 0;
  if (between_two && op == Operator::equal) return graph_.never();
  if (between_two && op == Operator::not_equal) return guard;
  const bool round_up = between_two && (op == Operator::less || op == Operator::greater_equal);
  const NodeId bound = graph_.add_constant(ValueType::integer, {.integer = below + (round_up ? 1 : 0)});
  return graph_.add_mask({.op = op, .a = a.value.node, .b = bound, .guard = guard});
}

Value Lowering::compare(Operator op, Scaled a, Scaled b, NodeId guard) {
  const NodeId failed = graph_.either(a.value.failed, b.value.failed);
  const std::int64_t common = std::min(a.factor, b.factor);  // factors are powers of ten
  a.factor /= common;
  b.factor /= common;
  if (is_constant(a.value) ? a.factor == 1 : b.factor > 1) {
    std::swap(a, b);
    op = mirrored(op);
  }
  if (a.factor > 1 && is_constant(a.value)) {
    const Int128 scaled = Int128{graph_.constant(graph_.node(a.value.node)).integer} * a.factor;
    if (const auto fitting = static_cast<std::int64_t>(scaled); fitting == scaled) {
      const NodeId bound = graph_.add_constant(ValueType::integer, {.integer = fitting});
      return condition(graph_.add_mask({.op = mirrored(op), .a = b.value.node, .b = bound, .guard = guard}), failed);
    }
    const bool positive = scaled > 0;  // and beyond all that it can be compared with
    const bool is_greater = op == Operator::greater || op == Operator::greater_equal;
    const bool is_less = op == Operator::less || op == Operator::less_equal;
    return condition(op == Operator::not_equal || (positive ? is_greater : is_less) ? guard : graph_.never(), failed);
  }
  if (a.factor > 1 && is_constant(b.value))
    return condition(compare_with_constant(op, a, graph_.constant(graph_.node(b.value.node)).integer, guard), failed);
  return condition(
      graph_.add_mask({.op = op, .a = a.value.node, .b = b.value.node, .guard = guard, .parameter = a.factor > 1 ? a.factor : 0}), failed);
}

Value Lowering::comparison(const Expression& expression, Operator op) {
  const Scaled left = unscaled(expression.operands[0]);
  const Scaled right = unscaled(expression.operands[1]);
  const Value& a = left.value;
  const Value& b = right.value;
  const NodeId guard = graph_.both(a.present, b.present);
  if (rules_.expressions[expression.operands[0]].type != ValueType::boolean) return compare(op, left, right, guard);
  const NodeId same = graph_.both(guard, graph_.same(a.node, b.node));
  return condition(negate_if(op == Operator::not_equal, same, guard), graph_.either(a.failed, b.failed));
}

NodeId Lowering::negate_if(bool negated, NodeId mask, NodeId guard) {
  return negated ? graph_.but_not(guard, mask) : mask;
}

Value Lowering::between(const Expression& expression) {
  const Scaled x = unscaled(expression.operands[0]);
  const Scaled low = unscaled(expression.operands[1]);
  const Scaled high = unscaled(expression.operands[2]);
  const NodeId guard = graph_.both(graph_.both(x.value.present, low.value.present), high.value.present);
  const Value above = compare(Operator::greater_equal, x, low, guard);
  const Value below = compare(Operator::less_equal, x, high, guard);
  return condition(negate_if(expression.negated, graph_.both(above.node, below.node), guard), graph_.either(above.failed, below.failed));
}

Value Lowering::membership(const Expression& expression, const ValueSet& values, std::vector<const void*>& cache) {
  const Value scaled = operand(expression, 0);  // where scaling overflows it is none of the values
  const Value x = unscaled(expression.operands[0]).value;
  NodeId found = graph_.never();
  if (values.size() != 0) {
    const void*& set = cache[expression.index];
    if (set == nullptr) set = attachments_.add_set(values);
    found = graph_.add_mask({.op = Operator::is_in, .a = scaled.node, .guard = scaled.present, .attachment = set});
  }
  return condition(negate_if(expression.negated, found, x.present), x.failed);
}

// The row is found once, however many columns are read of it.
Value Lowering::lookup(const Expression& expression) {
  const std::shared_ptr<const LookupTable>& table = rules_.lookups[expression.index].table;
  const LookupColumn& column = table->column(static_cast<std::size_t>(expression.literal.integer));
  const Value row = simple(Operator::find_row, ValueType::integer, operand(expression, 0), {}, 0, attachments_.add_table(table));
  NodeId present = row.present;
  if (column.spec.optional)
    present = graph_.add_mask({.op = Operator::row_present, .a = row.node, .guard = row.present, .attachment = &column});
  Node read{.op = Operator::row_value, .type = expression.type, .a = row.node, .guard = present, .attachment = &column};
  if (expression.type != ValueType::boolean) return graph_.add_value(read, row.failed);
  read.op = Operator::row_bit;
  return {graph_.add_mask(read), present, row.failed};
}

Value Lowering::matches(const Expression& expression) {
  const Value x = operand(expression, 0);
  const void*& pattern = pattern_attachments_[expression.index];
  if (pattern == nullptr) pattern = attachments_.add_pattern(rules_.patterns[expression.index], rules_.patterns.size());
  if (pattern == nullptr) return condition(graph_.never(), graph_.never());  // reported through Attachments::error
  const NodeId found = graph_.add_mask({.op = Operator::matches, .a = x.node, .guard = x.present, .attachment = pattern});
  return condition(negate_if(expression.negated, found, x.present), x.failed);
}

// A row fails in an operand only if the operands before it left the answer open: what is skipped cannot fail, in any batch.
Value Lowering::logical_and(const Expression& expression) {
  Value all = operand(expression, 0);
  for (std::size_t position = 1; position < expression.operands.size(); ++position) {
    const Value next = operand(expression, position);
    all.failed = graph_.either(all.failed, graph_.both(all.node, next.failed));
    all.node = graph_.both(all.node, next.node);
  }
  return condition(all.node, all.failed);
}

Value Lowering::logical_or(const Expression& expression) {
  Value any = operand(expression, 0);
  for (std::size_t position = 1; position < expression.operands.size(); ++position) {
    const Value next = operand(expression, position);
    any.failed = graph_.either(any.failed, graph_.but_not(next.failed, any.node));
    any.node = graph_.either(any.node, next.node);
  }
  return condition(any.node, any.failed);
}

}  // namespace weir::evaluate
