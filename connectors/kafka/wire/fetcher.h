// Fetches the shards of one lane from the leaders of their partitions, over connections of its own, and hands out their records in place.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <poll.h>
#include <string>
#include <vector>

#include "connectors/kafka/wire/broker_connection.h"
#include "connectors/kafka/wire/fetch_messages.h"
#include "connectors/kafka/wire/record_set.h"

namespace weir::wire {

// One partition. The fetcher's, and its owner's under the same lock.
struct FetchedShard {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t fetch_offset = 0;  // where the next request begins

  bool paused = false;
  bool wants_leader = true;  // somebody has to say where its leader is (Fetcher::set_leader)
  std::string give_up;       // not empty: this path cannot go on, for this reason
  std::int64_t visible_end = -1;
  std::deque<RecordSet> sets;  // fetched and not yet read
  std::size_t set_bytes = 0;   // of `sets`

  bool is_hungry() const { return sets.empty() && !paused && give_up.empty(); }

 private:
  friend class Fetcher;
  struct Broker* broker_ = nullptr;
  int leaders_tried_ = 0;  // since the last answer
  std::string refusal_;    // why the last of them did not let us in
};

// One connection a broker, one request on the way on each, which asks for all shards there that are not paused: none starves while another
// has records. The next request leaves when the answer has come, so the broker works while the lane does, but not while
// `ahead_bytes_max` lie here unread. What goes wrong with a connection or a leader makes its shards ask for their leader again; what this
// code does not know (an error, a codec, an old broker) makes it give the shard up. One thread at a time.
class Fetcher {
 public:
  explicit Fetcher(const FetchLimits& limits);
  ~Fetcher();

  void add(FetchedShard& shard);
  void remove(FetchedShard& shard);
  void set_leader(FetchedShard& shard, const BrokerAddress& leader);

  // Takes answers that are there, and sends requests. Never waits.
  void pump();
  // Appends what to wait for: until one of them is ready, `pump` has nothing to do.
  void add_sockets(std::vector<pollfd>& sockets) const;
  // When a throttled connection may go on or an answer is overdue; max where nothing is to come.
  std::chrono::steady_clock::time_point next_turn() const;

 private:
  using Clock = std::chrono::steady_clock;
  // Not answering for so long is a failure, whatever the connection says.
  static constexpr std::chrono::seconds answer_timeout{10};
  static constexpr int leaders_tried_max = 100;

  void take_answer(Broker& broker);
  void take_error(FetchedShard& shard, ErrorCode error);
  void take_partition(Broker& broker, FetchedPartition& one);
  void request(Broker& broker);
  void lose(Broker& broker);

  FetchLimits limits_;
  AnswerMemory memory_;
  std::vector<std::unique_ptr<Broker>> brokers_;
  std::vector<FetchedShard*> shards_;
  FetchAnswer answer_;
  std::vector<FetchPlace> places_;
  std::string frame_;
};

}  // namespace weir::wire
