// The Kafka sink against the embedded broker: delivery, order, lanes, and what happens when the broker refuses.
#include "connectors/kafka/kafka_sink.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
// Behind rdkafka.h, which it needs and does not include.
#include <map>
#include <set>
#include <string>
#include <thread>

#include <librdkafka/rdkafka_mock.h>

#include "connectors/kafka/embedded_broker.h"
#include "tests/support/kafka_topic.h"
#include "tests/support/sink_lanes.h"

namespace weir {
namespace {

constexpr std::int16_t produce_request = 0;  // ApiKey

std::vector<TestOutput> outputs(std::size_t count, std::size_t first = 0, const std::string& lane = "") {
  std::vector<TestOutput> made;
  for (std::size_t at = first; at < first + count; ++at)
    made.push_back({lane + "key" + std::to_string(at % 5), std::to_string(at), true, true, -1, {}});
  return made;
}

// Values by key, in the order of their offsets; each partition's records come in order.
std::map<std::string, std::vector<int>> values_by_key(const std::vector<TopicRecord>& records) {
  std::map<std::string, std::vector<int>> values;
  for (const TopicRecord& record : records) values[record.key.value_or("")].push_back(std::stoi(record.value.value()));
  return values;
}

// Nothing missing and first occurrences in order: what is promised under faults.
void expect_complete_and_in_order(const std::vector<TopicRecord>& records, std::size_t count) {
  std::set<std::string> distinct;
  for (const TopicRecord& record : records) distinct.insert(record.value.value());
  EXPECT_EQ(distinct.size(), count);
  for (const auto& [key, values] : values_by_key(records)) {
    int newest = -1;
    std::set<int> seen;
    for (const int value : values) {
      if (!seen.insert(value).second) continue;
      EXPECT_GT(value, newest) << key;
      newest = value;
    }
  }
}

class KafkaSinkOnEmbeddedBroker : public testing::Test {
 protected:
  void SetUp() override {
    auto started = EmbeddedBroker::start();
    ASSERT_TRUE(started.ok());
    broker_ = started.take();
    ASSERT_TRUE(broker_->create_topic("decisions", 3).ok());
    settings_.topic = "decisions";
  }

  void open(LaneIndex lanes) {
    sink_ = std::make_unique<KafkaSink>("out", settings_, broker_->address());
    const Status opened = sink_->open(lanes, nullptr, nullptr);
    ASSERT_TRUE(opened.ok()) << opened.error().text;
  }
  // For tests of order under refusals: the embedded broker, which checks no sequence numbers, takes a request behind one that it refused,
  // where a real one refuses that too.
  void send_one_request_at_a_time() { settings_.librdkafka["max.in.flight.requests.per.connection"] = "1"; }
  // The same where a second request would stand behind the first, written and not sent: what is offered in one go is one request of each
  // partition.
  void gather_into_one_request() {
    send_one_request_at_a_time();
    settings_.linger = std::chrono::milliseconds{200};
  }
  void close() { sink_->close(std::chrono::steady_clock::now() + SinkLane::patience); }
  std::vector<TopicRecord> read(std::size_t count) { return KafkaTopicUser(broker_->address()).read("decisions", count); }
  // What is sent again may be there twice, so a number of records says nothing.
  std::vector<TopicRecord> read_all() { return KafkaTopicUser(broker_->address()).read_all("decisions"); }
  void push_errors(const std::vector<rd_kafka_resp_err_t>& codes) {
    rd_kafka_mock_push_request_errors_array(broker_->cluster(), produce_request, codes.size(), codes.data());
  }

