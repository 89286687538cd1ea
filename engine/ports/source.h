// The port through which records arrive. A source has a control side (membership, commits; its own thread) and one reader a lane (data).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "engine/base/result.h"
#include "engine/event/record.h"

namespace weir {

// When a batch is handed over: at the first of the three. A window of 0 never waits: a batch is what has arrived.
struct BatchLimits {
  std::size_t records_max = 256;
  std::size_t bytes_max = std::size_t{6} * 1024 * 1024;
  std::chrono::microseconds window{0};
};

// Data side: one lane's view of the source. All calls from that lane's thread except `wake`.
class LaneReader {
 public:
  virtual ~LaneReader() = default;

  // The next batch of one shard of this lane, or null when nothing came within `wait`. The batch and the memory behind its views stay valid
  // until `release`; several may be held at a time.
  virtual RecordBatch* poll(std::chrono::microseconds wait) = 0;
  virtual void release(RecordBatch* batch) = 0;

  // Back-pressure: records of a paused shard stay in the source. What was already fetched may still be handed over once.
  virtual void pause(ShardIndex shard) = 0;
  virtual void resume(ShardIndex shard) = 0;

  // Ends a waiting `poll` early. Any thread.
  virtual void wake() noexcept = 0;
};

// How far a shard is safe. Written by its lane, read by the source's thread.
struct ShardPosition {
  std::int64_t next_offset = -1;   // everything below it is acknowledged; -1: nothing to commit yet
  std::int64_t timestamp_ms = -1;  // the broker's, of the newest acknowledged record
  std::int64_t lag_ms_max = 0;     // the largest (broker's timestamp - event time) seen in the shard, never negative
};

// Where a shard begins. Records from `replay_from` (inclusive) to `live_from` (exclusive) rebuild windows mute: no outputs, no
// acknowledgements.
struct ShardStart {
  ShardIndex shard = 0;
  ShardName name;
  AssignmentEpoch epoch = 0;
  LaneIndex lane = 0;
  std::int64_t replay_from = 0;
  std::int64_t live_from = 0;
  std::int64_t end = -1;  // where the shard ends now: the next record's offset; -1: unknown
};

// What a source calls on the engine, from its control thread. Implemented by the lane group.
class ShardOwner {
 public:
  virtual ~ShardOwner() = default;
  // How far back (in event time) state reaches: a source replays at least that much before the committed offset.
  virtual std::chrono::milliseconds history_reach() const = 0;
  // Shards feed windows together, so each waits for the replays of all. A source whose offsets have holes then says so where the last
  // record below `live_from` is missing (RecordBatch::next_offset).
  virtual bool shares_windows() const { return false; }
  // Around the `assign`s of one assignment, where it may have several shards or none: none goes live before all are there. In pairs.
  virtual void begin_assignment() {}
  virtual void end_assignment() {}
  // Around the `revoke`s of shards that go together: none that is still there goes live because one that was being replayed is gone. In
  // pairs.
  virtual void begin_revocation() {}
  virtual void end_revocation() {}
  // Other sources' shards that fed state together with this one's are gone, so that state has to be built anew: the source revokes all its
  // shards and assigns them again. Asked between two turns of its control thread.
  virtual bool wants_anew() const { return false; }
  // Returns when the lane is ready for the shard's first record.
  virtual void assign(const ShardStart& start) = 0;
  // Returns the final position once the lane has finished the batch in hand and either all its outputs are acknowledged or `deadline` has
  // passed. After that the shard's state is gone. With `lost`, nothing is waited for and the answer must not be committed.
  virtual ShardPosition revoke(ShardIndex shard, bool lost, std::chrono::steady_clock::time_point deadline) = 0;
  // Any time, without blocking the lane.
  virtual ShardPosition position(ShardIndex shard) const = 0;
  // The shard cannot go on (for example: its offsets are out of range). Stops the shard, keeps the service, is shown in the status.
  virtual void fail(ShardIndex shard, const Error& error) = 0;
};

struct SourceLag {
  std::int64_t records = -1;  // -1: unknown
};

class Source {
 public:
  virtual ~Source() = default;

  // Connects and starts the control thread, which assigns shards to `owner`, commits their positions and, on `stop`, revokes them.
  virtual Status start(ShardOwner& owner, LaneIndex lanes) = 0;
  virtual LaneReader& reader(LaneIndex lane) = 0;  // valid after start

  virtual SourceLag lag() const = 0;  // any thread
  // How often a shard went over to the connector's slower path. Any thread.
  virtual std::uint64_t hand_overs() const { return 0; }
  // True once a finite source has handed over everything and committed it.
  virtual bool finished() const = 0;

  // Revokes all shards (flushing up to `deadline`), commits, leaves. Lanes must still be running. Returns after the control thread has
  // ended.
  virtual void stop(std::chrono::steady_clock::time_point deadline) = 0;
};

}  // namespace weir
