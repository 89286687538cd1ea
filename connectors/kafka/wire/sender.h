// Writes one lane's records to the partitions of one topic, in order, over connections of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "connectors/kafka/wire/broker_connection.h"
#include "connectors/kafka/wire/produce_messages.h"
#include "connectors/kafka/wire/record_batch_writer.h"

namespace weir::wire {

// An idempotent producer: with its identity and a sequence number a partition the broker drops what comes twice, so after a lost connection
// the same batch is simply sent again. One request on the way on each connection, with one batch for each partition there; what is added
// meanwhile gathers in the next batches, so the more there is the larger requests get, and nothing waits for more to come. A partition's
// next batch leaves when the one before is durable, so its order is that of `add`.
//
// A batch that is too large for the topic is cut in two until one record remains, which is in `take_refused` then; everything else goes on.
//
// What this code does not know (an error without a rule, an old broker) makes it fail for good; then everything that is not known to be
// durable is in `take_undelivered`, and may be in the topic all the same. One thread.
class Sender {
 public:
  // `watch` is told each new socket once.
  Sender(std::string topic, void (*watch)(void* context, int socket), void* context);
  ~Sender();

  // Of every partition; `partitions` of them has the topic. To be called before anything is added, and when `wants_leaders`.
  struct Leader {
    std::int32_t partition = 0;
    BrokerAddress address;
  };
  void set_leaders(std::int32_t partitions, const std::vector<Leader>& leaders);
  bool wants_leaders() const { return wants_leaders_; }

  // Takes a record under a number of the caller's. Its bytes are copied.
  void add(const RecordToWrite& record, std::uint64_t id);

  // Sends what can be sent, takes what was answered, and appends the numbers of records that are durable now. Never waits.
  void pump(std::vector<std::uint64_t>& delivered);

  // Records that the broker takes in no batch, since the last call, and why: they are the caller's again.
  struct Refused {
    std::uint64_t id = 0;
    ErrorCode error = ErrorCode::none;
  };
  std::vector<Refused> take_refused();

  bool failed() const { return !failure_.empty(); }
  const std::string& failure() const { return failure_; }
  // A connection that was lost, since the last call: what happened.
  std::string take_trouble();
  std::vector<std::uint64_t> take_undelivered();

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t batch_bytes_usual = std::size_t{512} * 1024;
  static constexpr std::size_t batch_bytes_least = std::size_t{1} * 1024;
  // A request is not added to beyond it. With one batch more it stays below what brokers read as one request (100 MiB).
  static constexpr std::size_t request_bytes_max = std::size_t{32} * 1024 * 1024;
  static constexpr std::chrono::milliseconds produce_timeout{10'000};
  static constexpr std::chrono::seconds answer_timeout{15};
  static constexpr std::chrono::milliseconds retry_pause{50};
  static constexpr int refusals_max = 100;                       // connections in a row that were not let in
  static constexpr std::chrono::milliseconds idle_pause{1'000};  // after it, a connection may be closed already

  struct Batch {
    RecordBatchWriter writer;
    std::vector<std::uint64_t> ids;
    bool sealed = false;  // has its sequence number: is sent as it is, however often
    std::int64_t producer_id = -1;
    std::int32_t first_sequence = 0;
    std::uint32_t attempts = 0;
  };
  struct Link;
  struct Partition {
    Link* link = nullptr;
    std::deque<std::unique_ptr<Batch>> batches;  // the first is on the way, or is next
    bool on_the_way = false;
    Clock::time_point not_before;  // a refused batch waits
    std::int32_t next_sequence = 0;
  };

  Batch& open_batch(Partition& partition);
  void request(Link& link, Clock::time_point now);
  void take_answer(Link& link, std::vector<std::uint64_t>& delivered);
  void forget_identity();
  void take_too_large(Partition& partition, ErrorCode error);
  std::unique_ptr<Batch> new_batch();
  void keep_spare(std::unique_ptr<Batch> batch);
  void take_partition(Link& link, const ProduceAnswer::Partition& one, std::vector<std::uint64_t>& delivered);
  void lose(Link& link, std::string what);
  void lose_failed(Link& link);
  void fail(std::string why);

  std::string topic_;
  void (*watch_)(void*, int);
  void* watch_context_;
  std::deque<Partition> partitions_;  // grows in place
  std::vector<std::unique_ptr<Link>> links_;
  ProducerIdentity identity_;
  AnswerMemory memory_;
  std::vector<std::unique_ptr<Batch>> spare_;
  std::vector<Refused> refused_;
  std::size_t batch_bytes_max_ = batch_bytes_usual;  // lower once the topic took no such batch
  std::size_t pending_ = 0;                          // records
  std::uint32_t keyless_ = 0;
  int refusals_ = 0;
  bool wants_leaders_ = true;
  std::string failure_;
  std::string trouble_;

  // Of the call in hand.
  std::string frame_;
  std::vector<BrokerConnection::Piece> pieces_;
  std::vector<ProducedPartition> produced_;
  ProduceAnswer answer_;
};

}  // namespace weir::wire
