// Commits offsets for the shards of one consumer: explicit lists, never backwards, one request at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>

#include "connectors/kafka/commit_metadata.h"
#include "connectors/kafka/kafka_handles.h"
#include "engine/base/result.h"

namespace weir {

struct OffsetCommit {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t next_offset = 0;
  CommitMetadata metadata;
};

// The control thread's. Must be destroyed before its client and after the consumer was closed.
class OffsetCommitter {
 public:
  explicit OffsetCommitter(rd_kafka_t* client);

  // A partition begins: nothing below `committed` (or -1) is committed from now on.
  void begin(const std::string& topic, std::int32_t partition, std::int64_t committed);
  // Forgets all partitions; answers to requests on the way no longer count.
  void clear();

  bool busy() const { return busy_; }
  // Sends those that move forward, without waiting. Not while busy.
  void send(const std::vector<OffsetCommit>& commits);
  // Takes the answer of the request on the way, if it is there.
  Status serve();
  // Waits for the request on the way, then for these.
  Status commit_now(const std::vector<OffsetCommit>& commits, std::chrono::steady_clock::time_point deadline);

 private:
  using Partition = std::pair<std::string, std::int32_t>;

  Status take_answer(std::chrono::milliseconds wait);

  rd_kafka_t* client_;
  KafkaQueue answers_;
  std::map<Partition, std::int64_t> committed_;
  bool busy_ = false;
  std::uint64_t generation_ = 0;       // grows with `clear`
  std::uint64_t sent_generation_ = 0;  // of the request on the way
};

}  // namespace weir
