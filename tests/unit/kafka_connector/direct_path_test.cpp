// What happens to the direct data path when brokers, leaders and records are not as it likes them: nothing is lost, doubled or reordered.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
// Behind rdkafka.h, which it needs and does not include.
#include <mutex>
#include <string>
#include <vector>

#include <librdkafka/rdkafka_mock.h>

#include "connectors/kafka/embedded_broker.h"
#include "connectors/kafka/kafka_source.h"
#include "tests/support/fake_lanes.h"
#include "tests/support/kafka_topic.h"

namespace weir {
namespace {

constexpr std::int16_t fetch_request = 1;  // ApiKey

std::vector<TopicRecord> numbered(std::size_t first, std::size_t count) {
  std::vector<TopicRecord> records;
  for (std::size_t at = first; at < first + count; ++at) {
    TopicRecord record;
    record.key = "key";
    record.value = "value " + std::to_string(at);
    record.partition = 0;
    record.headers = {{"number", std::to_string(at)}};
    records.push_back(record);
  }
  return records;
}

// One lane reads one partition while the test does things to it.
class DirectPath : public testing::Test {
 protected:
  void begin(int brokers) {
    auto started = EmbeddedBroker::start(brokers);
    ASSERT_TRUE(started.ok());
    broker_ = started.take();
    ASSERT_TRUE(broker_->create_topic("payments", 1).ok());
    rd_kafka_mock_partition_set_leader(broker_->cluster(), "payments", 0, 1);
    KafkaSourceSettings settings;
    settings.topics = {"payments"};
    settings.group = "test";
    settings.start = {KafkaStart::Kind::earliest, 0};
    settings.session_timeout = std::chrono::milliseconds{4'000};
    source_ = std::make_unique<KafkaSource>("in", settings, broker_->address(), BatchLimits{}, numbers_, [this](std::string_view text) {
      const std::lock_guard lock(mutex_);
      notices_.emplace_back(text);
    });
    ASSERT_TRUE(source_->start(lanes_, 1).ok());
    running_.emplace(lanes_, *source_);
  }

  void produce(std::size_t count, const std::string& codec = "none") {
    KafkaTopicUser(broker_->address()).produce("payments", numbered(produced_, count), codec);
    produced_ += count;
  }

  // Everything that was produced came, once and in order, and no shard failed.
  void expect_all() {
    ASSERT_TRUE(lanes_.wait_for_records(produced_));
    const std::vector<SeenRecord> seen = lanes_.seen();
    ASSERT_EQ(seen.size(), produced_);
    for (std::size_t at = 0; at < seen.size(); ++at) {
      ASSERT_EQ(seen[at].value, "value " + std::to_string(at));
      ASSERT_EQ(seen[at].headers, (std::vector<std::pair<std::string, std::string>>{{"number", std::to_string(at)}}));
    }
    EXPECT_TRUE(lanes_.failures().empty());
  }

  std::size_t notices_with(const std::string& text) {
    const std::lock_guard lock(mutex_);
    std::size_t found = 0;
    for (const std::string& notice : notices_) found += notice.find(text) != std::string::npos;
    return found;
  }

  std::unique_ptr<EmbeddedBroker> broker_;
  ShardNumbers numbers_;
  std::mutex mutex_;
  std::vector<std::string> notices_;
  FakeLanes lanes_{1};
  std::unique_ptr<KafkaSource> source_;
  std::optional<RunningLanes> running_;
  std::size_t produced_ = 0;
};

TEST_F(DirectPath, GivesAPartitionWithCompressedRecordsToLibrdkafkaWhereItStands) {
  begin(1);
  produce(700);
  expect_all();
  EXPECT_EQ(notices_with("fetched by librdkafka"), 0U);
  EXPECT_EQ(source_->hand_overs(), 0U);
  produce(300, "lz4");
  produce(300);
  expect_all();
  // At 700 or a little later: a batch that does not shrink is sent as it is.
  EXPECT_EQ(notices_with("partition payments-0 is fetched by librdkafka from offset "), 1U);
  EXPECT_EQ(notices_with("on: its records are compressed"), 1U);
  EXPECT_EQ(source_->hand_overs(), 1U);
}

TEST_F(DirectPath, FollowsALeaderThatMoves) {
  begin(2);
  produce(100);
  expect_all();
  for (const std::int32_t leader : {2, 1, 2}) {
    rd_kafka_mock_partition_set_leader(broker_->cluster(), "payments", 0, leader);
    produce(100);
    expect_all();
  }
  EXPECT_EQ(notices_with("fetched by librdkafka"), 0U);
}

TEST_F(DirectPath, ComesBackWhenItsBrokerWasAway) {
  begin(1);
  produce(100);
  expect_all();
  rd_kafka_mock_broker_set_down(broker_->cluster(), 1);
  rd_kafka_mock_broker_set_up(broker_->cluster(), 1);
  produce(100);
  expect_all();
  EXPECT_EQ(notices_with("fetched by librdkafka"), 0U);
}

TEST_F(DirectPath, AsksForItsLeaderAgainAfterErrorsThatPass) {
  begin(1);
  produce(100);
  expect_all();
  const std::vector<rd_kafka_resp_err_t> errors{RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                                                RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR};
  rd_kafka_mock_push_request_errors_array(broker_->cluster(), fetch_request, errors.size(), errors.data());
  produce(100);
  expect_all();
  EXPECT_EQ(notices_with("fetched by librdkafka"), 0U);
}

TEST_F(DirectPath, GivesAPartitionToLibrdkafkaAtAnErrorThatItDoesNotKnow) {
  begin(1);
  produce(100);
  expect_all();
  const std::vector<rd_kafka_resp_err_t> errors{RD_KAFKA_RESP_ERR_UNKNOWN};
  rd_kafka_mock_push_request_errors_array(broker_->cluster(), fetch_request, errors.size(), errors.data());
  produce(100);
  expect_all();
  EXPECT_EQ(notices_with("on: the broker answers with UNKNOWN_SERVER_ERROR (-1)"), 1U);
}

}  // namespace
}  // namespace weir
