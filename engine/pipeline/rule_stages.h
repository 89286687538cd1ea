// What one rule set's batches go through in one lane: parser, rules, writer, each with its working memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/features/key_encoder.h"
#include "engine/feedback/feedback_state.h"
#include "engine/feedback/wave_judge.h"
#include "engine/parse/json_parser.h"
#include "engine/pipeline/batch_in_flight.h"
#include "engine/pipeline/decision_writer.h"
#include "engine/pipeline/feature_placement.h"
#include "engine/pipeline/input_settings.h"
#include "engine/pipeline/outcome_slots.h"
#include "engine/pipeline/rule_counters.h"
#include "engine/ports/scorer.h"

namespace weir {

// How the home lane finds the owner of a row's key, and what it sends there.
struct RouteKeys {
  explicit RouteKeys(const KeyRoute& route) : encoder(route.by) {}
  KeyEncoder encoder;
  std::vector<ColumnIndex> columns;  // that the route's windows read
};

// Built by whoever prepares a switch, then used by one lane; of a batch in flight other lanes read scorer and placement. Batches keep the
// columns of their rule set, so their pool is part of it.
struct RuleStages {
  // `settings`: of the source; its scorer is not looked at. `slots`: where the rule set's outcomes are counted; without them by number.
  RuleStages(std::shared_ptr<const Scorer> compiled, const InputSettings& settings, std::size_t source_number = 0,
             OutcomeSlots* slots = nullptr);

  // Once, before the first batch: how many lanes share the keys.
  void place(LaneIndex lanes, const InputSettings& settings);

  std::uint64_t version() const { return scorer->vocabulary().version; }

  std::shared_ptr<const Scorer> scorer;
  std::size_t source;
  BatchPool batches;
  JsonParser parser;
  std::unique_ptr<ScorerScratch> scratch;
  DecisionWriter writer;
  std::shared_ptr<RuleCounters> counters;
  std::vector<std::uint8_t> outcome_slots;  // by outcome, into LaneCounters::outcomes
  FeaturePlacement placement;
  std::vector<std::unique_ptr<RouteKeys>> keys;  // by route
  std::vector<FeatureKey> keys_of_features;
  WaveJudge judge;  // where rules read what rules write
  // Of keys that are not tied to a shard: all shards of the lane share it, so there is one lane (see LaneFeedback). Usually none.
  std::shared_ptr<FeedbackState> feedback;
  std::shared_ptr<FeedbackState> joint_feedback;                                             // that several sources feed
  bool shares_feedback() const { return feedback != nullptr || joint_feedback != nullptr; }  // with other shards
  bool feeds_back = false;                                                                   // rules read what rules write
  bool shares = false;  // some windows are fed by all shards of the source
};

}  // namespace weir
