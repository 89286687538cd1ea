// Events that are too late for every key that they have, taken out of a batch before it is scored.
#pragma once

#include <string_view>
#include <vector>

#include "engine/event/batch.h"
#include "engine/pipeline/batch_in_flight.h"
#include "engine/pipeline/feature_placement.h"

namespace weir {

// What is said of them as dead letters.
inline constexpr std::string_view too_late_text = "the event is too late for the windows of all its keys";

// Rows of `batch.too_late` that are named as often as they have keys become inactive, and their records stand in `batch.late_records`,
// ascending. `keys` are those of all features; a key of which a part is missing is none. The same rows, whatever the batches and the
// number of lanes, as far as the order in which events reach the owners of their keys is the same.
void take_out_late_rows(BatchInFlight& batch, const std::vector<FeatureKey>& keys);

}  // namespace weir
