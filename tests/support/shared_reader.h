// A FakeReader that a test may feed while a lane's thread reads from it, and that waits as real ones do.
#pragma once

#include <chrono>
#include <mutex>
#include <vector>

#include "engine/base/wake_signal.h"
#include "tests/support/fake_reader.h"

namespace weir::test {

class SharedReader final : public FakeReader {
 public:
  using FakeReader::FakeReader;

  void feed_shared(ShardIndex shard, AssignmentEpoch epoch, std::int64_t offset, const std::vector<Record>& records) {
    {
      const std::lock_guard lock(mutex_);
      feed(shard, epoch, offset, records);
    }
    signal_.notify();
  }
  // An empty batch that says where the shard goes on.
  void end_shared(ShardIndex shard, AssignmentEpoch epoch, std::int64_t next_offset) {
    {
      const std::lock_guard lock(mutex_);
      end(shard, epoch, next_offset);
    }
    signal_.notify();
  }
  // Nothing of any shard that was not handed over yet is handed over any more.
  void drop_all() {
    const std::lock_guard lock(mutex_);
    drop();
  }

  RecordBatch* poll(std::chrono::microseconds wait) override {
    if (RecordBatch* batch = take()) return batch;
    if (wait <= std::chrono::microseconds::zero()) return nullptr;
    signal_.wait_until(std::chrono::steady_clock::now() + wait);
    return take();
  }
  void release(RecordBatch* batch) override {
    const std::lock_guard lock(mutex_);
    FakeReader::release(batch);
  }
  void wake() noexcept override { signal_.notify(); }

 private:
  RecordBatch* take() {
    const std::lock_guard lock(mutex_);
    return FakeReader::poll(std::chrono::microseconds{0});
  }

  std::mutex mutex_;
  WakeSignal signal_;
};

}  // namespace weir::test
