// Any number of rules made like those of FD-1C, the first fifty being just those, and batches of features for them to judge.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/event/batch.h"
#include "engine/event/event_schema.h"
#include "engine/event/feature_spec.h"

namespace weir {

// A rules file: event, 21 features by card, `count` rules with thresholds of their own, policy.
std::string scaled_rules_text(std::size_t count);

struct ScaledBatch {
  EventBatch events;
  FeatureColumns features;
};
// Counts, sums and the rest as they are for cards with few and with many payments: about one of the first fifty rules fires on a row.
// `schema` and `features` are those of the rules text above.
ScaledBatch make_scaled_batch(const EventSchema& schema, const std::vector<FeatureSpec>& features, std::size_t rows, std::uint64_t seed);

// Whether rule `index` holds on a row, computed as FD1.md says and not as the engine does.
bool scaled_rule_holds(std::size_t index, const ScaledBatch& batch, const std::vector<FeatureSpec>& features, std::size_t row);

}  // namespace weir
