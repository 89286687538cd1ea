#include "bench/kafka/bench_topics.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace weir::bench {
namespace {

constexpr int request_ms = 30'000;

void check(rd_kafka_resp_err_t code, const std::string& what) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) fail(what + ": " + rd_kafka_err2str(code));
}

void check(rd_kafka_error_t* error, const std::string& what) {
  if (error != nullptr) fail(what + ": " + rd_kafka_error_string(error));
}

void delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  check(message->err, "a record of the workload was not delivered");
}

// A topic that has just been made may not have told all of its leaders yet.
bool comes_with_patience(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
         code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__TIMED_OUT;
}

void ask_for_ends(rd_kafka_t* client, rd_kafka_topic_partition_list_t* partitions) {
  constexpr int attempts_max = 50;
  for (int attempt = 1;; ++attempt) {
    for (int i = 0; i < partitions->cnt; ++i) partitions->elems[i].offset = RD_KAFKA_OFFSET_END;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(client, partitions, request_ms);
    for (int i = 0; i < partitions->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) code = partitions->elems[i].err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    if (attempt == attempts_max || !comes_with_patience(code)) fail(std::string("the ends of the topics: ") + rd_kafka_err2str(code));
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
  }
}

}  // namespace

void fail(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  std::exit(70);
}

Client make_client(rd_kafka_type_t type, const Properties& properties, const ConfigurationHook& hook) {
  std::array<char, 512> text;
  rd_kafka_conf_t* configuration = rd_kafka_conf_new();
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(configuration, name.c_str(), value.c_str(), text.data(), text.size()) != RD_KAFKA_CONF_OK) fail(text.data());
  }
  if (hook) hook(configuration);
  rd_kafka_t* client = rd_kafka_new(type, configuration, text.data(), text.size());
  if (client == nullptr) fail(text.data());
  return Client(client);
}

Properties consumer_properties(const std::string& brokers, const std::string& group) {
  return {{"bootstrap.servers", brokers},
          {"group.id", group},
          {"enable.auto.commit", "false"},
          {"enable.auto.offset.store", "false"},
          {"auto.offset.reset", "error"},
          {"session.timeout.ms", "10000"},
          {"heartbeat.interval.ms", "1000"},
          {"fetch.wait.max.ms", "10"},
          {"fetch.min.bytes", "1"},
          {"fetch.error.backoff.ms", "20"},
          {"queued.min.messages", "10000000"},
          {"queued.max.messages.kbytes", "2097151"},
          {"check.crcs", "true"},
          {"isolation.level", "read_committed"},
          {"socket.nagle.disable", "true"},
          {"allow.auto.create.topics", "false"}};
}

Properties producer_properties(const std::string& brokers, int linger_ms) {
  return {{"bootstrap.servers", brokers},           {"acks", "all"},
          {"enable.idempotence", "true"},           {"linger.ms", std::to_string(linger_ms)},
          {"socket.nagle.disable", "true"},         {"message.timeout.ms", "300000"},
          {"partitioner", "murmur2_random"},        {"queue.buffering.max.messages", "1000000"},
          {"queue.buffering.max.kbytes", "1048576"}};
}

void create_topic(const std::string& brokers, const TopicName& topic) {
  const Client client = make_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers}});
  std::array<char, 512> text;
  rd_kafka_NewTopic_t* wanted = rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, 1, text.data(), text.size());
  if (wanted == nullptr) fail(text.data());
  const Queue answers(rd_kafka_queue_new(client.get()));
  rd_kafka_CreateTopics(client.get(), &wanted, 1, nullptr, answers.get());
  rd_kafka_event_t* answer = rd_kafka_queue_poll(answers.get(), request_ms);
  if (answer == nullptr) fail("no answer about topic " + topic.name);
  check(rd_kafka_event_error(answer), "topic " + topic.name);
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer), &count);
  for (std::size_t i = 0; i < count; ++i) check(rd_kafka_topic_result_error(results[i]), "topic " + topic.name);
  rd_kafka_event_destroy(answer);
  rd_kafka_NewTopic_destroy(wanted);
}

