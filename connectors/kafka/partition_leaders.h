// Which broker leads each partition, and where it listens.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <librdkafka/rdkafka.h>

#include "connectors/kafka/wire/broker_connection.h"
#include "engine/base/result.h"

namespace weir {

constexpr std::chrono::milliseconds leader_timeout{500};  // of one look-up
constexpr std::chrono::milliseconds leader_pause{50};     // between two

struct PartitionLeaders {
  std::map<std::pair<std::string, std::int32_t>, wire::BrokerAddress> leaders;
  std::map<std::string, std::int32_t> partitions;  // of a topic, with or without a leader
};

// Asks the cluster about `topic`, or, where that is null, about the topics that `client` knows. Partitions without a leader, and leaders
// whose names resolve to nothing, are not in the answer. Of a name with several addresses `attempt` picks one, so that repeated attempts
// come by all of them. `security` is what the leaders' connections are to be opened with.
Result<PartitionLeaders> partition_leaders(rd_kafka_t* client, rd_kafka_topic_t* topic, std::size_t attempt,
                                           std::chrono::milliseconds timeout,
                                           const std::shared_ptr<const wire::ConnectionSecurity>& security);

}  // namespace weir
