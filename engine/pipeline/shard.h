// A shard as its lane sees it: its windows, its ack ring, and the position that it tells the source.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "engine/features/feature_store.h"
#include "engine/feedback/feedback_state.h"
#include "engine/pipeline/ack_ring.h"
#include "engine/pipeline/decision_writer.h"
#include "engine/pipeline/duplicates.h"
#include "engine/pipeline/published_position.h"
#include "engine/ports/source.h"

namespace weir {

struct RuleStages;

// From `offset` on the shard's records take these stages.
struct ComingStages {
  std::int64_t offset = 0;
  std::shared_ptr<RuleStages> stages;
  // False: the epoch is being written, and a lane that reaches it waits. What one set decided before a crash is never decided by another
  // after it.
  bool durable = true;
};

struct Shard {
  Shard(const ShardStart& shard_start, std::shared_ptr<PublishedPosition> shard_position, std::shared_ptr<RuleStages> rule_stages,
        FeatureStore feature_store)
      : start(shard_start),
        identity(shard_start.name),
        ring(shard_start.live_from),
        stages(std::move(rule_stages)),
        store(std::move(feature_store)),
        position(std::move(shard_position)) {}

  ShardStart start;
  ShardIdentity identity;
  AckRing ring;
  std::shared_ptr<RuleStages> stages;  // of the rule set in force
  FeatureStore store;
  std::unique_ptr<Duplicates> duplicates;   // null: every record is decided
  std::unique_ptr<FeedbackState> feedback;  // none: no rule reads what rules write
  std::shared_ptr<PublishedPosition> position;
  std::deque<ComingStages> coming;                   // ascending
  std::deque<ComingStages> before_proposal;          // `coming` as it was, until a proposal is settled
  std::deque<RecordBatch*> held;                     // handed over, behind what is not durable yet, or a closed gate; in order
  std::chrono::steady_clock::time_point held_since;  // for a version or a bound that is not on disk yet; otherwise 0
  std::int64_t earliest_switch = 0;                  // records below it may have been decided before
  std::int64_t lag_ms_max = 0;
  std::int64_t next_expected = -1;  // offset below which a record was seen already; -1 before the first
  bool paused = false;              // by back-pressure
  std::uint32_t batches_in_flight = 0;
  bool replaying = false;  // keeps the source's gate closed
};

}  // namespace weir
