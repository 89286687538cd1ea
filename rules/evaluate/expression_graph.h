// The rule set between type checker and program: operations on values and masks, equal ones shared, constant ones computed.
// Presence and failure are masks of the graph like any other, so `and`, `or` and `is present` are all word operations.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/ip_address.h"
#include "engine/event/value_type.h"

namespace weir::evaluate {

using NodeId = std::uint32_t;
constexpr NodeId no_node = 0xffffffff;

enum class Operator : std::uint8_t {
  // Masks from masks.
  constant_false,
  constant_true,
  input_bits,      // parameter: input
  input_presence,  // parameter: input
  mask_and,        // the right operand is only worth computing where the left one holds
  mask_or,
  mask_and_not,
  mask_equal,
  present_result,  // of node a, where it may be missing although its operands are not
  failed_result,   // of node a: rows where it overflowed
  // Masks from values; 0 outside the guard. Comparisons with a `parameter` are of `parameter` times a: exact, whatever its size.
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  is_in,    // attachment: IntegerSet, TextSet or IpSet
  matches,  // attachment: RE2
  starts_with,
  ends_with,
  contains,
  private_address,
  in_share,     // attachment: CanaryShare
  row_present,  // attachment: LookupColumn, of row a: the cell is not empty
  row_bit,      // attachment: LookupColumn of bools, of row a
  // Values.
  constant,  // parameter: into Graph::constants
  input,     // parameter: input
  select,    // a where mask c holds, else b
  add,
  subtract,
  multiply,
  divide,
  remainder,
  negate,
  absolute,
  minimum,
  maximum,
  to_floating,    // from int or a decimal with `parameter` digits
  scale_up,       // int64 times `parameter`
  round_down_to,  // int64 divided by `parameter`: half away from zero
  floor_to,       // int64 divided by `parameter`, towards minus infinity
  ceil_to,
  round_floating,
  floor_floating,
  ceil_floating,
  round_to_decimal,  // floating to a decimal with `parameter` digits
  square_root,
  time_between,  // |a - b| in units of `parameter` milliseconds, floating
  hour_of_day,   // attachment: ZoneOffsets or none
  day_of_week,
  day_of_month,
  distance,
  make_point,
  read_address,  // from text; missing when it is none
  network,       // of an address; parameter: its leading bits (network_bits_step)
  find_row,      // attachment: LookupTable; missing when the key is not there
  row_value,     // attachment: LookupColumn, of row a
  lower,
  upper,
  trim,
  length,
  left,
  right,
};

struct Node {
  Operator op = Operator::constant_false;
  ValueType type = ValueType::boolean;  // of the result; boolean: a mask
  NodeId a = no_node;
  NodeId b = no_node;
  NodeId c = no_node;
  NodeId guard = no_node;  // mask: rows where all operands are present; none for operations that need no guard
  std::int64_t parameter = 0;
  const void* attachment = nullptr;

  bool operator==(const Node&) const = default;
};

struct Constant {
  std::int64_t integer = 0;
  double floating = 0;
  std::string_view text = {};
  GeoPoint point = {};
  IpAddress address = {};
};

// A value with the mask of the rows that have it and of those where computing it failed. A bool that is never missing has present = true.
struct Value {
  NodeId node = no_node;
  NodeId present = no_node;
  NodeId failed = no_node;
};

// Where an input comes from; its number is the position in Graph::inputs.
enum class InputSource : std::uint8_t { field, feature, score, outcome, event_type };
struct Input {
  InputSource source = InputSource::field;
  std::uint32_t index = 0;  // of the field, feature or event type
  ValueType type = ValueType::integer;
  bool may_be_missing = false;
  double magnitude_max = 0;  // floating: no value is larger, either sign

  bool operator==(const Input&) const = default;
};

// Nodes are numbered so that operands stand before their users.
class Graph {
 public:
  Graph();

  const Node& node(NodeId id) const { return nodes_[id]; }
  std::size_t size() const { return nodes_.size(); }
  const std::vector<Input>& inputs() const { return inputs_; }
  const Constant& constant(const Node& node) const { return constants_[static_cast<std::size_t>(node.parameter)]; }
  const std::vector<Constant>& constants() const { return constants_; }
  std::shared_ptr<const std::deque<std::string>> texts() const { return texts_; }

  NodeId always() const { return 1; }
  NodeId never() const { return 0; }
  NodeId constant_bool(bool value) const { return value ? always() : never(); }
  NodeId both(NodeId a, NodeId b);  // a and b
  NodeId either(NodeId a, NodeId b);
  NodeId but_not(NodeId a, NodeId b);  // a and not b
  NodeId inverse(NodeId a) { return but_not(always(), a); }
  NodeId same(NodeId a, NodeId b);  // rows where both hold or neither

  NodeId add_constant(ValueType type, const Constant& constant);
  Value add_input(const Input& input);
  // A mask (comparison and the like). Constant operands are computed at once.
  NodeId add_mask(Node node);
  // A value whose present mask is its guard, unless the operator says otherwise (division, overflow, ...).
  // `failed` is what its operands bring along.
  Value add_value(Node node, NodeId failed);

  // True for floating operations whose result cannot leave the finite numbers, whatever the operands are.
  bool is_always_finite(const Node& node) const { return node.type == ValueType::floating && std::isfinite(magnitude_of(node)); }

 private:
  NodeId intern(const Node& node);
  double magnitude_of(const Node& node) const;
  bool may_be_missing(const Node& node) const;
  bool is_constant(const Node& node) const;

  struct NodeHash {
    std::size_t operator()(const Node& node) const;
  };

  std::vector<Node> nodes_;
  std::vector<double> magnitudes_;
  std::unordered_map<Node, NodeId, NodeHash> known_;
  std::vector<Input> inputs_;
  std::vector<Constant> constants_;
  std::unordered_multimap<std::size_t, std::size_t> constants_by_hash_;
  std::shared_ptr<std::deque<std::string>> texts_;
};

// Operators that can overflow a 64-bit integer; their failed_result is another result of the same operation.
bool may_fail(const Node& node);

}  // namespace weir::evaluate
