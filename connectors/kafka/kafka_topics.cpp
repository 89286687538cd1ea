#include "connectors/kafka/kafka_topics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <set>
#include <string_view>
#include <thread>

#include "connectors/kafka/kafka_errors.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds pause_between_attempts{50};
constexpr std::chrono::milliseconds request_timeout{5'000};
// Then it is looked at what the client says of its connections. Until then, one broker of several may yet let it in.
constexpr std::chrono::milliseconds first_request_timeout{2'000};

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

// What went wrong with the client's connections last, which tells more than that nobody answers.
struct Trouble {
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string reason;
};

void note_trouble(rd_kafka_t* client, Trouble& trouble) {
  const KafkaQueue events(rd_kafka_queue_get_main(client));
  while (const KafkaEvent event{rd_kafka_queue_poll(events.get(), 0)}) {
    if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR) continue;
    const rd_kafka_resp_err_t code = rd_kafka_event_error(event.get());
    if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) trouble = {code, rd_kafka_event_error_string(event.get())};
  }
}

// Calls `attempt` with a time-out in ms until it gives RD_KAFKA_RESP_ERR_NO_ERROR, or there is no sense in going on: the error then.
template <typename Attempt>
Status attempt_until(Clock::time_point deadline, rd_kafka_t* client, const std::string& what, const Attempt& attempt) {
  Trouble trouble;
  for (std::chrono::milliseconds most = first_request_timeout;; most = std::min(2 * most, request_timeout)) {
    const rd_kafka_resp_err_t code = attempt(milliseconds_until(deadline, most));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return success();
    note_trouble(client, trouble);
    if (kafka_error_kind(code) != ErrorKind::retryable) return kafka_error(what, code);
    const bool too_late = Clock::now() >= deadline;
    if (trouble.code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (too_late || is_refusal(trouble.code, trouble.reason)) return kafka_error(what, trouble.code, trouble.reason);
    } else if (too_late) {
      Error silent = kafka_error(what, code);
      if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT)
        silent.text.append(" Does its port expect this `security.protocol`?");
      return silent;
    }
    std::this_thread::sleep_for(pause_between_attempts);
  }
}

}  // namespace

Result<KafkaClient> open_kafka_visitor(const KafkaConnection& connection, const std::vector<KafkaProperty>& properties) {
  std::vector<KafkaProperty> all = properties;
  // A listener that expects something else closes the connection: worth telling here.
  all.push_back({"log.connection.close", "true"});
  return open_kafka_client(KafkaRole::consumer, connection, all,
                           [](rd_kafka_conf_t* conf) { rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_ERROR); });
}

Result<KafkaClient> visit_cluster(const KafkaConnection& connection, std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  Result<KafkaClient> visitor = open_kafka_visitor(connection, {});
  if (!visitor) return visitor;
  rd_kafka_t* client = visitor.value().get();
  const Status asked = attempt_until(deadline, client, "connecting", [client](int timeout_ms) {
    const rd_kafka_metadata_t* metadata = nullptr;  // of no topic
    const auto code = rd_kafka_metadata(client, 0, nullptr, &metadata, timeout_ms);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_metadata_destroy(metadata);
    return code;
  });
  if (!asked) return asked.error();
  return visitor;
}

Result<std::int32_t> partition_count(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds timeout) {
  TopicAnswer answer;
  const Status asked = attempt_until(Clock::now() + timeout, client, "Topic `" + topic + "`", [&](int timeout_ms) {
    answer = ask(client, topic, timeout_ms);
    return answer.code;
  });
  if (!asked) return asked.error();
  return answer.partitions;
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

std::optional<std::size_t> largest_batch_bytes(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds timeout) {
  const KafkaConfigResource wanted(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const KafkaAdminOptions options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), static_cast<int>(timeout.count()), nullptr, 0);
  const KafkaQueue queue(rd_kafka_queue_new(client));
  std::array<rd_kafka_ConfigResource_t*, 1> resources{wanted.get()};
  rd_kafka_DescribeConfigs(client, resources.data(), resources.size(), options.get(), queue.get());
  const KafkaEvent event(rd_kafka_queue_poll(queue.get(), static_cast<int>(timeout.count())));
  if (!event || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  std::size_t count = 0;
  const auto* answer = rd_kafka_event_DescribeConfigs_result(event.get());
  const rd_kafka_ConfigResource_t** described = rd_kafka_DescribeConfigs_result_resources(answer, &count);
  if (count != 1 || rd_kafka_ConfigResource_error(described[0]) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  const rd_kafka_ConfigEntry_t** entries = rd_kafka_ConfigResource_configs(described[0], &count);
  for (std::size_t at = 0; at < count; ++at) {
    const char* value = rd_kafka_ConfigEntry_value(entries[at]);
    if (value == nullptr || rd_kafka_ConfigEntry_name(entries[at]) != std::string_view("max.message.bytes")) continue;
    std::size_t bytes = 0;
    if (std::from_chars(value, value + std::strlen(value), bytes).ec == std::errc{}) return bytes;
  }
  return {};
}

Result<std::vector<std::string>> missing_topics(const KafkaConnection& connection, const std::vector<std::string>& topics,
                                                std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  const Result<KafkaClient> visitor = open_kafka_visitor(connection, {});
  if (!visitor) return visitor.error();
  rd_kafka_t* client = visitor.value().get();
  std::vector<std::string> missing;
  const Status asked = attempt_until(deadline, client, "connecting", [&](int timeout_ms) {
    // All topics: brokers may make one that is asked for by its name.
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto code = rd_kafka_metadata(client, 1, nullptr, &metadata, timeout_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return code;
    std::set<std::string_view> there;
    for (int at = 0; at < metadata->topic_cnt; ++at) there.insert(metadata->topics[at].topic);
    for (const std::string& topic : topics)
      if (!there.contains(topic)) missing.push_back(topic);
    rd_kafka_metadata_destroy(metadata);
    return code;
  });
  if (!asked) return asked.error();
  return missing;
}

}  // namespace weir
