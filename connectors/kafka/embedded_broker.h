// librdkafka's mock cluster as a broker on loopback: the real protocol, groups and offsets included, nothing to install.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "connectors/kafka/kafka_handles.h"
#include "engine/base/result.h"

struct rd_kafka_mock_cluster_s;

namespace weir {

// For demonstrations and tests: at most 5 MB or 100,000 records a partition are kept, nothing survives the process, no TLS, no lookup by
// timestamp, and a waiting fetch is not woken by new records, so its latency means nothing. Ends with the object. Any thread.
class EmbeddedBroker {
 public:
  static Result<std::unique_ptr<EmbeddedBroker>> start(int brokers = 1);
  ~EmbeddedBroker();

  const std::string& address() const { return address_; }  // "127.0.0.1:port", several joined by commas
  Status create_topic(std::string_view name, std::int32_t partitions);

  // For tests that inject faults.
  rd_kafka_mock_cluster_s* cluster() const { return cluster_; }

 private:
  EmbeddedBroker() = default;

  KafkaClient client_;  // the mock cluster runs in this client's threads
  rd_kafka_mock_cluster_s* cluster_ = nullptr;
  std::string address_;
};

}  // namespace weir
