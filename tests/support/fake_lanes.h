// The engine's side of a source, for tests: lanes that note every record they are given and acknowledge it at once, or when told to.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/ports/source.h"

namespace weir {

struct SeenRecord {
  ShardIndex shard = 0;
  AssignmentEpoch epoch = 0;
  LaneIndex lane = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;
  std::string key;
  std::string value;
  bool has_key = false;
  bool has_value = false;
  std::vector<std::pair<std::string, std::string>> headers;
};

class FakeLanes final : public ShardOwner {
 public:
  static constexpr std::chrono::seconds patience{30};  // how long tests wait for what must come

  explicit FakeLanes(LaneIndex lanes) : lanes_(lanes) {}

  LaneIndex lanes() const { return lanes_; }

  // Settings, before or between steps of a test.
  void set_shares_windows(bool yes) { shares_windows_ = yes; }
  void set_history_reach(std::chrono::milliseconds reach);
  void want_anew();                          // all shards back and assigned again, once
  void acknowledge_automatically(bool yes);  // off: what is seen stays unacknowledged until `acknowledge_all`
  void acknowledge_all();
  void set_paused(ShardIndex shard, bool paused);  // takes effect at the lane's next turn

  // True once `holds` does; false when patience ends first. Called with the lock held.
  bool wait(const std::function<bool()>& holds);
  bool wait_for_records(std::size_t count);
  bool wait_for_shards(std::size_t count);  // assigned now

  std::vector<SeenRecord> seen() const;
  std::vector<SeenRecord> seen(ShardIndex shard) const;
  std::vector<ShardStart> starts() const;  // every assignment, in order
  std::vector<std::pair<ShardIndex, Error>> failures() const;
  std::size_t batches() const;
  std::size_t largest_batch() const;

  std::chrono::milliseconds history_reach() const override;
  bool shares_windows() const override { return shares_windows_; }
  void end_assignment() override;
  bool wants_anew() const override { return wants_anew_; }
  std::size_t assignments() const;  // that have ended
  void assign(const ShardStart& start) override;
  ShardPosition revoke(ShardIndex shard, bool lost, std::chrono::steady_clock::time_point deadline) override;
  ShardPosition position(ShardIndex shard) const override;
  void fail(ShardIndex shard, const Error& error) override;

 private:
  friend class RunningLanes;
  struct Shard {
    ShardStart start;
    ShardPosition position;
    ShardPosition newest;  // seen, maybe not acknowledged
  };

  void run(Source& source);  // one polling thread a lane
  void stop();
  void poll(LaneIndex lane, LaneReader& reader);
  void note(LaneIndex lane, const RecordBatch& batch);

  const LaneIndex lanes_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<ShardIndex, Shard> shards_;
  std::map<ShardIndex, bool> wanted_paused_;
  std::vector<SeenRecord> seen_;
  std::vector<ShardStart> starts_;
  std::vector<std::pair<ShardIndex, Error>> failures_;
  std::chrono::milliseconds history_reach_{0};
  std::size_t batches_ = 0;
  std::size_t largest_batch_ = 0;
  bool shares_windows_ = false;  // set before the source starts
  bool automatic_ = true;
  std::atomic<bool> wants_anew_{false};
  std::size_t assignments_ = 0;
  bool stopping_ = false;
  Source* source_ = nullptr;
  std::vector<std::thread> threads_;
};

// Lanes at work on a source that was started with them: threads from construction to `stop` (or the end of scope), the source's end
// included.
class RunningLanes {
 public:
  RunningLanes(FakeLanes& lanes, Source& source) : lanes_(lanes), source_(source) { lanes_.run(source_); }
  ~RunningLanes() { stop(); }
  void stop() {
    source_.stop(std::chrono::steady_clock::now() + FakeLanes::patience);
    lanes_.stop();
  }

 private:
  FakeLanes& lanes_;
  Source& source_;
};

}  // namespace weir
