// The Kafka sink: outputs to one topic through one producer.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <librdkafka/rdkafka.h>

#include "connectors/kafka/delivery_id.h"
#include "connectors/kafka/delivery_retries.h"
#include "connectors/kafka/kafka_client.h"
#include "connectors/kafka/kafka_handles.h"
#include "connectors/kafka/kafka_settings.h"
#include "connectors/kafka/partition_leaders.h"
#include "connectors/kafka/socket_watcher.h"
#include "connectors/kafka/wire/sender.h"
#include "engine/base/counter.h"
#include "engine/ports/sink.h"

namespace weir {

// On the direct path each lane sends its outputs itself (wire::Sender), as an idempotent producer of its own with acks=all, and takes the
// answers; a thread of the sink wakes it for them and looks up leaders. A single output that is too large for the topic is sent again
// alone, over librdkafka, with back-off, while the lane goes on. A lane whose sender meets what it does not know goes over to librdkafka
// for good, with everything that is not known to be durable: in order, perhaps with copies, said once.
//
// Over librdkafka, lanes produce straight from their output batches, without a copy of the value, with the idempotent producer (acks=all).
// Whichever lane calls `collect` first serves the delivery reports of all; the others' are left for them and they are woken. A flight is
// what one `offer` took; it is acknowledged as a whole when its last output is durable.
//
// Nothing is dropped: the producer waits for a broker for ever, in order. What it gives up all the same (topic gone, access denied, record
// refused, producer fatal after a disconnect) is kept and sent again by DeliveryRetries.
//
// Trap: the queue limits of a producer are shared by all its topics, so every sink has a producer of its own.
class KafkaSink final : public Sink {
 public:
  // `address` is what to connect to: the settings' brokers, or the embedded broker's.
  KafkaSink(std::string name, KafkaSinkSettings settings, std::string address, KafkaNotice notice = {});
  ~KafkaSink() override;

  Status open(LaneIndex lanes, void (*wake)(void* context, LaneIndex lane), void* context) override;
  std::uint32_t offer(OutputBatch& batch, std::uint32_t first) override;
  void collect(LaneIndex lane, std::vector<Acknowledgement>& into) override;
  SinkState state() const override;
  void close(std::chrono::steady_clock::time_point deadline) override;

 private:
  using Clock = std::chrono::steady_clock;
  // Batches of one lane that wait for their acknowledgement; more are not taken.
  static constexpr std::uint32_t flights_max = 4096;

  struct Flight {
    OutputBatch* batch = nullptr;
    std::uint32_t first = 0;
    std::uint32_t count = 0;  // the lane's: read and written by its thread only
    std::uint64_t sequence = 0;
    std::atomic<std::uint32_t> remaining{0};  // outputs without a delivery; whoever brings it to 0 completes the flight
  };
  struct alignas(64) Lane {
    std::unique_ptr<Flight[]> flights = std::make_unique<Flight[]>(flights_max);
    std::vector<std::uint32_t> free;           // slots in `flights`
    std::vector<rd_kafka_message_t> messages;  // of the call in hand
    std::uint64_t sequence = 0;
    Counter taken;
    // The direct path, while `sender` is there. What other threads touch is under the sink's `leaders_mutex_`.
    std::unique_ptr<wire::Sender> sender;
    LaneIndex number = 0;
    SocketWatcher* watcher = nullptr;
    std::vector<std::uint64_t> durable;       // ids, of the call in hand
    std::vector<wire::RecordHeader> headers;  // likewise
    std::vector<std::uint32_t> done;          // slots of flights to be acknowledged
    Counter delivered;
    Counter hand_overs;  // to librdkafka: 0 or 1
    std::atomic<bool> wants_leaders{false};
    std::atomic<bool> has_leaders{false};
    PartitionLeaders leaders;
    std::atomic<bool> offering{false};
    // Slots of completed flights: one entry for a whole batch, so a mutex is cheap enough.
    std::atomic<bool> any_completed{false};
    std::mutex completed_mutex;
    std::vector<std::uint32_t> completed;
    std::vector<std::uint32_t> collected;  // the lane's side of the swap
  };
  struct EarlyFailure {  // refused by the producer itself
    DeliveryId id = 0;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  };

  bool sends_itself() const;
  void open_senders();
  std::uint32_t send(LaneIndex index, OutputBatch& batch, std::uint32_t first);
  void pump(LaneIndex index);
  void give_up_sender(LaneIndex index);
  void set_leaders(Lane& lane, const PartitionLeaders& found);
  void look_up_leaders();  // the watcher's thread

  KafkaConnection connection() const;
  Status open_producer();
  std::uint32_t produce(Lane& lane, OutputBatch& batch, std::uint32_t first);
  std::uint32_t produce_plain(Lane& lane, const OutputBatch& batch, std::uint32_t first, DeliveryId base);
  std::uint32_t produce_each(const OutputBatch& batch, std::uint32_t first, DeliveryId base);
  rd_kafka_resp_err_t produce_one(const OutputBatch& batch, std::uint32_t index, DeliveryId id);
  void note_early_failure(DeliveryId id, rd_kafka_resp_err_t code);
  void finish(LaneIndex lane, std::uint32_t slot, std::uint32_t outputs);
  static void acknowledge(Lane& lane, std::vector<Acknowledgement>& into);

  // Below: under `draining_`, so by one thread at a time.
  void drain();
  void take_event(rd_kafka_event_t* event);
  void take_reports(rd_kafka_event_t* event);
  void take_failure(DeliveryId id, rd_kafka_resp_err_t code);
  void take_early_failures();
  void retry();
  bool settled();
  bool recreate();
  void send_outage_again();
  rd_kafka_resp_err_t send_again(DeliveryId id);
  void show(const Error& error);
  void show_recovery();
  std::uint64_t order_of(DeliveryId id) const;

  std::string name_;
  KafkaSinkSettings settings_;
  std::string address_;
  std::optional<std::size_t> batch_bytes_max_;  // of the topic, where librdkafka makes the batches and the broker says it
  KafkaNotice notice_;
  void (*wake_)(void*, LaneIndex) = nullptr;
  void* wake_context_ = nullptr;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<LaneIndex> last_offerer_{0};  // woken for delivery reports: most likely they are its own

  KafkaClient client_;  // replaced only while the gate is closed and no lane offers
  KafkaTopic topic_;
  KafkaQueue events_;

  std::atomic<bool> gate_closed_{false};  // closed: nothing new is taken
  std::atomic_flag draining_ = ATOMIC_FLAG_INIT;
  static constexpr LaneIndex no_lane = ~LaneIndex{0};
  std::atomic<LaneIndex> draining_lane_{no_lane};
  DeliveryRetries retries_;
  bool recreate_ = false;  // the producer is finished: replace it once everything is back
  Clock::time_point recreate_at_;
  std::vector<const rd_kafka_message_t*> reports_;
  Counter delivered_;
  Counter retried_;

  std::atomic<bool> early_failure_{false};
  std::mutex early_mutex_;
  std::vector<EarlyFailure> early_failures_;

  std::mutex client_mutex_;  // around the client's replacement, and its use by the watcher
  std::mutex leaders_mutex_;
  std::atomic<bool> sent_directly_{false};                    // since the last look
  std::shared_ptr<const wire::ConnectionSecurity> security_;  // of the lanes' own connections
  std::size_t leader_attempts_ = 0;                           // the watcher's
  Clock::time_point next_leader_attempt_;                     // likewise
  std::unique_ptr<SocketWatcher> watcher_;

  std::atomic<bool> healthy_{true};
  mutable std::mutex error_mutex_;
  std::string last_error_;
};

}  // namespace weir
