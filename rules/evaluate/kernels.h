// The kernels: which function runs an operation, by operator, operand type and instruction set.
#pragma once

#include "rules/evaluate/expression_graph.h"
#include "rules/evaluate/instruction_set.h"
#include "rules/evaluate/operation.h"

namespace weir::evaluate {

// The kernel for a node that computes something (not for masks from masks, constants and inputs).
Kernel find_kernel(const Graph& graph, const Node& node, InstructionSet set);

// True for kernels that begin by looking at `live` and give 0 where it is 0: an `and` with them on the right needs no operation of its own.
bool guards_itself(Operator op);

// Parts of find_kernel, one a file.
struct KernelRequest {
  Operator op = Operator::equal;
  ValueType operand = ValueType::integer;
  ValueType result = ValueType::boolean;
  bool scaled = false;          // a comparison of operand a times the parameter
  bool constant_right = false;  // operand b is one constant: its first value stands for all rows
  bool unchecked = false;       // a floating result that is known to be finite
  InstructionSet set = InstructionSet::portable;
};
Kernel find_compare_kernel(const KernelRequest& request);
Kernel find_mask_kernel(Operator op);
Kernel find_number_kernel(const KernelRequest& request);
Kernel find_text_kernel(const KernelRequest& request);
Kernel find_time_kernel(const KernelRequest& request);
Kernel find_place_kernel(const KernelRequest& request);
Kernel find_address_kernel(const KernelRequest& request);
Kernel find_share_kernel(const KernelRequest& request);
Kernel find_lookup_kernel(const KernelRequest& request);

}  // namespace weir::evaluate
