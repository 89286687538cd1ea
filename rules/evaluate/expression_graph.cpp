#include "rules/evaluate/expression_graph.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "rules/evaluate/constant_folding.h"

namespace weir::evaluate {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double integer_magnitude_max = 9.3e18;  // of any int64

bool has_integers(ValueType type) {
  return type == ValueType::integer || type == ValueType::decimal || type == ValueType::timestamp || type == ValueType::duration;
}

std::size_t hash_constant(const Constant& constant) {
  std::size_t hash = std::hash<std::string_view>()(constant.text);
  for (const std::uint64_t part : {static_cast<std::uint64_t>(constant.integer), std::bit_cast<std::uint64_t>(constant.floating),
                                   std::bit_cast<std::uint64_t>(constant.point.latitude),
                                   std::bit_cast<std::uint64_t>(constant.point.longitude), constant.address.high(), constant.address.low()})
    hash = (hash ^ part) * 0x9e3779b97f4a7c15ULL + (hash >> 29);
  return hash;
}

// By their bits: 0 and -0 are two constants, and a NaN is the same as itself.
bool same_bits(double one, double other) {
  return std::bit_cast<std::uint64_t>(one) == std::bit_cast<std::uint64_t>(other);
}

bool same_constant(const Constant& one, const Constant& other) {
  return one.integer == other.integer && same_bits(one.floating, other.floating) && one.text == other.text &&
         same_bits(one.point.latitude, other.point.latitude) && same_bits(one.point.longitude, other.point.longitude) &&
         one.address == other.address;
}

}  // namespace

bool may_fail(const Node& node) {
  switch (node.op) {
    case Operator::add:
    case Operator::subtract:
    case Operator::multiply:
    case Operator::negate:
    case Operator::absolute:
    case Operator::scale_up:
      return has_integers(node.type);
    case Operator::round_to_decimal:
      return true;
    default:
      return false;
  }
}

std::size_t Graph::NodeHash::operator()(const Node& node) const {
  std::uint64_t hash = static_cast<std::uint64_t>(node.op) * 256 + static_cast<std::uint64_t>(node.type);
  const auto mix = [&hash](std::uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 29;
  };
  mix(node.a);
  mix(node.b);
  mix(node.c);
  mix(node.guard);
  mix(static_cast<std::uint64_t>(node.parameter));
  mix(reinterpret_cast<std::uintptr_t>(node.attachment));
  return hash;
}

Graph::Graph() : texts_(std::make_shared<std::deque<std::string>>()) {
  intern({.op = Operator::constant_false});
  intern({.op = Operator::constant_true});
}

NodeId Graph::intern(const Node& node) {
  const auto [at, added] = known_.try_emplace(node, static_cast<NodeId>(nodes_.size()));
  if (added) {
    nodes_.push_back(node);
    magnitudes_.push_back(node.type == ValueType::floating ? magnitude_of(node) : 0);
  }
  return at->second;
}

NodeId Graph::both(NodeId a, NodeId b) {
  if (a == never() || b == never()) return never();
  if (a == always() || a == b) return b;
  if (b == always()) return a;
  return intern({.op = Operator::mask_and, .a = a, .b = b});
}

NodeId Graph::either(NodeId a, NodeId b) {
  if (a == always() || b == always()) return always();
  if (a == never() || a == b) return b;
  if (b == never()) return a;
  return intern({.op = Operator::mask_or, .a = std::min(a, b), .b = std::max(a, b)});
}

NodeId Graph::but_not(NodeId a, NodeId b) {
  if (a == never() || b == always() || a == b) return never();
  if (b == never()) return a;
  if (a == always() && nodes_[b].op == Operator::mask_and_not && nodes_[b].a == always()) return nodes_[b].b;
  return intern({.op = Operator::mask_and_not, .a = a, .b = b});
}

NodeId Graph::same(NodeId a, NodeId b) {
  if (a == b) return always();
  if (a == always()) return b;
  if (b == always()) return a;
  if (a == never()) return inverse(b);
  if (b == never()) return inverse(a);
  return intern({.op = Operator::mask_equal, .a = std::min(a, b), .b = std::max(a, b)});
}

