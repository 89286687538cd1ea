#include "rules/evaluate/kernels.h"

#include <cmath>

#include "engine/base/check.h"

namespace weir::evaluate {

bool guards_itself(Operator op) {
  switch (op) {
    case Operator::equal:
    case Operator::not_equal:
    case Operator::less:
    case Operator::less_equal:
    case Operator::greater:
    case Operator::greater_equal:
    case Operator::is_in:
    case Operator::matches:
    case Operator::starts_with:
    case Operator::ends_with:
    case Operator::contains:
    case Operator::private_address:
    case Operator::in_share:
    case Operator::row_present:
    case Operator::row_bit:
      return true;
    default:
      return false;
  }
}

Kernel find_kernel(const Graph& graph, const Node& node, InstructionSet set) {
  KernelRequest request;
  request.op = node.op;
  request.operand = graph.node(node.a).type;
  request.result = node.type;
  request.set = set;
  request.constant_right = node.b != no_node && graph.node(node.b).op == Operator::constant;
  request.scaled = node.parameter > 1;
  const bool addresses = request.operand == ValueType::ip;
  Kernel found = nullptr;
  switch (node.op) {
    case Operator::equal:
    case Operator::not_equal:
    case Operator::less:
    case Operator::less_equal:
    case Operator::greater:
    case Operator::greater_equal:
      found = addresses                              ? find_address_kernel(request)
              : request.operand == ValueType::string ? find_text_kernel(request)
                                                     : find_compare_kernel(request);
      break;
    case Operator::is_in:
      found = addresses                              ? find_address_kernel(request)
              : request.operand == ValueType::string ? find_text_kernel(request)
                                                     : find_number_kernel(request);
      break;
    case Operator::matches:
    case Operator::starts_with:
    case Operator::ends_with:
    case Operator::contains:
    case Operator::lower:
    case Operator::upper:
    case Operator::trim:
    case Operator::length:
    case Operator::left:
    case Operator::right:
      found = find_text_kernel(request);
      break;
    case Operator::time_between:
    case Operator::hour_of_day:
    case Operator::day_of_week:
    case Operator::day_of_month:
      found = find_time_kernel(request);
      break;
    case Operator::private_address:
    case Operator::read_address:
    case Operator::network:
      found = find_address_kernel(request);
      break;
    case Operator::distance:
    case Operator::make_point:
      found = find_place_kernel(request);
      break;
    case Operator::find_row:
    case Operator::row_value:
    case Operator::row_present:
    case Operator::row_bit:
      found = find_lookup_kernel(request);
      break;
    case Operator::in_share:
      found = find_share_kernel(request);
      break;
    case Operator::mask_and:
    case Operator::mask_or:
    case Operator::mask_and_not:
    case Operator::mask_equal:
      found = find_mask_kernel(node.op);
      break;
    default:
      request.unchecked = graph.is_always_finite(node);
      found = find_number_kernel(request);
      break;
  }
  WEIR_CHECK(found != nullptr);
  return found;
}

}  // namespace weir::evaluate
