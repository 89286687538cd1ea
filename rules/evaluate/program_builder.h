// Puts the reachable nodes of a graph in order, leaves out what a block does not need, and gives out registers.
#pragma once

#include <span>

#include "rules/evaluate/expression_graph.h"
#include "rules/evaluate/instruction_set.h"
#include "rules/evaluate/program.h"

namespace weir::evaluate {

// A result that is read after the program has run. `demand` (a mask) says on which rows; where it is empty the root is not computed.
struct Root {
  NodeId node = no_node;
  NodeId demand = no_node;  // none: all rows
};

Program build_program(const Graph& graph, std::span<const Root> roots, InstructionSet set);

}  // namespace weir::evaluate
