// How a lane treats the records of one source.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "engine/features/feature_limits.h"
#include "engine/features/feature_plan.h"
#include "engine/parse/json_parser.h"
#include "engine/ports/scorer.h"

namespace weir {

struct InputSettings {
  std::shared_ptr<const Scorer> scorer;
  std::size_t in_flight_max = 65'536;  // unacknowledged records a shard; beyond it the shard is paused
  ParseLimits parse;
  FeatureStoreLimits features;
};

// The indexes of all `count` features: a store that holds them all.
std::vector<FeatureIndex> held_features(std::size_t count);

}  // namespace weir
