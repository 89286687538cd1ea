#include "connectors/kafka/kafka_topics.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <thread>

#include "connectors/kafka/kafka_errors.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds pause_between_attempts{50};
constexpr std::chrono::milliseconds request_timeout{5'000};

int milliseconds_until(Clock::time_point deadline, std::chrono::milliseconds most) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::clamp(left, std::chrono::milliseconds{1}, most).count());
}

struct TopicAnswer {
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::int32_t partitions = 0;
};

TopicAnswer ask(rd_kafka_t* client, const std::string& topic, int timeout_ms) {
  // As a topic object of the client's own, so that the client remembers the leaders that it learns here.
  const KafkaTopic handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  if (!handle) return {rd_kafka_last_error(), 0};
  const rd_kafka_metadata_t* metadata = nullptr;
  if (const auto code = rd_kafka_metadata(client, 0, handle.get(), &metadata, timeout_ms); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return {code, 0};
  TopicAnswer answer;
  if (metadata->topic_cnt != 1) {
    answer.code = RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
  } else {
    answer = {metadata->topics[0].err, metadata->topics[0].partition_cnt};
    if (answer.code == RD_KAFKA_RESP_ERR_NO_ERROR && answer.partitions == 0) answer.code = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
  }
  rd_kafka_metadata_destroy(metadata);
  return answer;
}

}  // namespace

Result<std::int32_t> partition_count(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  for (;;) {
    const TopicAnswer answer = ask(client, topic, milliseconds_until(deadline, request_timeout));
    if (answer.code == RD_KAFKA_RESP_ERR_NO_ERROR) return answer.partitions;
    if (kafka_error_kind(answer.code) != ErrorKind::retryable || Clock::now() >= deadline)
      return kafka_error("Topic `" + topic + "`", answer.code);
    std::this_thread::sleep_for(pause_between_attempts);
  }
}

Status create_kafka_topic(rd_kafka_t* client, const std::string& topic, std::int32_t partitions, std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  std::array<char, 256> text{};
  const KafkaNewTopic wanted(rd_kafka_NewTopic_new(topic.c_str(), partitions > 0 ? partitions : -1, -1, text.data(), text.size()));
  if (!wanted) return Error{ErrorKind::configuration, "Topic `" + topic + "`: " + text.data()};
  const KafkaAdminOptions options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), milliseconds_until(deadline, std::chrono::hours{1}), nullptr, 0);
  const KafkaQueue queue(rd_kafka_queue_new(client));
  std::array<rd_kafka_NewTopic_t*, 1> topics{wanted.get()};
  rd_kafka_CreateTopics(client, topics.data(), topics.size(), options.get(), queue.get());
  const KafkaEvent event(rd_kafka_queue_poll(queue.get(), milliseconds_until(deadline, std::chrono::hours{1})));
  if (!event) return kafka_error("Topic `" + topic + "` cannot be created", RD_KAFKA_RESP_ERR__TIMED_OUT);
  rd_kafka_resp_err_t code = rd_kafka_event_error(event.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    std::size_t count = 0;
    const rd_kafka_topic_result_t** results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
    if (count == 1) code = rd_kafka_topic_result_error(results[0]);
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    return kafka_error("Topic `" + topic + "` cannot be created", code);
  // The broker that answers a metadata request may learn of the topic a moment later.
  for (;;) {
    const TopicAnswer answer = ask(client, topic, milliseconds_until(deadline, request_timeout));
    if (answer.code == RD_KAFKA_RESP_ERR_NO_ERROR) return success();
    if (Clock::now() >= deadline) return kafka_error("Topic `" + topic + "` was created and is not seen", answer.code);
    std::this_thread::sleep_for(pause_between_attempts);
  }
}

Result<std::vector<std::string>> missing_topics(const KafkaConnection& connection, const std::vector<std::string>& topics,
                                                std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  std::string trouble;  // what the client says of its connections, which tells more than that nobody answers
  Result<KafkaClient> client = open_kafka_client(KafkaRole::consumer, connection, {}, [&trouble](rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_opaque(conf, &trouble);
    rd_kafka_conf_set_error_cb(conf, [](rd_kafka_t*, int code, const char* reason, void* opaque) {
      if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) *static_cast<std::string*>(opaque) = reason;
    });
  });
  if (!client) return client.error();
  for (;;) {
    // All topics: brokers may make one that is asked for by its name.
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto code = rd_kafka_metadata(client.value().get(), 1, nullptr, &metadata, milliseconds_until(deadline, request_timeout));
    rd_kafka_poll(client.value().get(), 0);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      std::set<std::string_view> there;
      for (int at = 0; at < metadata->topic_cnt; ++at) there.insert(metadata->topics[at].topic);
      std::vector<std::string> missing;
      for (const std::string& topic : topics)
        if (!there.contains(topic)) missing.push_back(topic);
      rd_kafka_metadata_destroy(metadata);
      return missing;
    }
    if (kafka_error_kind(code) != ErrorKind::retryable || Clock::now() >= deadline) return kafka_error("connecting", code, trouble);
    std::this_thread::sleep_for(pause_between_attempts);
  }
}

}  // namespace weir
