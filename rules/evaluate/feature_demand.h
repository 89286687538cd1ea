// On which events the values of features are read: `count_1h >= 3 and sum_1h > 500` looks at the sum only where the count is 3 or more.
#pragma once

#include <span>
#include <vector>

#include "engine/event/feature_spec.h"
#include "rules/evaluate/expression_graph.h"
#include "rules/evaluate/program_builder.h"

namespace weir::evaluate {

// Features that somebody reads, all of them, on the rows of a mask.
struct FeatureReads {
  NodeId rows = no_node;
  std::vector<std::uint32_t> features;
};

// Sets FeatureSpec::demand from what the roots of the graph and `reads` need. Counts are always known, and with them the conditions on
// counts, so a mask that such a condition is part of is false below it, whatever the other parts are taken for.
void find_demand(const Graph& graph, std::span<const Root> roots, std::span<const FeatureReads> reads, std::vector<FeatureSpec>& features);

}  // namespace weir::evaluate
