// A lane's reader over records in memory, handed over in batches of a chosen size.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/base/arena.h"
#include "engine/ports/source.h"

namespace weir::test {

class FakeReader : public LaneReader {
 public:
  struct Record {
    std::string key;
    std::string value;
    std::int64_t timestamp_ms = 1000;
  };

  explicit FakeReader(std::size_t batch_size = 256) : batch_size_(batch_size) {}

  // Queues records of a shard from `offset` on; batches never cross two calls.
  void feed(ShardIndex shard, AssignmentEpoch epoch, std::int64_t offset, const std::vector<Record>& records) {
    for (std::size_t begin = 0; begin < records.size(); begin += batch_size_) {
      auto held = std::make_unique<Held>();
      held->batch.shard = shard;
      held->batch.epoch = epoch;
      for (std::size_t index = begin; index < std::min(records.size(), begin + batch_size_); ++index) {
        RecordView view;
        view.key = held->arena.copy(records[index].key);
        view.value = held->arena.copy(records[index].value);
        view.offset = offset + static_cast<std::int64_t>(index);
        view.timestamp_ms = records[index].timestamp_ms;
        view.has_key = true;
        view.has_value = true;
        held->batch.records.push_back(view);
      }
      queue_.push_back(std::move(held));
    }
  }

  RecordBatch* poll(std::chrono::microseconds) override {
    if (queue_.empty()) return nullptr;
    handed_over_.push_back(std::move(queue_.front()));
    queue_.pop_front();
    return &handed_over_.back()->batch;
  }
  void release(RecordBatch* batch) override {
    std::erase_if(handed_over_, [&](const auto& held) { return &held->batch == batch; });
    ++released;
  }
  void pause(ShardIndex shard) override { paused.insert(shard); }
  void resume(ShardIndex shard) override { paused.erase(shard); }
  void wake() noexcept override {}

  void end(ShardIndex shard, AssignmentEpoch epoch, std::int64_t next_offset) {
    auto held = std::make_unique<Held>();
    held->batch.shard = shard;
    held->batch.epoch = epoch;
    held->batch.next_offset = next_offset;
    queue_.push_back(std::move(held));
  }
  void drop() { queue_.clear(); }
  std::size_t waiting() const { return queue_.size(); }  // batches that were not asked for yet

  std::set<ShardIndex> paused;
  std::size_t released = 0;

 private:
  struct Held {
    Arena arena;
    RecordBatch batch;
  };
  std::size_t batch_size_;
  std::deque<std::unique_ptr<Held>> queue_;
  std::vector<std::unique_ptr<Held>> handed_over_;
};

}  // namespace weir::test
