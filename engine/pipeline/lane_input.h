// One source as a lane sees it: its reader, its shards, and the stages that its batches take.
#pragma once

#include <memory>
#include <unordered_map>

#include "engine/pipeline/input_settings.h"
#include "engine/pipeline/rule_stages.h"
#include "engine/pipeline/shard.h"
#include "engine/ports/source.h"

namespace weir {

struct LaneInput {
  LaneInput(const InputSettings& input_settings, std::size_t source)
      : settings(input_settings), stages(std::make_shared<RuleStages>(settings.scorer, settings, source)) {
    place(1);
  }

  // Before the lane runs.
  void place(LaneIndex lanes) {
    stages->place(lanes, settings);
    shares_at_start = stages->shares;
  }

  InputSettings settings;
  LaneReader* reader = nullptr;
  std::unordered_map<ShardIndex, std::unique_ptr<Shard>> shards;
  std::shared_ptr<RuleStages> stages;  // for shards that come
  bool shares_at_start = false;        // of the rule set of the settings: any thread may read it
};

}  // namespace weir
