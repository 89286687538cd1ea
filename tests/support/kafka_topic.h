// A topic as a test sees it from outside: fills it, reads it back, asks for a group's commits. Plain librdkafka, not the connector's code.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weir {

struct TopicRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;  // none: a tombstone
  std::int32_t partition = -1;       // -1: by the key
  std::int64_t timestamp_ms = 0;     // 0: now
  std::vector<std::pair<std::string, std::string>> headers;
  std::int64_t offset = -1;  // of records that were read
};

struct GroupCommit {
  std::int64_t offset = -1;
  std::string metadata;
};

class KafkaTopicUser {
 public:
  explicit KafkaTopicUser(std::string address) : address_(std::move(address)) {}
  const std::string& address() const { return address_; }

  void create(const std::string& topic, std::int32_t partitions);  // through the admin protocol: real brokers only
  // With a largest record batch; the second changes it, soon. Real brokers only.
  void create_limited(const std::string& topic, std::int32_t partitions, std::size_t batch_bytes_max);
  void limit(const std::string& topic, std::size_t batch_bytes_max);
  void remove(const std::string& topic);  // and waits until it is gone: real brokers only
  // Waits until all are durable. `codec`: none, gzip, snappy, lz4 or zstd.
  void produce(const std::string& topic, const std::vector<TopicRecord>& records, const std::string& codec = "none");
  enum class Transaction { committed, aborted };
  void produce_in_transaction(const std::string& topic, const std::vector<TopicRecord>& records, Transaction end);
  std::vector<TopicRecord> read(const std::string& topic, std::size_t count);  // from the beginning, until `count` came
  std::vector<TopicRecord> read_all(const std::string& topic);                 // to what is its end now
  GroupCommit committed(const std::string& group, const std::string& topic, std::int32_t partition);
  void commit(const std::string& group, const std::string& topic, std::int32_t partition, std::int64_t offset);
  void delete_records(const std::string& topic, std::int32_t partition, std::int64_t before);  // real brokers only
  // Polls `committed` until it is `offset`. False when patience ends.
  bool wait_for_commit(const std::string& group, const std::string& topic, std::int32_t partition, std::int64_t offset);

 private:
  std::string address_;
};

}  // namespace weir
