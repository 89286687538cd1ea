// One source as a lane sees it: its reader, its shards, and the stages that its batches take.
#pragma once

#include <memory>
#include <unordered_map>

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
        parser(settings.scorer->event(), settings.parse),
        scratch(settings.scorer->make_scratch()),
        writer(settings.scorer->vocabulary(), settings.scorer->event()),
        rules(std::make_shared<RuleCounters>(settings.scorer)) {}

  InputSettings settings;
  LaneReader* reader = nullptr;
  std::unordered_map<ShardIndex, std::unique_ptr<Shard>> shards;
  BatchPool batches;
  JsonParser parser;
  std::unique_ptr<ScorerScratch> scratch;
  DecisionWriter writer;
  std::shared_ptr<RuleCounters> rules;  // of the scorer; replaced with it
};

}  // namespace weir
