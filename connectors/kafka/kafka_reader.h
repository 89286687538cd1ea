// One lane's view of a Kafka source: fetches its partitions itself, or drains the queues that librdkafka fills.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include <librdkafka/rdkafka.h>

#include "connectors/kafka/kafka_handles.h"
#include "connectors/kafka/lane_waker.h"
#include "connectors/kafka/wire/fetcher.h"
#include "engine/event/record_batch_pool.h"
#include "engine/ports/source.h"

namespace weir {

// One partition on its way to its lane.
struct KafkaShard {
  ShardIndex index = 0;
  AssignmentEpoch epoch = 0;
  KafkaQueue queue;                             // librdkafka's, of this partition alone and forwarded nowhere
  std::unique_ptr<wire::FetchedShard> fetched;  // where the lane fetches it itself: then nothing comes through the queue
  std::int64_t next_offset = 0;                 // the first not yet taken

  // The reader's.
  LaneWaker* signal = nullptr;
  std::atomic<bool> ready{true};  // the queue may hold something; set by librdkafka's threads
  bool paused = false;
  bool failed = false;
  OwnedRecordBatch* open = nullptr;  // being filled
  std::chrono::steady_clock::time_point opened_at;
};

// A partition whose records cannot be fetched any more.
struct FetchFailure {
  ShardIndex shard = 0;
  Error error;
};

// A shard that goes on through librdkafka from `offset` on, because the lane cannot fetch it.
struct HandedBack {
  ShardIndex shard = 0;
  AssignmentEpoch epoch = 0;
  std::int64_t offset = 0;
  std::string reason;
};

// `poll`, `release`, `pause` and `resume` are called by the lane, `wake` by anyone, the rest by the source's control thread. A mutex,
// taken once a call and never while waiting, keeps the two apart.
//
// A partition that librdkafka fetches keeps a queue of its own, and a paused one is simply not drained: rd_kafka_pause_partitions would
// throw away what was fetched and fetch it again, which under steady back-pressure doubles the work. How much is fetched ahead is bounded
// by `queued.max.messages.kbytes`.
class KafkaReader final : public LaneReader {
 public:
  // `tells_ends`: says where offsets without a record lead to (RecordBatch::next_offset).
  KafkaReader(rd_kafka_t* client, const BatchLimits& limits, bool tells_ends)
      : client_(client), limits_(limits), tells_ends_(tells_ends), fetcher_(wire::FetchLimits{}) {}

  RecordBatch* poll(std::chrono::microseconds wait) override;
  void release(RecordBatch* batch) override;
  void pause(ShardIndex shard) override;
  void resume(ShardIndex shard) override;
  void wake() noexcept override;

  void add(std::unique_ptr<KafkaShard> shard);
  // Nothing more of the shard is handed over after this. Its queue is let go of by the caller's destroying the answer.
  std::unique_ptr<KafkaShard> remove(ShardIndex shard);
  std::vector<FetchFailure> take_failures();

  // Of shards that the lane fetches itself: those that ask for their leader, who that is, and those that go back to librdkafka.
  std::set<ShardIndex> leaderless();
  void set_leader(ShardIndex shard, const wire::BrokerAddress& leader);
  std::vector<HandedBack> take_handed_back();
  // Where the shard's log ends, as of the last fetch; -1: not known, or librdkafka's to say.
  std::int64_t visible_end(ShardIndex shard);

  std::uint64_t stale_records() const { return stale_records_.load(std::memory_order_relaxed); }  // dropped: below the position

 private:
  using Clock = std::chrono::steady_clock;
  // A lost wake-up would only cost this: all queues are looked at again.
  static constexpr std::chrono::milliseconds sleep_max{100};

  RecordBatch* next_batch();
  bool is_hungry() const;
  void take_fetched(KafkaShard& shard);
  void hand_back(KafkaShard& shard);
  void drain(KafkaShard& shard);
  bool complete(const KafkaShard& shard);
  void take(KafkaShard& shard, const rd_kafka_message_t& message);
  void take_end(KafkaShard& shard, std::int64_t offset);
  void take_headers(OwnedRecordBatch& batch, const rd_kafka_message_t& message, RecordView& record);
  void take_error(KafkaShard& shard, const rd_kafka_message_t& message);
  KafkaShard* find(ShardIndex shard);

  rd_kafka_t* client_;
  BatchLimits limits_;
  bool tells_ends_;
  LaneWaker signal_;
  std::atomic<bool> woken_{false};
  std::atomic<std::uint64_t> stale_records_{0};

  std::mutex mutex_;
  std::vector<std::unique_ptr<KafkaShard>> shards_;
  std::size_t turn_ = 0;  // the shard to begin with, so that none is starved
  Clock::time_point window_ends_;
  RecordBatchPool pool_;
  wire::Fetcher fetcher_;
  std::vector<HandedBack> handed_back_;
  std::vector<pollfd> sockets_;  // the lane's
  std::vector<FetchFailure> failures_;
};

}  // namespace weir
