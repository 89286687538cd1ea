// One lane's view of generated payments: batches of what is due by the clock, shard by shard.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/generator/payment_generator.h"
#include "engine/base/byte_buffer.h"
#include "engine/base/wake_signal.h"
#include "engine/event/record_batch_pool.h"
#include "engine/ports/source.h"

namespace weir {

using SteadyNow = std::function<std::chrono::steady_clock::time_point()>;

// A shard of generated payments. The control thread sets the start and opens it; from then on it is the reader's, until it is closed.
struct GeneratorShard {
  enum class State { waiting, open, closed };

  explicit GeneratorShard(const PaymentModel& model) : generator(model) {}

  PaymentGenerator generator;
  ShardIndex number = 0;
  ShardName name;
  AssignmentEpoch epoch = 1;
  LaneIndex lane = 0;
  std::uint64_t end = 0;           // ordinal behind the last payment
  std::uint64_t live_from = 0;     // payments before it are replayed, as fast as they are taken
  double payments_per_second = 0;  // 0: as fast as they are taken
  std::chrono::steady_clock::time_point opened;
  std::atomic<State> state{State::waiting};
  // The reader's own.
  bool paused = false;
  bool ended = false;  // end_of_shard was handed over
};

class GeneratorReader final : public LaneReader {
 public:
  GeneratorReader(BatchLimits limits, SteadyNow now) : limits_(limits), now_(std::move(now)) {}

  void add(GeneratorShard& shard) { shards_.push_back(&shard); }  // before the lane runs

  RecordBatch* poll(std::chrono::microseconds wait) override;
  void release(RecordBatch* batch) override { pool_.give_back(batch); }
  void pause(ShardIndex shard) override { set_paused(shard, true); }
  void resume(ShardIndex shard) override { set_paused(shard, false); }
  void wake() noexcept override { wake_.notify(); }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  void set_paused(ShardIndex shard, bool paused);
  TimePoint due(const GeneratorShard& shard, std::uint64_t ordinal) const;
  TimePoint ready(const GeneratorShard& shard) const;
  RecordBatch* fill(GeneratorShard& shard, TimePoint now);

  BatchLimits limits_;
  SteadyNow now_;
  WakeSignal wake_;
  RecordBatchPool pool_;
  ByteBuffer key_;
  ByteBuffer value_;
  std::vector<GeneratorShard*> shards_;
  std::size_t turn_ = 0;  // the shard that is asked first, so that none starves
};

}  // namespace weir
