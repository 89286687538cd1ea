#include "tests/support/fake_lanes.h"

#include <algorithm>

namespace weir {

void FakeLanes::run(Source& source) {
  source_ = &source;
  for (LaneIndex lane = 0; lane < lanes_; ++lane) threads_.emplace_back([this, lane, &source] { poll(lane, source.reader(lane)); });
}

void FakeLanes::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  for (LaneIndex lane = 0; lane < threads_.size(); ++lane) source_->reader(lane).wake();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void FakeLanes::poll(LaneIndex lane, LaneReader& reader) {
  std::map<ShardIndex, bool> paused;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      for (const auto& [shard, wanted] : wanted_paused_) {
        if (shard % lanes_ != lane) continue;
        if (wanted) reader.pause(shard);  // at every turn: the reader may have got the shard meanwhile
        if (!wanted && paused[shard]) reader.resume(shard);
        paused[shard] = wanted;
      }
    }
    RecordBatch* batch = reader.poll(std::chrono::milliseconds{20});
    if (batch == nullptr) continue;
    note(lane, *batch);
    reader.release(batch);
  }
}

void FakeLanes::note(LaneIndex lane, const RecordBatch& batch) {
  const std::lock_guard lock(mutex_);
  ++batches_;
  largest_batch_ = std::max(largest_batch_, batch.records.size());
  const auto shard = shards_.find(batch.shard);
  if (shard == shards_.end() || shard->second.start.epoch != batch.epoch) return;  // of an earlier assignment
  for (const RecordView& record : batch.records) {
    SeenRecord seen{
        batch.shard,    batch.epoch,      lane, record.offset, record.timestamp_ms, std::string(record.key), std::string(record.value),
        record.has_key, record.has_value, {}};
    for (std::uint32_t at = record.header_first; at < record.header_first + record.header_count; ++at)
      seen.headers.emplace_back(batch.headers[at].name, batch.headers[at].null ? "(null)" : std::string(batch.headers[at].value));
    seen_.push_back(std::move(seen));
    if (record.offset < shard->second.start.live_from) continue;
    shard->second.newest = {record.offset + 1, std::max(shard->second.newest.timestamp_ms, record.timestamp_ms), 0};
  }
  if (automatic_) shard->second.position = shard->second.newest;
  changed_.notify_all();
}

void FakeLanes::set_history_reach(std::chrono::milliseconds reach) {
  const std::lock_guard lock(mutex_);
  history_reach_ = reach;
}

void FakeLanes::acknowledge_automatically(bool yes) {
  const std::lock_guard lock(mutex_);
  automatic_ = yes;
}

void FakeLanes::acknowledge_all() {
  const std::lock_guard lock(mutex_);
  for (auto& [index, shard] : shards_) shard.position = shard.newest;
}

void FakeLanes::set_paused(ShardIndex shard, bool paused) {
  const std::lock_guard lock(mutex_);
  wanted_paused_[shard] = paused;
}

void FakeLanes::want_anew() {
  wants_anew_ = true;
}

void FakeLanes::end_assignment() {
  const std::lock_guard lock(mutex_);
  ++assignments_;
  changed_.notify_all();
}

std::size_t FakeLanes::assignments() const {
  const std::lock_guard lock(mutex_);
  return assignments_;
}

bool FakeLanes::wait(const std::function<bool()>& holds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, holds);
}

bool FakeLanes::wait_for_records(std::size_t count) {
  return wait([this, count] { return seen_.size() >= count; });
}

bool FakeLanes::wait_for_shards(std::size_t count) {
  return wait([this, count] { return shards_.size() == count; });
}

std::vector<SeenRecord> FakeLanes::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

std::vector<SeenRecord> FakeLanes::seen(ShardIndex shard) const {
  const std::lock_guard lock(mutex_);
  std::vector<SeenRecord> of_shard;
  std::copy_if(seen_.begin(), seen_.end(), std::back_inserter(of_shard), [shard](const SeenRecord& one) { return one.shard == shard; });
  return of_shard;
}

std::vector<ShardStart> FakeLanes::starts() const {
  const std::lock_guard lock(mutex_);
  return starts_;
}

std::vector<std::pair<ShardIndex, Error>> FakeLanes::failures() const {
  const std::lock_guard lock(mutex_);
  return failures_;
}

std::size_t FakeLanes::batches() const {
  const std::lock_guard lock(mutex_);
  return batches_;
}

std::size_t FakeLanes::largest_batch() const {
  const std::lock_guard lock(mutex_);
  return largest_batch_;
}

std::chrono::milliseconds FakeLanes::history_reach() const {
  const std::lock_guard lock(mutex_);
  return history_reach_;
}

void FakeLanes::assign(const ShardStart& start) {
  const std::lock_guard lock(mutex_);
  shards_[start.shard] = {start, {}, {}};
  starts_.push_back(start);
  changed_.notify_all();
}

ShardPosition FakeLanes::revoke(ShardIndex shard, bool, std::chrono::steady_clock::time_point) {
  const std::lock_guard lock(mutex_);
  const auto found = shards_.find(shard);
  if (found == shards_.end()) return {};
  const ShardPosition last = found->second.position;
  wants_anew_ = false;
  shards_.erase(found);
  changed_.notify_all();
  return last;
}

ShardPosition FakeLanes::position(ShardIndex shard) const {
  const std::lock_guard lock(mutex_);
  const auto found = shards_.find(shard);
  return found == shards_.end() ? ShardPosition{} : found->second.position;
}

void FakeLanes::fail(ShardIndex shard, const Error& error) {
  const std::lock_guard lock(mutex_);
  failures_.emplace_back(shard, error);
  changed_.notify_all();
}

}  // namespace weir
