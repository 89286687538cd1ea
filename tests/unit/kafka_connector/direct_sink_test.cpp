// Lanes that send by themselves, when brokers, leaders and answers are not as they like them: nothing is lost or reordered.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
// Behind rdkafka.h, which it needs and does not include.
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <librdkafka/rdkafka_mock.h>

#include "connectors/kafka/embedded_broker.h"
#include "connectors/kafka/kafka_sink.h"
#include "tests/support/kafka_topic.h"
#include "tests/support/sink_lanes.h"

namespace weir {
namespace {

constexpr std::int16_t produce_request = 0;  // ApiKey
constexpr std::int16_t identity_request = 22;

class DirectSink : public testing::Test {
 protected:
  void begin(int brokers) {
    auto started = EmbeddedBroker::start(brokers);
    ASSERT_TRUE(started.ok());
    broker_ = started.take();
    ASSERT_TRUE(broker_->create_topic("decisions", 3).ok());
    for (std::int32_t partition = 0; partition < 3; ++partition) lead(partition, 1);
    KafkaSinkSettings settings;
    settings.topic = "decisions";
    sink_ = std::make_unique<KafkaSink>("out", settings, broker_->address(), [this](std::string_view text) {
      const std::lock_guard lock(mutex_);
      notices_.emplace_back(text);
    });
    ASSERT_TRUE(sink_->open(1, nullptr, nullptr).ok());
    lane_.emplace(*sink_, 0);
  }
  void TearDown() override {
    if (sink_) sink_->close(std::chrono::steady_clock::now() + SinkLane::patience);
  }

  void lead(std::int32_t partition, std::int32_t broker) {
    rd_kafka_mock_partition_set_leader(broker_->cluster(), "decisions", partition, broker);
  }
  void push_errors(std::int16_t request, const std::vector<rd_kafka_resp_err_t>& codes) {
    rd_kafka_mock_push_request_errors_array(broker_->cluster(), request, codes.size(), codes.data());
  }
  void add(std::size_t count) {
    std::vector<TestOutput> outputs;
    for (std::size_t at = 0; at < count; ++at, ++added_)
      outputs.push_back({"key" + std::to_string(added_ % 7), std::to_string(added_), true, true, -1, {{"number", std::to_string(added_)}}});
    lane_->add(outputs);
  }
  std::size_t notices_with(const std::string& text) {
    const std::lock_guard lock(mutex_);
    std::size_t found = 0;
    for (const std::string& notice : notices_) found += notice.find(text) != std::string::npos;
    return found;
  }

  // Everything that was added is there, first occurrences in the order of their keys; the number of copies.
  std::size_t expect_complete_and_in_order() {
    const std::vector<TopicRecord> records = KafkaTopicUser(broker_->address()).read_all("decisions");
    std::map<std::string, int> newest;
    std::set<std::string> seen;
    for (const TopicRecord& record : records) {
      if (!seen.insert(*record.value).second) continue;
      EXPECT_EQ(record.headers.at(0).second, *record.value);
      const int value = std::stoi(*record.value);
      const auto [known, first] = newest.try_emplace(*record.key, value);
      EXPECT_TRUE(first || value > known->second) << *record.key;
      known->second = value;
    }
    EXPECT_EQ(seen.size(), added_);
    EXPECT_EQ(lane_->acknowledged(), added_);
    return records.size() - seen.size();
  }

