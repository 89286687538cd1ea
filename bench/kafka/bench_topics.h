// Topics as the benchmark's programs need them: made, filled, counted and read to the end. Failures end the program with a sentence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>

namespace weir::bench {

[[noreturn]] void fail(const std::string& text);

struct KafkaDeleter {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using Client = std::unique_ptr<rd_kafka_t, KafkaDeleter>;
using Topic = std::unique_ptr<rd_kafka_topic_t, KafkaDeleter>;
using Queue = std::unique_ptr<rd_kafka_queue_t, KafkaDeleter>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, KafkaDeleter>;

using Properties = std::vector<std::pair<std::string, std::string>>;
using ConfigurationHook = std::function<void(rd_kafka_conf_t*)>;  // callbacks and the like
Client make_client(rd_kafka_type_t type, const Properties& properties, const ConfigurationHook& hook = {});

// The settings under which engine and echo are compared.
Properties consumer_properties(const std::string& brokers, const std::string& group);
Properties producer_properties(const std::string& brokers, int linger_ms);

struct TopicName {
  std::string name;
  int partitions = 8;
};

void create_topic(const std::string& brokers, const TopicName& topic);
void delete_topics(const std::string& brokers, const std::vector<std::string>& names);

// Counts records without reading them: the ends of all partitions, one request each time.
class TopicEnds {
 public:
  TopicEnds(const std::string& brokers, const std::vector<TopicName>& topics);
  std::int64_t total();

 private:
  Client client_;
  PartitionList partitions_;
};

// Produces records fast, by the partitioner that Java clients use. With a transaction, readers of committed records see nothing until
// `commit`.
class TopicFiller {
 public:
  TopicFiller(const std::string& brokers, const TopicName& topic, bool in_transaction);
  void produce(std::string_view key, std::string_view value);
  void flush();   // returns when everything is acknowledged
  void commit();  // of the transaction

 private:
  Client client_;
  Topic topic_;
};

// Reads what is in the topic now, partition by partition in offset order.
void read_topic(const std::string& brokers, const TopicName& topic, const std::function<void(const rd_kafka_message_t&)>& take);

}  // namespace weir::bench