  std::unique_ptr<EmbeddedBroker> broker_;
  KafkaSinkSettings settings_;
  std::unique_ptr<KafkaSink> sink_;
};

TEST_F(KafkaSinkOnEmbeddedBroker, DeliversEveryOutputOnceInOrderOfItsKey) {
  open(1);
  SinkLane lane(*sink_, 0);
  for (std::size_t batch = 0; batch < 40; ++batch) lane.add(outputs(50, batch * 50));
  ASSERT_TRUE(lane.deliver_all());
  EXPECT_EQ(lane.acknowledged(), 2'000U);
  const SinkState state = sink_->state();
  EXPECT_TRUE(state.healthy);
  EXPECT_EQ(state.delivered, 2'000U);
  EXPECT_EQ(state.queued, 0U);
  EXPECT_EQ(state.retries, 0U);
  const auto records = read(2'000);
  EXPECT_EQ(records.size(), 2'000U);
  expect_complete_and_in_order(records, 2'000);
  close();
}

TEST_F(KafkaSinkOnEmbeddedBroker, SendsKeysHeadersTimestampsAndTombstonesAsTheyAre) {
  open(1);
  SinkLane lane(*sink_, 0);
  TestOutput full{"k", std::string("a\0b", 3), true, true, 1'700'000'000'123, {{"one", "1"}, {"none", "(null)"}, {"empty", ""}}};
  TestOutput tombstone{"k", "", true, false, -1, {}};
  TestOutput keyless{"", "x", false, true, -1, {}};
  lane.add({full});
  lane.add({tombstone});
  lane.add({keyless});
  ASSERT_TRUE(lane.deliver_all());
  const auto records = read(3);
  ASSERT_EQ(records.size(), 3U);
  for (const TopicRecord& record : records) {
    if (!record.key) {
      EXPECT_EQ(record.value, "x");
    } else if (record.value) {
      EXPECT_EQ(*record.value, std::string("a\0b", 3));
      EXPECT_EQ(record.timestamp_ms, 1'700'000'000'123);
      EXPECT_EQ(record.headers, full.headers);
    } else {
      EXPECT_EQ(*record.key, "k");
    }
  }
  close();
}

TEST_F(KafkaSinkOnEmbeddedBroker, BringsEachLaneItsOwnAcknowledgements) {
  open(3);
  std::vector<std::thread> threads;
  std::array<std::size_t, 3> acknowledged{};
  for (LaneIndex index = 0; index < 3; ++index)
    threads.emplace_back([this, index, &acknowledged] {
      SinkLane lane(*sink_, index);
      for (std::size_t batch = 0; batch < 30; ++batch) {
        lane.add(outputs(20, batch * 20, "lane" + std::to_string(index)));
        lane.turn();
      }
      if (lane.deliver_all()) acknowledged[index] = lane.acknowledged();
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::size_t count : acknowledged) EXPECT_EQ(count, 600U);
  EXPECT_EQ(read(1'800).size(), 1'800U);
  close();
}

TEST_F(KafkaSinkOnEmbeddedBroker, RidesOutErrorsThatTheProducerRepeatsItself) {
  gather_into_one_request();
  open(1);
  push_errors({RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS});
  SinkLane lane(*sink_, 0);
  for (std::size_t batch = 0; batch < 10; ++batch) lane.add(outputs(30, batch * 30));
  ASSERT_TRUE(lane.deliver_all());
  expect_complete_and_in_order(read_all(), 300);
  close();
}

TEST_F(KafkaSinkOnEmbeddedBroker, SendsAgainInOrderWhatAnOutageOfTheTopicStopped) {
  send_one_request_at_a_time();
  settings_.librdkafka["batch.num.messages"] = "20";  // so that much is queued behind the request that is refused
  open(1);
  push_errors(std::vector<rd_kafka_resp_err_t>(4, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED));
  SinkLane lane(*sink_, 0);
  bool was_unhealthy = false;
  std::string error;
  for (std::size_t batch = 0; batch < 20; ++batch) lane.add(outputs(30, batch * 30));
  ASSERT_TRUE(lane.turn_until([&] {
    const SinkState state = sink_->state();
    if (!state.healthy) {
      was_unhealthy = true;
      error = state.last_error;
    }
    return lane.acknowledged() == 600;
  }));
  EXPECT_TRUE(was_unhealthy);
  EXPECT_NE(error.find("`decisions`"), std::string::npos) << error;
  EXPECT_GT(sink_->state().retries, 0U);
  EXPECT_TRUE(sink_->state().healthy);
  expect_complete_and_in_order(read_all(), 600);
  close();
}

TEST_F(KafkaSinkOnEmbeddedBroker, KeepsARejectedOutputWithoutDelayingOthers) {
  settings_.librdkafka["message.max.bytes"] = "2000";
  open(1);
  SinkLane lane(*sink_, 0);
  lane.add({{"big", std::string(5'000, 'x'), true, true, -1, {}}});
  lane.add(outputs(10));
  ASSERT_TRUE(lane.turn_until([&] { return lane.acknowledged() == 10 && sink_->state().retries >= 2; }));
  EXPECT_FALSE(sink_->state().healthy);
  EXPECT_EQ(sink_->state().queued, 1U) << "never dropped";
  EXPECT_EQ(read(10).size(), 10U);
  sink_->close(std::chrono::steady_clock::now());
}

TEST_F(KafkaSinkOnEmbeddedBroker, ReplacesAProducerThatTurnedFatalAndLosesNothing) {
  gather_into_one_request();
  open(1);
  SinkLane lane(*sink_, 0);
  lane.add(outputs(30));
  ASSERT_TRUE(lane.deliver_all());
  push_errors({RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
  for (std::size_t batch = 1; batch < 10; ++batch) lane.add(outputs(30, batch * 30));
  ASSERT_TRUE(lane.turn_until([&] { return !sink_->state().healthy; }));
  for (std::size_t batch = 10; batch < 20; ++batch) {
    lane.add(outputs(30, batch * 30));
    lane.turn();
  }
  ASSERT_TRUE(lane.deliver_all());
  EXPECT_GT(sink_->state().retries, 0U);
  expect_complete_and_in_order(read_all(), 600);
  close();
}

TEST_F(KafkaSinkOnEmbeddedBroker, WaitsForABrokerThatIsDown) {
  open(1);
  SinkLane lane(*sink_, 0);
  rd_kafka_mock_broker_set_down(broker_->cluster(), 1);
  lane.add(outputs(50));
  ASSERT_TRUE(lane.turn_until([&] { return !sink_->state().healthy; }));
  EXPECT_EQ(lane.acknowledged(), 0U);
  rd_kafka_mock_broker_set_up(broker_->cluster(), 1);
  ASSERT_TRUE(lane.deliver_all());
  EXPECT_TRUE(sink_->state().healthy);
  expect_complete_and_in_order(read_all(), 50);
  close();
}

TEST_F(KafkaSinkOnEmbeddedBroker, NamesATopicThatIsMissing) {
  rd_kafka_mock_topic_set_error(broker_->cluster(), "decisions", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  KafkaSink sink("out", settings_, broker_->address());
  const Status opened = sink.open(1, nullptr, nullptr);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().text.find("`decisions`"), std::string::npos) << opened.error().text;
}

TEST_F(KafkaSinkOnEmbeddedBroker, WakesALaneWhenReportsArrive) {
  sink_ = std::make_unique<KafkaSink>("out", settings_, broker_->address());
  std::atomic<int> wakes{0};
  ASSERT_TRUE(sink_
                  ->open(
                      1, [](void* context, LaneIndex) { static_cast<std::atomic<int>*>(context)->fetch_add(1); }, &wakes)
                  .ok());
  const auto batch = make_output_batch(0, outputs(5));
  ASSERT_EQ(sink_->offer(*batch, 0), 5U);
  const auto give_up = std::chrono::steady_clock::now() + SinkLane::patience;
  while (wakes == 0 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  EXPECT_GT(wakes, 0);
  std::vector<Acknowledgement> news;
  while (news.empty() && std::chrono::steady_clock::now() < give_up) sink_->collect(0, news);
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0].batch, batch.get());
  EXPECT_EQ(news[0].count, 5U);
  close();
}

}  // namespace
}  // namespace weir
