// A shard as its lane sees it: its windows, its ack ring, and the position that it tells the source.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/features/feature_store.h"
#include "engine/feedback/feedback_state.h"
#include "engine/pipeline/ack_ring.h"
#include "engine/pipeline/decision_writer.h"
#include "engine/pipeline/duplicates.h"
#include "engine/ports/source.h"

namespace weir {

// How far the shard is safe. The lane writes, the source's thread reads: the offset goes last, so the timestamp is never newer than what it
// belongs to by more than the batch in between, which the replay margin covers.
class PublishedPosition {
 public:
  void publish(const ShardPosition& position) {
    lag_ms_max_.store(position.lag_ms_max, std::memory_order_relaxed);
    timestamp_ms_.store(position.timestamp_ms, std::memory_order_relaxed);
    next_offset_.store(position.next_offset, std::memory_order_release);
  }
  ShardPosition read() const {
    ShardPosition position;
    position.next_offset = next_offset_.load(std::memory_order_acquire);
    position.timestamp_ms = timestamp_ms_.load(std::memory_order_relaxed);
    position.lag_ms_max = lag_ms_max_.load(std::memory_order_relaxed);
    return position;
  }

 private:
  std::atomic<std::int64_t> next_offset_{-1};
  std::atomic<std::int64_t> timestamp_ms_{-1};
  std::atomic<std::int64_t> lag_ms_max_{0};
};

struct Shard {
  Shard(const ShardStart& shard_start, std::shared_ptr<PublishedPosition> shard_position, FeatureStore feature_store)
      : start(shard_start),
        identity(shard_start.name),
        ring(shard_start.live_from),
        store(std::move(feature_store)),
        position(std::move(shard_position)) {}

  ShardStart start;
  ShardIdentity identity;
  AckRing ring;
  FeatureStore store;
  std::unique_ptr<Duplicates> duplicates;   // null: every record is decided
  std::unique_ptr<FeedbackState> feedback;  // none: no rule reads what rules write
  std::shared_ptr<PublishedPosition> position;
  std::int64_t lag_ms_max = 0;
  std::int64_t next_expected = -1;  // offset below which a record was seen already; -1 before the first
  bool paused = false;              // by back-pressure
  std::uint32_t batches_in_flight = 0;
  bool replaying = false;             // keeps the source's gate closed
  std::vector<RecordBatch*> waiting;  // live records, in order, until the gate is open
};

}  // namespace weir
