// Computes an operation on constants with the very kernel that would run on the data plane.
#pragma once

#include "rules/evaluate/expression_graph.h"

namespace weir::evaluate {

struct ConstantResult {
  bool holds = false;  // of a mask
  Constant value;      // text is valid until the next call on this thread
  bool present = true;
  bool failed = false;
};

// All operands of `node` are constants and its guard holds.
ConstantResult compute_constant(const Graph& graph, const Node& node);

}  // namespace weir::evaluate
