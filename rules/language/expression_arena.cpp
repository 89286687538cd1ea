#include "rules/language/expression_arena.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir {

namespace {

template <typename Value>
void append_bytes(std::string& text, const Value& value) {
  char bytes[sizeof(Value)];
  std::memcpy(bytes, &value, sizeof(Value));
  text.append(bytes, sizeof(Value));
}

bool is_leaf(ExpressionKind kind) {
  return kind <= ExpressionKind::event_is;
}

// Kinds that answer with a bool whatever their operands are, and those that turn a missing value into another.
bool never_missing(const Expression& node) {
  switch (node.kind) {
    case ExpressionKind::truth:
    case ExpressionKind::logical_not:
    case ExpressionKind::logical_and:
    case ExpressionKind::logical_or:
    case ExpressionKind::equal:
    case ExpressionKind::not_equal:
    case ExpressionKind::less:
    case ExpressionKind::less_equal:
    case ExpressionKind::greater:
    case ExpressionKind::greater_equal:
    case ExpressionKind::between:
    case ExpressionKind::in_list:
    case ExpressionKind::in_set:
    case ExpressionKind::is_present:
    case ExpressionKind::is_missing:
    case ExpressionKind::matches:
      return true;
    case ExpressionKind::call:
      return node.function == Function::starts_with || node.function == Function::ends_with || node.function == Function::contains ||
             node.function == Function::is_private;
    default:
      return false;
  }
}

bool may_be_missing(const Expression& node, const std::vector<Expression>& nodes) {
  if (never_missing(node)) return false;
  if (node.kind == ExpressionKind::lookup) return true;
  const auto missing = [&nodes](ExpressionIndex operand) { return nodes[operand].may_be_missing; };
  const bool any = std::any_of(node.operands.begin(), node.operands.end(), missing);
  if (node.kind == ExpressionKind::divide || node.kind == ExpressionKind::remainder) {
    const Expression& divisor = nodes[node.operands[1]];
    const bool never_zero = divisor.kind == ExpressionKind::literal && (divisor.literal.integer != 0 || divisor.literal.floating != 0);
    return any || !never_zero;
  }
  if (node.kind == ExpressionKind::call) {
    if (node.function == Function::sqrt || node.function == Function::geo || node.function == Function::ip) return true;
    if (node.function == Function::coalesce) return std::all_of(node.operands.begin(), node.operands.end(), missing);
  }
  return any;
}

}  // namespace

ExpressionArena::ExpressionArena(CheckedRules& rules) : rules_(rules) {
  for (std::size_t index = 0; index < rules.expressions.size(); ++index)
    known_.emplace(key(rules.expressions[index]), static_cast<ExpressionIndex>(index));
  for (std::size_t index = 0; index < rules.sets.size(); ++index)
    sets_.emplace(rules.sets[index].canonical_text(), static_cast<std::uint32_t>(index));
  for (std::size_t index = 0; index < rules.patterns.size(); ++index)
    patterns_.emplace(rules.patterns[index], static_cast<std::uint32_t>(index));
}

std::string ExpressionArena::key(const Expression& node) {
  std::string text;
  append_bytes(text, node.kind);
  append_bytes(text, node.type);
  append_bytes(text, node.scale);
  append_bytes(text, node.negated);
  if (node.kind == ExpressionKind::call) append_bytes(text, node.function);
  append_bytes(text, node.index);
  append_bytes(text, node.literal.boolean);
  append_bytes(text, node.literal.integer);
  append_bytes(text, node.literal.floating);
  for (const ExpressionIndex operand : node.operands) append_bytes(text, operand);
  text += node.literal.text;
  return text;
}

ExpressionIndex ExpressionArena::add(Expression node) {
  const auto [place, added] = known_.try_emplace(key(node), static_cast<ExpressionIndex>(rules_.expressions.size()));
  if (!added) return place->second;
  if (!is_leaf(node.kind)) {
    node.may_be_missing = may_be_missing(node, rules_.expressions);
    node.event_only = std::all_of(node.operands.begin(), node.operands.end(),
                                  [this](ExpressionIndex operand) { return rules_.expressions[operand].event_only; });
  }
  rules_.expressions.push_back(std::move(node));
  return place->second;
}

std::uint32_t ExpressionArena::add_set(ValueSet set) {
  const auto [place, added] = sets_.try_emplace(set.canonical_text(), static_cast<std::uint32_t>(rules_.sets.size()));
  if (added) rules_.sets.push_back(std::move(set));
  return place->second;
}

std::uint32_t ExpressionArena::add_pattern(std::string pattern) {
  const auto [place, added] = patterns_.try_emplace(pattern, static_cast<std::uint32_t>(rules_.patterns.size()));
  if (added) rules_.patterns.push_back(std::move(pattern));
  return place->second;
}

}  // namespace weir
