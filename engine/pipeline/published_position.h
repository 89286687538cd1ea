// What a lane and the control side tell each other about a shard, without waiting.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "engine/ports/source.h"

namespace weir {

constexpr std::int64_t no_bound = std::numeric_limits<std::int64_t>::max();

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

  // The lane writes: everything below was handed to its stages; and the rule set in force there.
  void set_decided_below(std::int64_t offset) { decided_below_.store(offset, std::memory_order_release); }
  std::int64_t decided_below() const { return decided_below_.load(std::memory_order_acquire); }
  void set_version(std::uint64_t version) { version_.store(version, std::memory_order_release); }
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  // The control side writes, the lane reads before each batch: it decides nothing at or behind it.
  void set_bound(std::int64_t offset) { bound_.store(offset, std::memory_order_release); }
  std::int64_t bound() const { return bound_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::int64_t> next_offset_{-1};
  std::atomic<std::int64_t> timestamp_ms_{-1};
  std::atomic<std::int64_t> lag_ms_max_{0};
  std::atomic<std::int64_t> decided_below_{-1};
  std::atomic<std::uint64_t> version_{0};
  std::atomic<std::int64_t> bound_{no_bound};
};

}  // namespace weir
