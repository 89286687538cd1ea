// One source as a lane sees it: its reader, its shards, and the stages that its batches take.
#pragma once

#include <memory>
#include <unordered_map>

#include "engine/feedback/wave_judge.h"
#include "engine/parse/json_parser.h"
#include "engine/pipeline/batch_in_flight.h"
#include "engine/pipeline/decision_writer.h"
#include "engine/pipeline/input_settings.h"
#include "engine/pipeline/rule_counters.h"
#include "engine/pipeline/shard.h"
#include "engine/ports/scorer.h"
#include "engine/ports/source.h"

namespace weir {

struct LaneInput {
  explicit LaneInput(const InputSettings& input_settings)
      : settings(input_settings),
        parser(settings.scorer->event(), settings.parse, settings.types),
        scratch(settings.scorer->make_scratch()),
        writer(settings.scorer->vocabulary(), settings.scorer->event()),
        rules(std::make_shared<RuleCounters>(settings.scorer)),
        feedback(make_feedback(settings, KeyOwner::lane)) {}

  InputSettings settings;
  LaneReader* reader = nullptr;
  std::unordered_map<ShardIndex, std::unique_ptr<Shard>> shards;
  BatchPool batches;
  JsonParser parser;
  std::unique_ptr<ScorerScratch> scratch;
  DecisionWriter writer;
  std::shared_ptr<RuleCounters> rules;  // of the scorer; replaced with it
  WaveJudge judge;                      // where rules read what rules write
  // Of keys that are not tied to a shard: all shards of the lane share it, so there is one lane (see build_service). Usually none.
  std::unique_ptr<FeedbackState> feedback;
};

}  // namespace weir
