// The Kafka source: one consumer in a group, whose partitions become shards.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>

#include "connectors/kafka/kafka_client.h"
#include "connectors/kafka/kafka_handles.h"
#include "connectors/kafka/kafka_reader.h"
#include "connectors/kafka/kafka_settings.h"
#include "connectors/kafka/offset_committer.h"
#include "connectors/kafka/shard_offsets.h"
#include "engine/base/counter.h"
#include "engine/event/shard_numbers.h"
#include "engine/ports/source.h"

namespace weir {

// The control thread polls the consumer (rebalances, errors), commits what the owner says is safe, and on `stop` gives everything back.
// Shard n is read by lane n modulo lanes. The lanes fetch their partitions themselves, in place, over connections of their own (`wire`):
// librdkafka holds the membership, the commits and the metadata, and has the partitions paused. Where that is not possible (TLS, a login,
// compressed records, properties of librdkafka that the user sets, `data_path: librdkafka`) the lane drains librdkafka's queue of the
// partition; nothing stands between the two.
//
// Trap: cooperative rebalancing is not safe on librdkafka 2.0.2, so the group uses the eager `range` assignor; `group_instance_id` (static
// membership) spares a restarted instance the rebalance.
// Trap: `max.poll.interval.ms` is reset by polling any queue, so it notices neither a hung lane nor a hung control thread.
class KafkaSource final : public Source {
 public:
  // `address` is what to connect to: the settings' brokers, or the embedded broker's. `numbers` outlives the source.
  KafkaSource(std::string name, KafkaSourceSettings settings, std::string address, const BatchLimits& limits, ShardNumbers& numbers,
              KafkaNotice notice = {});
  ~KafkaSource() override;

  Status start(ShardOwner& owner, LaneIndex lanes) override;
  LaneReader& reader(LaneIndex lane) override { return *readers_[lane]; }
  SourceLag lag() const override { return {lag_records_.load(std::memory_order_relaxed)}; }
  std::uint64_t hand_overs() const override { return hand_overs_.get(); }
  bool finished() const override { return false; }
  void stop(std::chrono::steady_clock::time_point deadline) override;

  std::uint64_t stale_records() const;  // dropped because they lay below the position; any thread

 private:
  using Clock = std::chrono::steady_clock;
  struct Assigned {
    ShardIndex shard = 0;
    LaneIndex lane = 0;
    AssignmentEpoch epoch = 0;
    ShardOffsets offsets;
  };
  using Partition = std::pair<std::string, std::int32_t>;

  void run();
  void leave();
  void serve_main_queue(std::chrono::milliseconds wait);
  void rebalance(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions);
  enum class Assignment { by_group, again };  // again: the client has it already
  void assign(const rd_kafka_topic_partition_list_t& partitions, Assignment by);
  std::vector<ShardOffsets> offsets_of(const rd_kafka_topic_partition_list_t& partitions);
  void revoke(bool lost);
  void give_back(bool lost);
  void begin_anew();
  void find_leaders();
  void hand_back();
  void report_failures();
  void commit_positions();
  void measure_lag();
  void error(rd_kafka_resp_err_t code, const char* reason);
  void say(std::string_view text) const;
  Result<std::int32_t> open(LaneIndex lanes);

  std::string name_;
  KafkaSourceSettings settings_;
  std::string address_;
  BatchLimits limits_;
  ShardNumbers& numbers_;
  KafkaNotice notice_;

  ShardOwner* owner_ = nullptr;
  KafkaClient client_;
  std::vector<std::unique_ptr<KafkaReader>> readers_;
  Counter hand_overs_;  // to librdkafka
  std::atomic<std::int64_t> lag_records_{-1};
  std::atomic<bool> stopping_{false};
  std::thread control_;

  // The control thread's (and `stop`'s, before it is told to leave).
  std::map<Partition, Assigned> assigned_;
  std::unique_ptr<OffsetCommitter> committer_;
  AssignmentEpoch epoch_ = 0;
  std::int32_t partitions_ = 0;                                  // of all topics, whoever has them
  std::vector<std::pair<Partition, std::int64_t>> handed_back_;  // paused; librdkafka is to go on there
  bool fetches_itself_ = false;                                  // lanes fetch, over connections with this:
  std::shared_ptr<const wire::ConnectionSecurity> security_;
  std::size_t leader_attempts_ = 0;
  Clock::time_point next_leader_attempt_;
  Clock::time_point leave_by_;
  bool fatal_ = false;
};

}  // namespace weir
