// How a lane treats the records of one source.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/features/feature_limits.h"
#include "engine/features/feature_plan.h"
#include "engine/feedback/feedback_limits.h"
#include "engine/feedback/feedback_reach.h"
#include "engine/feedback/feedback_state.h"
#include "engine/parse/json_parser.h"
#include "engine/pipeline/duplicates.h"
#include "engine/pipeline/replay_gate.h"
#include "engine/pipeline/source_links.h"
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
  SourceLinks links;                                                  // of all sources
  ParseLimits parse;
  RecordTypes types;
  FeatureStoreLimits features;
  LatePolicy late = LatePolicy::decide;
  DuplicateSettings duplicates;
  FeedbackLimits feedback;
};

// The indexes of the features that a batch can be added to as a whole: what depends on decisions is held apart (engine/feedback).
std::vector<FeatureIndex> held_features(const Scorer& scorer);

// The state of the keys that are tied to a shard; none where rules read nothing that rules write. Goes on with what it has of `before`.
std::unique_ptr<FeedbackState> make_shard_feedback(const Scorer& scorer, const InputSettings& input, FeedbackBefore before = {});

// How far behind an event's time earlier events can matter to a shard's state, whichever of several rule sets decided them. One thread.
class HistoryReach {
 public:
  // A rule set that decides or has decided some of them: the scorer of `input`.
  void add(const InputSettings& input);
  std::chrono::milliseconds get() const;

 private:
  std::int64_t windows_ms_ = 0;
  FeedbackReach feedback_;
};

// The same for one rule set.
std::chrono::milliseconds history_reach(const InputSettings& input);

}  // namespace weir