  std::unique_ptr<EmbeddedBroker> broker_;
  std::mutex mutex_;
  std::vector<std::string> notices_;
  std::unique_ptr<KafkaSink> sink_;
  std::optional<SinkLane> lane_;
  std::size_t added_ = 0;
};

TEST_F(DirectSink, SendsEachOutputOnceThroughErrorsThatPass) {
  begin(1);
  push_errors(identity_request, {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS});
  push_errors(produce_request, {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT});
  for (int batch = 0; batch < 20; ++batch) {
    add(50);
    lane_->turn();
  }
  ASSERT_TRUE(lane_->deliver_all());
  EXPECT_EQ(expect_complete_and_in_order(), 0U);
  EXPECT_TRUE(sink_->state().healthy);
  EXPECT_EQ(sink_->state().delivered, 1'000U);
  EXPECT_EQ(sink_->state().hand_overs, 0U);
  EXPECT_GT(notices_with(": NOT_ENOUGH_REPLICAS (19) for partition "), 0U);
  EXPECT_EQ(notices_with("over librdkafka"), 0U);
}

TEST_F(DirectSink, FollowsLeadersThatMove) {
  begin(2);
  add(100);
  ASSERT_TRUE(lane_->deliver_all());
  for (const std::int32_t leader : {2, 1, 2}) {
    for (std::int32_t partition = 0; partition < 3; ++partition) lead(partition, leader);
    add(100);
    ASSERT_TRUE(lane_->deliver_all());
  }
  EXPECT_EQ(expect_complete_and_in_order(), 0U);
  EXPECT_EQ(notices_with("over librdkafka"), 0U);
}

TEST_F(DirectSink, WaitsForABrokerThatIsAwayAndSaysSo) {
  begin(1);
  add(100);
  ASSERT_TRUE(lane_->deliver_all());
  rd_kafka_mock_broker_set_down(broker_->cluster(), 1);
  add(100);
  ASSERT_TRUE(lane_->turn_until([&] { return !sink_->state().healthy; }));
  EXPECT_NE(sink_->state().last_error.find("`out`"), std::string::npos) << sink_->state().last_error;
  EXPECT_EQ(lane_->acknowledged(), 100U);
  rd_kafka_mock_broker_set_up(broker_->cluster(), 1);
  ASSERT_TRUE(lane_->deliver_all());
  ASSERT_TRUE(lane_->turn_until([&] { return sink_->state().healthy; }));
  expect_complete_and_in_order();
  EXPECT_EQ(notices_with("over librdkafka"), 0U);
}

TEST_F(DirectSink, GoesOverToLibrdkafkaAtAnErrorThatItDoesNotKnow) {
  begin(1);
  add(100);
  ASSERT_TRUE(lane_->deliver_all());
  push_errors(produce_request, {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
  for (int batch = 0; batch < 20; ++batch) {
    add(50);
    lane_->turn();
  }
  ASSERT_TRUE(lane_->deliver_all());
  expect_complete_and_in_order();
  EXPECT_EQ(
      notices_with("lane 0 sends over librdkafka from now on: the broker answers with OUT_OF_ORDER_SEQUENCE_NUMBER (45) for partition "),
      1U);
  EXPECT_EQ(sink_->state().hand_overs, 1U);
}

TEST_F(DirectSink, CutsBatchesThatAreTooLargeAndKeepsTheirOrder) {
  begin(1);
  add(400);
  push_errors(produce_request,
              {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  for (int batch = 0; batch < 5; ++batch) {
    lane_->turn();
    add(100);
  }
  ASSERT_TRUE(lane_->deliver_all());
  EXPECT_EQ(expect_complete_and_in_order(), 0U);
  EXPECT_TRUE(sink_->state().healthy);
  EXPECT_EQ(sink_->state().hand_overs, 0U);
}

TEST_F(DirectSink, SendsAnOutputThatIsTooLargeAgainAloneAndStaysDirect) {
  begin(1);
  add(1);
  push_errors(produce_request, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  ASSERT_TRUE(lane_->turn_until([&] { return !sink_->state().healthy; }));
  EXPECT_NE(sink_->state().last_error.find("MSG_SIZE_TOO_LARGE"), std::string::npos) << sink_->state().last_error;
  ASSERT_TRUE(lane_->deliver_all());
  for (int batch = 0; batch < 20; ++batch) {
    add(50);
    lane_->turn();
  }
  ASSERT_TRUE(lane_->deliver_all());
  EXPECT_EQ(expect_complete_and_in_order(), 0U);
  EXPECT_TRUE(sink_->state().healthy);
  EXPECT_GT(sink_->state().retries, 0U);
  EXPECT_EQ(sink_->state().hand_overs, 0U);
}

// What was sent before may have arrived then, so its numbers are not given again.
TEST_F(DirectSink, SendsWithANewIdentityWhatIsTooLargeAfterAnAttemptWhoseFateIsOpen) {
  begin(1);
  for (int round = 0; round < 3; ++round) {
    add(400);
    push_errors(produce_request, {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
    for (int batch = 0; batch < 5; ++batch) {
      lane_->turn();
      add(100);
    }
    ASSERT_TRUE(lane_->deliver_all());
  }
  EXPECT_EQ(expect_complete_and_in_order(), 0U);
  EXPECT_EQ(sink_->state().hand_overs, 0U);
}

TEST_F(DirectSink, PutsKeysWhereOtherClientsPutThem) {
  begin(1);
  ASSERT_TRUE(broker_->create_topic("others", 3).ok());
  std::vector<TestOutput> outputs;
  std::vector<TopicRecord> records;
  for (std::size_t at = 0; at < 300; ++at) {
    const std::string key(at % 29, static_cast<char>(at * 37));
    outputs.push_back({key + std::to_string(at), "x", true, true, -1, {}});
    TopicRecord record;
    record.key = outputs.back().key;
    record.value = "x";
    records.push_back(record);
  }
  lane_->add(outputs);
  ASSERT_TRUE(lane_->deliver_all());
  KafkaTopicUser user(broker_->address());
  user.produce("others", records);
  const auto partitions = [&user](const std::string& topic) {
    std::map<std::string, std::int32_t> of_key;
    for (const TopicRecord& record : user.read(topic, 300)) of_key[*record.key] = record.partition;
    return of_key;
  };
  EXPECT_EQ(partitions("decisions"), partitions("others"));
}

}  // namespace
}  // namespace weir
