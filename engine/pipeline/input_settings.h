// How a lane treats the records of one source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/features/feature_limits.h"
#include "engine/features/feature_plan.h"
#include "engine/parse/json_parser.h"
#include "engine/pipeline/duplicates.h"
#include "engine/pipeline/replay_gate.h"
#include "engine/ports/scorer.h"

namespace weir {

// What becomes of an event that is too late for every key that it has, and so is in no window.
enum class LatePolicy : std::uint8_t {
  decide,       // it is decided on what is still there
  dead_letter,  // the whole record, stage `features`, reason `too_late`
  drop,         // acknowledged and counted
};

struct InputSettings {
  std::shared_ptr<const Scorer> scorer;
  std::size_t in_flight_max = 65'536;                                 // unacknowledged records a shard; beyond it the shard is paused
  std::uint32_t lanes_per_shard = 1;                                  // lanes that share the keys of a shard
  std::shared_ptr<ReplayGate> gate = std::make_shared<ReplayGate>();  // the same for all lanes
  ParseLimits parse;
  FeatureStoreLimits features;
  LatePolicy late = LatePolicy::decide;
  DuplicateSettings duplicates;
};

// The indexes of all `count` features: a store that holds them all.
std::vector<FeatureIndex> held_features(std::size_t count);

}  // namespace weir
