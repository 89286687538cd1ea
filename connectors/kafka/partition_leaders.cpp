#include "connectors/kafka/partition_leaders.h"

#include <cstring>
#include <memory>
#include <netdb.h>
#include <vector>

#include "connectors/kafka/kafka_errors.h"

namespace weir {
namespace {

std::vector<wire::BrokerAddress> resolve(const char* host, int port) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  if (getaddrinfo(host, service.c_str(), &wanted, &found) != 0) return {};
  std::vector<wire::BrokerAddress> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    wire::BrokerAddress& address = addresses.emplace_back();
    address.name = std::string(host) + ":" + service;
    std::memcpy(&address.address, one->ai_addr, one->ai_addrlen);
    address.address_bytes = one->ai_addrlen;
  }
  freeaddrinfo(found);
  return addresses;
}

}  // namespace

Result<PartitionLeaders> partition_leaders(rd_kafka_t* client, rd_kafka_topic_t* topic, std::size_t attempt,
                                           std::chrono::milliseconds timeout,
                                           const std::shared_ptr<const wire::ConnectionSecurity>& security) {
  const rd_kafka_metadata_t* answer = nullptr;
  if (const auto code = rd_kafka_metadata(client, 0, topic, &answer, static_cast<int>(timeout.count())); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return kafka_error("The partitions' leaders cannot be looked up", code);
  const std::unique_ptr<const rd_kafka_metadata_t, decltype(&rd_kafka_metadata_destroy)> owned(answer, &rd_kafka_metadata_destroy);

  std::map<std::int32_t, wire::BrokerAddress> brokers;
  for (int at = 0; at < answer->broker_cnt; ++at) {
    const rd_kafka_metadata_broker_t& broker = answer->brokers[at];
    std::vector<wire::BrokerAddress> addresses = resolve(broker.host, broker.port);
    if (addresses.empty()) continue;
    wire::BrokerAddress& chosen = brokers[broker.id] = std::move(addresses[attempt % addresses.size()]);
    chosen.security = security;
  }
  PartitionLeaders found_out;
  for (int at = 0; at < answer->topic_cnt; ++at) {
    const rd_kafka_metadata_topic_t& one = answer->topics[at];
    if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR) found_out.partitions[one.topic] = one.partition_cnt;
    for (int each = 0; each < one.partition_cnt; ++each) {
      const rd_kafka_metadata_partition_t& partition = one.partitions[each];
      if (const auto found = brokers.find(partition.leader); found != brokers.end())
        found_out.leaders[{one.topic, partition.id}] = found->second;
    }
  }
  return found_out;
}

}  // namespace weir
