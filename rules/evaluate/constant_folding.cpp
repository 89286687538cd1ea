#include "rules/evaluate/constant_folding.h"

#include <array>
#include <vector>

#include "rules/evaluate/kernels.h"

namespace weir::evaluate {

namespace {

// One slot of a single row.
union Cell {
  std::int64_t integer;
  double floating;
  std::string_view text;
  GeoPoint point;
  IpAddress address;
  Cell() : point() {}
};

void store(Cell& cell, ValueType type, const Constant& constant) {
  switch (type) {
    case ValueType::floating:
      cell.floating = constant.floating;
      break;
    case ValueType::string:
      cell.text = constant.text;
      break;
    case ValueType::geo:
      cell.point = constant.point;
      break;
    case ValueType::ip:
      cell.address = constant.address;
      break;
    default:
      cell.integer = constant.integer;
      break;
  }
}

Constant load(const Cell& cell, ValueType type) {
  Constant constant;
  switch (type) {
    case ValueType::floating:
      constant.floating = cell.floating;
      break;
    case ValueType::string:
      constant.text = cell.text;
      break;
    case ValueType::geo:
      constant.point = cell.point;
      break;
    case ValueType::ip:
      constant.address = cell.address;
      break;
    default:
      constant.integer = cell.integer;
      break;
  }
  return constant;
}

}  // namespace

ConstantResult compute_constant(const Graph& graph, const Node& node) {
  thread_local Arena text;
  text.clear();
  constexpr std::size_t result_at = 2;
  std::array<Cell, 3> cells;
  std::array<std::byte*, 3> slots;
  for (std::size_t index = 0; index < cells.size(); ++index) slots[index] = reinterpret_cast<std::byte*>(&cells[index]);
  for (std::size_t index = 0; index < result_at; ++index) {
    const NodeId operand = index == 0 ? node.a : node.b;
    if (operand != no_node) store(cells[index], graph.node(operand).type, graph.constant(graph.node(operand)));
  }
  // Masks: rows, empty, the result (of a mask operation), present, failed.
  std::array<std::uint64_t, 5> masks = {1, 0, 0, 1, 0};
  const Frame frame{.rows = 1, .masks = masks.data(), .slots = slots.data(), .text = &text};

  Operation operation;
  operation.kernel = find_kernel(graph, node, InstructionSet::portable);
  operation.a = 0;
  operation.b = 1;
  operation.result = result_at;
  operation.present = 3;
  operation.failed = 4;
  operation.parameter = node.parameter;
  operation.attachment = node.attachment;
  operation.kernel(operation, frame);

  ConstantResult result;
  result.present = (masks[3] & 1U) != 0;
  result.failed = (masks[4] & 1U) != 0;
  if (node.type == ValueType::boolean)
    result.holds = (masks[2] & 1U) != 0;
  else if (result.present)
    result.value = load(cells[result_at], node.type);
  return result;
}

}  // namespace weir::evaluate
