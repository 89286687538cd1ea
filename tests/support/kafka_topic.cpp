#include "tests/support/kafka_topic.h"

#include <array>
#include <stdexcept>
#include <thread>

#include <librdkafka/rdkafka.h>

#include "connectors/kafka/kafka_client.h"
#include "connectors/kafka/kafka_handles.h"
#include "connectors/kafka/kafka_topics.h"

#ifdef __clang__
#pragma clang diagnostic ignored "-Wgnu-statement-expression"  // librdkafka's RD_KAFKA_V_ macros
#endif

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds patience{30};
constexpr int patience_ms = 30'000;

void require(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

void require(rd_kafka_resp_err_t code, const std::string& what) {
  require(code == RD_KAFKA_RESP_ERR_NO_ERROR, what + ": " + rd_kafka_err2str(code));
}

KafkaClient open(KafkaRole role, const std::string& address, const std::vector<KafkaProperty>& properties) {
  auto client = open_kafka_client(role, {address, {}, {}}, properties);
  require(client.ok(), client.ok() ? "" : client.error().text);
  return client.take();
}

TopicRecord copy(const rd_kafka_message_t& message) {
  TopicRecord record;
  if (message.key != nullptr) record.key.emplace(static_cast<const char*>(message.key), message.key_len);
  if (message.payload != nullptr) record.value.emplace(static_cast<const char*>(message.payload), message.len);
  record.partition = message.partition;
  record.offset = message.offset;
  record.timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t at = 0; rd_kafka_header_get_all(headers, at, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++at)
      record.headers.emplace_back(name, value == nullptr ? "(null)" : std::string(static_cast<const char*>(value), size));
  }
  return record;
}

// How many were refused at once.
std::size_t produce_each(rd_kafka_t* client, const std::string& topic, const std::vector<TopicRecord>& records) {
  std::size_t failed = 0;
  for (const TopicRecord& record : records) {
    KafkaHeaders headers(rd_kafka_headers_new(record.headers.size()));
    for (const auto& [name, value] : record.headers)
      rd_kafka_header_add(headers.get(), name.c_str(), -1, value == "(null)" ? nullptr : value.data(), static_cast<ssize_t>(value.size()));
    void* value = record.value ? const_cast<char*>(record.value->data()) : nullptr;
    const void* key = record.key ? record.key->data() : nullptr;
    const std::size_t value_size = record.value ? record.value->size() : 0;
    const std::size_t key_size = record.key ? record.key->size() : 0;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__QUEUE_FULL;
    while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      code = rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(record.partition),
                               RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(value, value_size), RD_KAFKA_V_KEY(key, key_size),
                               RD_KAFKA_V_TIMESTAMP(record.timestamp_ms), RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_END);
      if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) rd_kafka_poll(client, 10);
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) static_cast<void>(headers.release());  // the message's now
    failed += code != RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  return failed;
}

}  // namespace

void KafkaTopicUser::create(const std::string& topic, std::int32_t partitions) {
  const KafkaClient client = open(KafkaRole::producer, address_, {});
  const Status created = create_kafka_topic(client.get(), topic, partitions, patience);
  require(created.ok(), created.ok() ? "" : created.error().text);
}

void KafkaTopicUser::create_limited(const std::string& topic, std::int32_t partitions, std::size_t batch_bytes_max) {
  const KafkaClient client = open(KafkaRole::producer, address_, {});
  std::array<rd_kafka_NewTopic_t*, 1> request{rd_kafka_NewTopic_new(topic.c_str(), partitions, -1, nullptr, 0)};
  rd_kafka_NewTopic_set_config(request[0], "max.message.bytes", std::to_string(batch_bytes_max).c_str());
  const KafkaQueue queue(rd_kafka_queue_new(client.get()));
  rd_kafka_CreateTopics(client.get(), request.data(), request.size(), nullptr, queue.get());
  const KafkaEvent event(rd_kafka_queue_poll(queue.get(), patience_ms));
  rd_kafka_NewTopic_destroy(request[0]);
  require(event != nullptr, "create topic: no answer");
  require(rd_kafka_event_error(event.get()), "create topic");
  require(partition_count(client.get(), topic, patience).ok(), "create topic: it is not seen");
}

void KafkaTopicUser::limit(const std::string& topic, std::size_t batch_bytes_max) {
  const KafkaClient client = open(KafkaRole::producer, address_, {});
  std::array<rd_kafka_ConfigResource_t*, 1> request{rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str())};
  rd_kafka_ConfigResource_set_config(request[0], "max.message.bytes", std::to_string(batch_bytes_max).c_str());
  const KafkaQueue queue(rd_kafka_queue_new(client.get()));
  rd_kafka_AlterConfigs(client.get(), request.data(), request.size(), nullptr, queue.get());
  const KafkaEvent event(rd_kafka_queue_poll(queue.get(), patience_ms));
  rd_kafka_ConfigResource_destroy(request[0]);
  require(event != nullptr, "alter topic: no answer");
  require(rd_kafka_event_error(event.get()), "alter topic");
}

void KafkaTopicUser::remove(const std::string& topic) {
  const KafkaClient client = open(KafkaRole::producer, address_, {});
  std::array<rd_kafka_DeleteTopic_t*, 1> request{rd_kafka_DeleteTopic_new(topic.c_str())};
  const KafkaQueue queue(rd_kafka_queue_new(client.get()));
  rd_kafka_DeleteTopics(client.get(), request.data(), request.size(), nullptr, queue.get());
  const KafkaEvent event(rd_kafka_queue_poll(queue.get(), patience_ms));
  rd_kafka_DeleteTopic_destroy(request[0]);
  require(event != nullptr, "delete topic: no answer");
  require(rd_kafka_event_error(event.get()), "delete topic");
  const Clock::time_point give_up = Clock::now() + patience;
  while (partition_count(client.get(), topic, std::chrono::seconds{2}).ok())
    require(Clock::now() < give_up, "topic " + topic + " is not deleted");
}