NodeId Graph::add_constant(ValueType type, const Constant& constant) {
  const std::size_t hash = hash_constant(constant);
  const auto [begin, end] = constants_by_hash_.equal_range(hash);
  const auto known = std::find_if(begin, end, [&](const auto& entry) { return same_constant(constants_[entry.second], constant); });
  const std::size_t index = known != end ? known->second : constants_.size();
  if (known == end) {
    constants_by_hash_.emplace(hash, index);
    constants_.push_back(constant);
    if (!constant.text.empty()) constants_.back().text = texts_->emplace_back(constant.text);
  }
  return intern({.op = Operator::constant, .type = type, .parameter = static_cast<std::int64_t>(index)});
}

Value Graph::add_input(const Input& input) {
  const auto known = std::find(inputs_.begin(), inputs_.end(), input);
  const auto index = known - inputs_.begin();
  if (known == inputs_.end()) inputs_.push_back(input);
  const Operator op = input.type == ValueType::boolean ? Operator::input_bits : Operator::input;
  Value value;
  value.node = intern({.op = op, .type = input.type, .parameter = index});
  value.present = input.may_be_missing ? intern({.op = Operator::input_presence, .parameter = index}) : always();
  value.failed = never();
  return value;
}

bool Graph::is_constant(const Node& node) const {
  for (const NodeId operand : {node.a, node.b, node.c})
    if (operand != no_node && nodes_[operand].op != Operator::constant) return false;
  return node.a != no_node && (node.guard == always() || node.guard == never());
}

NodeId Graph::add_mask(Node node) {
  node.type = ValueType::boolean;
  if (node.guard == never()) return never();
  if (is_constant(node)) return constant_bool(compute_constant(*this, node).holds);
  return intern(node);
}

Value Graph::add_value(Node node, NodeId failed) {
  if (node.op != Operator::select && is_constant(node)) {
    if (node.guard == never()) return {add_constant(node.type, {}), never(), failed};
    const ConstantResult computed = compute_constant(*this, node);
    return {add_constant(node.type, computed.value), constant_bool(computed.present), either(failed, constant_bool(computed.failed))};
  }
  const NodeId id = intern(node);
  Value value{id, node.guard, failed};
  if (may_be_missing(node)) value.present = intern({.op = Operator::present_result, .a = id});
  if (may_fail(node)) value.failed = either(failed, intern({.op = Operator::failed_result, .a = id}));
  return value;
}

bool Graph::may_be_missing(const Node& node) const {
  switch (node.op) {
    case Operator::add:
    case Operator::subtract:
    case Operator::multiply:
    case Operator::divide:
      return node.type != ValueType::floating || !std::isfinite(magnitude_of(node));
    case Operator::remainder:
    case Operator::square_root:
    case Operator::make_point:
    case Operator::read_address:
    case Operator::find_row:
      return true;
    default:
      return may_fail(node);
  }
}

double Graph::magnitude_of(const Node& node) const {
  const auto of = [this](NodeId id) { return id == no_node ? 0 : magnitudes_[id]; };
  switch (node.op) {
    case Operator::constant:
      return std::abs(constant(node).floating);
    case Operator::input:
      return inputs_[static_cast<std::size_t>(node.parameter)].magnitude_max;
    case Operator::add:
    case Operator::subtract:
      return of(node.a) + of(node.b);
    case Operator::multiply:
      return of(node.a) * of(node.b);
    case Operator::divide: {
      const bool known = nodes_[node.b].op == Operator::constant && constant(nodes_[node.b]).floating != 0;
      return known ? of(node.a) / of(node.b) : infinity;
    }
    case Operator::select:
    case Operator::minimum:
    case Operator::maximum:
      return std::max(of(node.a), of(node.b));
    case Operator::negate:
    case Operator::absolute:
      return of(node.a);
    case Operator::round_floating:
    case Operator::floor_floating:
    case Operator::ceil_floating:
    case Operator::square_root:
      return of(node.a) + 1;
    case Operator::row_value:
      return std::numeric_limits<double>::max();
    default:
      return integer_magnitude_max;  // made from integers or angles
  }
}

}  // namespace weir::evaluate