void delete_topics(const std::string& brokers, const std::vector<std::string>& names) {
  const Client client = make_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers}});
  std::vector<rd_kafka_DeleteTopic_t*> topics;
  for (const std::string& name : names) topics.push_back(rd_kafka_DeleteTopic_new(name.c_str()));
  const Queue answers(rd_kafka_queue_new(client.get()));
  rd_kafka_DeleteTopics(client.get(), topics.data(), topics.size(), nullptr, answers.get());
  rd_kafka_event_t* answer = rd_kafka_queue_poll(answers.get(), request_ms);
  if (answer == nullptr) fail("no answer about the deletion of topics");
  check(rd_kafka_event_error(answer), "deletion of topics");
  rd_kafka_event_destroy(answer);
  rd_kafka_DeleteTopic_destroy_array(topics.data(), topics.size());
}

TopicEnds::TopicEnds(const std::string& brokers, const std::vector<TopicName>& topics)
    : client_(
          make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers}, {"group.id", "bench-ends"}, {"socket.nagle.disable", "true"}})),
      partitions_(rd_kafka_topic_partition_list_new(8)) {
  for (const TopicName& topic : topics) {
    for (int partition = 0; partition < topic.partitions; ++partition) {
      rd_kafka_topic_partition_list_add(partitions_.get(), topic.name.c_str(), partition);
    }
  }
}

std::int64_t TopicEnds::total() {
  ask_for_ends(client_.get(), partitions_.get());
  std::int64_t total = 0;
  for (int i = 0; i < partitions_->cnt; ++i) total += partitions_->elems[i].offset;
  return total;
}

TopicFiller::TopicFiller(const std::string& brokers, const TopicName& topic, bool in_transaction) {
  Properties properties = producer_properties(brokers, 20);
  if (in_transaction) {
    properties.emplace_back("transactional.id", "fill-" + topic.name);
    properties.emplace_back("transaction.timeout.ms", "600000");
  }
  client_ = make_client(RD_KAFKA_PRODUCER, properties,
                        [](rd_kafka_conf_t* configuration) { rd_kafka_conf_set_dr_msg_cb(configuration, delivered); });
  if (in_transaction) {
    check(rd_kafka_init_transactions(client_.get(), request_ms), "transactions");
    check(rd_kafka_begin_transaction(client_.get()), "begin of the transaction");
  }
  topic_.reset(rd_kafka_topic_new(client_.get(), topic.name.c_str(), nullptr));
}

void TopicFiller::produce(std::string_view key, std::string_view value) {
  void* payload = const_cast<char*>(value.data());  // copied; the interface predates const
  while (rd_kafka_produce(topic_.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, payload, value.size(), key.data(), key.size(),
                          nullptr) != 0) {
    const rd_kafka_resp_err_t code = rd_kafka_last_error();
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) check(code, "produce");
    rd_kafka_poll(client_.get(), 10);
  }
  rd_kafka_poll(client_.get(), 0);
}

void TopicFiller::flush() {
  check(rd_kafka_flush(client_.get(), 300'000), "flush of the workload");
}

void TopicFiller::commit() {
  check(rd_kafka_commit_transaction(client_.get(), 60'000), "commit of the transaction");
}

void read_topic(const std::string& brokers, const TopicName& topic, const std::function<void(const rd_kafka_message_t&)>& take) {
  Properties properties = consumer_properties(brokers, "bench-read");
  properties.emplace_back("enable.partition.eof", "true");
  const Client client = make_client(RD_KAFKA_CONSUMER, properties);
  const PartitionList list(rd_kafka_topic_partition_list_new(topic.partitions));
  for (int partition = 0; partition < topic.partitions; ++partition) {
    rd_kafka_topic_partition_list_add(list.get(), topic.name.c_str(), partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  check(rd_kafka_assign(client.get(), list.get()), "assign of " + topic.name);
  for (int open = topic.partitions; open > 0;) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(client.get(), request_ms);
    if (message == nullptr) fail("nothing more comes from " + topic.name);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      --open;
    } else {
      check(message->err, "read of " + topic.name);
      take(*message);
    }
    rd_kafka_message_destroy(message);
  }
  rd_kafka_consumer_close(client.get());
}

}  // namespace weir::bench