void KafkaTopicUser::produce(const std::string& topic, const std::vector<TopicRecord>& records, const std::string& codec) {
  const KafkaClient client = open(KafkaRole::producer, address_,
                                  {{"linger.ms", "1"}, {"partitioner", "murmur2_random"}, {"acks", "all"}, {"compression.codec", codec}});
  const std::size_t failed = produce_each(client.get(), topic, records);
  require(rd_kafka_flush(client.get(), patience_ms), "produce to " + topic);
  require(failed == 0, "produce to " + topic + " was refused");
}

void KafkaTopicUser::produce_in_transaction(const std::string& topic, const std::vector<TopicRecord>& records, Transaction end) {
  const KafkaClient client = open(KafkaRole::producer, address_, {{"transactional.id", topic + "-writer"}});
  const auto require_done = [](rd_kafka_error_t* failed, const std::string& what) {
    const KafkaErrorObject owned(failed);
    require(!owned, what + ": " + (owned ? rd_kafka_error_string(owned.get()) : ""));
  };
  require_done(rd_kafka_init_transactions(client.get(), patience_ms), "init_transactions");
  require_done(rd_kafka_begin_transaction(client.get()), "begin_transaction");
  require(produce_each(client.get(), topic, records) == 0, "produce to " + topic + " was refused");
  require(rd_kafka_flush(client.get(), patience_ms), "produce to " + topic);
  require_done(end == Transaction::committed ? rd_kafka_commit_transaction(client.get(), patience_ms)
                                             : rd_kafka_abort_transaction(client.get(), patience_ms),
               "end of the transaction");
}

std::vector<TopicRecord> KafkaTopicUser::read(const std::string& topic, std::size_t count) {
  const KafkaClient client = open(KafkaRole::consumer, address_,
                                  {{"group.id", "test-reader"},
                                   {"enable.auto.commit", "false"},
                                   {"fetch.wait.max.ms", "10"},
                                   {"auto.offset.reset", "error"},
                                   {"isolation.level", "read_committed"}});
  const auto partitions = partition_count(client.get(), topic, patience);
  require(partitions.ok(), partitions.ok() ? "" : partitions.error().text);
  const KafkaPartitions list(rd_kafka_topic_partition_list_new(partitions.value()));
  for (std::int32_t partition = 0; partition < partitions.value(); ++partition)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
  require(rd_kafka_assign(client.get(), list.get()), "assign");
  std::vector<TopicRecord> records;
  const Clock::time_point give_up = Clock::now() + patience;
  while (records.size() < count && Clock::now() < give_up) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(client.get(), 100);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) records.push_back(copy(*message));
    rd_kafka_message_destroy(message);
  }
  rd_kafka_consumer_close(client.get());
  return records;
}

std::vector<TopicRecord> KafkaTopicUser::read_all(const std::string& topic) {
  std::int64_t count = 0;
  {
    const KafkaClient client = open(KafkaRole::consumer, address_, {{"group.id", "test-reader"}});
    const auto partitions = partition_count(client.get(), topic, patience);
    require(partitions.ok(), partitions.ok() ? "" : partitions.error().text);
    for (std::int32_t partition = 0; partition < partitions.value(); ++partition) {
      std::int64_t low = 0;
      std::int64_t high = 0;
      require(rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), partition, &low, &high, 10'000), "watermarks");
      count += high - low;
    }
  }
  return read(topic, static_cast<std::size_t>(count));
}

GroupCommit KafkaTopicUser::committed(const std::string& group, const std::string& topic, std::int32_t partition) {
  const KafkaClient client = open(KafkaRole::consumer, address_, {{"group.id", group}});
  const KafkaPartitions list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
  require(rd_kafka_committed(client.get(), list.get(), patience_ms), "committed");
  const rd_kafka_topic_partition_t& one = list->elems[0];
  return {one.offset < 0 ? -1 : one.offset, std::string(static_cast<const char*>(one.metadata), one.metadata_size)};
}

void KafkaTopicUser::commit(const std::string& group, const std::string& topic, std::int32_t partition, std::int64_t offset) {
  const KafkaClient client = open(KafkaRole::consumer, address_, {{"group.id", group}});
  const KafkaPartitions list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  require(rd_kafka_commit(client.get(), list.get(), 0), "commit");
}

void KafkaTopicUser::delete_records(const std::string& topic, std::int32_t partition, std::int64_t before) {
  const KafkaClient client = open(KafkaRole::producer, address_, {});
  const KafkaPartitions list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = before;
  std::array<rd_kafka_DeleteRecords_t*, 1> request{rd_kafka_DeleteRecords_new(list.get())};
  const KafkaQueue queue(rd_kafka_queue_new(client.get()));
  rd_kafka_DeleteRecords(client.get(), request.data(), request.size(), nullptr, queue.get());
  const KafkaEvent event(rd_kafka_queue_poll(queue.get(), patience_ms));
  rd_kafka_DeleteRecords_destroy(request[0]);
  require(event != nullptr, "delete records: no answer");
  require(rd_kafka_event_error(event.get()), "delete records");
}

bool KafkaTopicUser::wait_for_commit(const std::string& group, const std::string& topic, std::int32_t partition, std::int64_t offset) {
  const Clock::time_point give_up = Clock::now() + patience;
  while (Clock::now() < give_up)
    if (committed(group, topic, partition).offset == offset) return true;
  return false;
}

}  // namespace weir
