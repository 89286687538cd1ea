// Which topics a cluster has, and making one that is missing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectors/kafka/kafka_client.h"
#include "connectors/kafka/kafka_handles.h"
#include "engine/base/result.h"

namespace weir {

// A passing client that asks about topics, and can say why it is not let in.
Result<KafkaClient> open_kafka_visitor(const KafkaConnection& connection, const std::vector<KafkaProperty>& properties);

// A visitor that the brokers have answered. Tries again until `timeout`, unless they refuse it.
Result<KafkaClient> visit_cluster(const KafkaConnection& connection, std::chrono::milliseconds timeout);

// How many partitions `topic` has. Tries again until `timeout`; a topic that does not exist is an error that names it. So is, for a
// visitor, that the brokers do not let it in.
Result<std::int32_t> partition_count(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds timeout);

// Creates `topic` (0 partitions: as many as the broker's default) and waits until it can be seen. One that exists already is fine.
Status create_kafka_topic(rd_kafka_t* client, const std::string& topic, std::int32_t partitions, std::chrono::milliseconds timeout);

// The largest record batch that `topic` takes (its max.message.bytes). Nothing where the broker does not say it, or not to us.
std::optional<std::size_t> largest_batch_bytes(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds timeout);

// Those of `topics` that the cluster does not show, with a passing client of its own that creates none. Tries again until `timeout`; an
// error where the brokers do not answer until then, or do not let us in.
Result<std::vector<std::string>> missing_topics(const KafkaConnection& connection, const std::vector<std::string>& topics,
                                                std::chrono::milliseconds timeout);

}  // namespace weir
