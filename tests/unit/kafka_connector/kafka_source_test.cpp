// The Kafka source against the embedded broker, by either data path: consume, commit, resume, share out, hold back, stop.
#include "connectors/kafka/kafka_source.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
// Behind rdkafka.h, which it needs and does not include.
#include <array>
#include <atomic>
#include <string>

#include <librdkafka/rdkafka_mock.h>

#include "connectors/kafka/embedded_broker.h"
#include "tests/support/fake_lanes.h"
#include "tests/support/kafka_topic.h"

namespace weir {
namespace {

std::vector<TopicRecord> numbered(std::size_t count, std::int32_t partition, std::size_t first = 0) {
  std::vector<TopicRecord> records;
  for (std::size_t at = first; at < first + count; ++at) {
    TopicRecord record;
    record.key = "key" + std::to_string(at % 7);
    record.value = "value " + std::to_string(at);
    record.partition = partition;
    records.push_back(record);
  }
  return records;
}

class KafkaSourceOnEmbeddedBroker : public testing::TestWithParam<KafkaDataPath> {
 protected:
  void SetUp() override {
    auto started = EmbeddedBroker::start();
    ASSERT_TRUE(started.ok());
    broker_ = started.take();
    settings_.data_path = GetParam();
    settings_.topics = {"payments"};
    settings_.group = "test";
    settings_.start = {KafkaStart::Kind::earliest, 0};
    settings_.commit_interval = std::chrono::milliseconds{10};
    settings_.session_timeout = std::chrono::milliseconds{4'000};  // longer than the embedded broker's first join takes
  }

  std::unique_ptr<KafkaSource> source() { return std::make_unique<KafkaSource>("in", settings_, broker_->address(), limits_, numbers_); }
  KafkaTopicUser topic() { return KafkaTopicUser(broker_->address()); }

  std::unique_ptr<EmbeddedBroker> broker_;
  KafkaSourceSettings settings_;
  BatchLimits limits_;
  ShardNumbers numbers_;
};

TEST_P(KafkaSourceOnEmbeddedBroker, HandsOverEveryRecordOnceAndInOrder) {
  ASSERT_TRUE(broker_->create_topic("payments", 4).ok());
  for (std::int32_t partition = 0; partition < 4; ++partition) topic().produce("payments", numbered(1'000, partition));
  FakeLanes lanes(2);
  auto reading = source();
  ASSERT_TRUE(reading->start(lanes, 2).ok());
  RunningLanes running(lanes, *reading);
  ASSERT_TRUE(lanes.wait_for_records(4'000));
  for (ShardIndex shard = 0; shard < 4; ++shard) {
    const auto seen = lanes.seen(shard);
    ASSERT_EQ(seen.size(), 1'000U);
    for (std::size_t at = 0; at < seen.size(); ++at) {
      ASSERT_EQ(seen[at].offset, static_cast<std::int64_t>(at));
      ASSERT_EQ(seen[at].value, "value " + std::to_string(at));
      ASSERT_EQ(seen[at].key, "key" + std::to_string(at % 7));
      ASSERT_EQ(seen[at].lane, shard % 2);
    }
  }
  EXPECT_LE(lanes.largest_batch(), limits_.records_max);
  running.stop();
}

TEST_P(KafkaSourceOnEmbeddedBroker, SaysNothingOfThePartitionsEndWhereNoOffsetIsMissing) {
  ASSERT_TRUE(broker_->create_topic("payments", 1).ok());
  FakeLanes lanes(1);
  lanes.set_shares_windows(true);
  auto reading = source();
  ASSERT_TRUE(reading->start(lanes, 1).ok());
  RunningLanes running(lanes, *reading);
  for (std::size_t count = 1; count <= 10; ++count) {
    topic().produce("payments", numbered(1, 0, count - 1));
    ASSERT_TRUE(lanes.wait_for_records(count));
  }
  EXPECT_EQ(lanes.batches(), 10U);
  EXPECT_EQ(lanes.seen().back().offset, 9);
  running.stop();
}

TEST_P(KafkaSourceOnEmbeddedBroker, CommitsWhatIsAcknowledgedAndResumesThere) {
  ASSERT_TRUE(broker_->create_topic("payments", 1).ok());
  topic().produce("payments", numbered(100, 0));
  {
    FakeLanes lanes(1);
    auto reading = source();
    ASSERT_TRUE(reading->start(lanes, 1).ok());
    RunningLanes running(lanes, *reading);
    ASSERT_TRUE(lanes.wait_for_records(100));
    EXPECT_TRUE(topic().wait_for_commit("test", "payments", 0, 100));
    lanes.acknowledge_automatically(false);
    topic().produce("payments", numbered(50, 0, 100));
    ASSERT_TRUE(lanes.wait_for_records(150));
    running.stop();
  }
  EXPECT_EQ(topic().committed("test", "payments", 0).offset, 100) << "unacknowledged records are not committed";
  FakeLanes lanes(1);
  auto reading = source();
  ASSERT_TRUE(reading->start(lanes, 1).ok());
  RunningLanes running(lanes, *reading);
  ASSERT_TRUE(lanes.wait_for_records(50));
  EXPECT_EQ(lanes.seen().front().offset, 100);
  EXPECT_EQ(lanes.starts().front().live_from, 100);
  running.stop();
  EXPECT_EQ(topic().committed("test", "payments", 0).offset, 150) << "the last positions are committed on stop";
}

TEST_P(KafkaSourceOnEmbeddedBroker, CommitsItsChoiceOfStartBeforeTheFirstRecord) {
  ASSERT_TRUE(broker_->create_topic("payments", 1).ok());
  topic().produce("payments", numbered(10, 0));
  settings_.start = {KafkaStart::Kind::latest, 0};
  FakeLanes lanes(1);
  lanes.acknowledge_automatically(false);
  auto reading = source();
  ASSERT_TRUE(reading->start(lanes, 1).ok());
  RunningLanes running(lanes, *reading);
  ASSERT_TRUE(lanes.wait_for_shards(1));
  EXPECT_TRUE(topic().wait_for_commit("test", "payments", 0, 10));
  EXPECT_EQ(topic().committed("test", "payments", 0).metadata, "weir1 timestamp_ms=-1 lag_ms=0 origin=10");
  running.stop();
}

TEST_P(KafkaSourceOnEmbeddedBroker, ReplaysFromTheStartOfTheLogWhereTimeCannotBeLookedUp) {
  ASSERT_TRUE(broker_->create_topic("payments", 1).ok());
  topic().produce("payments", numbered(40, 0));
  topic().commit("test", "payments", 0, 30);
  FakeLanes lanes(1);
  lanes.set_history_reach(std::chrono::hours{1});
  auto reading = source();
  ASSERT_TRUE(reading->start(lanes, 1).ok());
  RunningLanes running(lanes, *reading);
  ASSERT_TRUE(lanes.wait_for_records(40));
  EXPECT_EQ(lanes.starts().front().replay_from, 0);
  EXPECT_EQ(lanes.starts().front().live_from, 30);
  EXPECT_TRUE(topic().wait_for_commit("test", "payments", 0, 40));
  running.stop();
}

TEST_P(KafkaSourceOnEmbeddedBroker, KeepsARecordsKeyHeadersTimestampAndTombstone) {
  ASSERT_TRUE(broker_->create_topic("payments", 1).ok());
  TopicRecord full;
  full.key = "";
  full.value = std::string("a\0b", 3);
  full.partition = 0;
  full.timestamp_ms = 1'700'000'000'123;
  full.headers = {{"trace", "abc"}, {"empty", ""}, {"none", "(null)"}};
  TopicRecord tombstone;
  tombstone.partition = 0;
  TopicRecord empty;
  empty.partition = 0;
  empty.value = "";
  topic().produce("payments", {full, tombstone, empty});
  FakeLanes lanes(1);
  auto reading = source();
  ASSERT_TRUE(reading->start(lanes, 1).ok());
  RunningLanes running(lanes, *reading);
  ASSERT_TRUE(lanes.wait_for_records(3));
  const auto seen = lanes.seen();
  EXPECT_TRUE(seen[0].has_key);
  EXPECT_EQ(seen[0].key, "");
  EXPECT_EQ(seen[0].value, std::string("a\0b", 3));
  EXPECT_EQ(seen[0].timestamp_ms, 1'700'000'000'123);
  EXPECT_EQ(seen[0].headers, full.headers);
  EXPECT_FALSE(seen[1].has_value);
  EXPECT_FALSE(seen[1].has_key);
  EXPECT_TRUE(seen[2].has_value);
  EXPECT_EQ(seen[2].value, "");
  running.stop();
}

TEST_P(KafkaSourceOnEmbeddedBroker, HoldsAPausedShardBackAndLosesNothing) {
  ASSERT_TRUE(broker_->create_topic("payments", 2).ok());
  FakeLanes lanes(1);
  lanes.set_paused(0, true);
  auto reading = source();
  ASSERT_TRUE(reading->start(lanes, 1).ok());
  RunningLanes running(lanes, *reading);
  ASSERT_TRUE(lanes.wait_for_shards(2));
  topic().produce("payments", numbered(10, 1));
  ASSERT_TRUE(lanes.wait_for_records(10));  // by now the lane has applied the pause
  lanes.set_paused(0, false);
  topic().produce("payments", numbered(10, 0));
  ASSERT_TRUE(lanes.wait_for_records(20));
  lanes.set_paused(0, true);
  topic().produce("payments", numbered(10, 1, 10));
  ASSERT_TRUE(lanes.wait_for_records(30));
  topic().produce("payments", numbered(500, 0, 10));
  topic().produce("payments", numbered(10, 1, 20));
  ASSERT_TRUE(lanes.wait_for_records(40));
  EXPECT_EQ(lanes.seen(0).size(), 10U) << "a paused shard is not handed over";
  EXPECT_TRUE(topic().wait_for_commit("test", "payments", 1, 30)) << "its neighbour goes on";
  lanes.set_paused(0, false);
  ASSERT_TRUE(lanes.wait_for_records(540));
  const auto seen = lanes.seen(0);
  for (std::size_t at = 0; at < seen.size(); ++at) ASSERT_EQ(seen[at].value, "value " + std::to_string(at));
  running.stop();
}

TEST_P(KafkaSourceOnEmbeddedBroker, FillsABatchUpToItsLimitsWithinItsWindow) {
  ASSERT_TRUE(broker_->create_topic("payments", 1).ok());
  topic().produce("payments", numbered(1'000, 0));
  limits_.records_max = 100;
  limits_.window = std::chrono::minutes{5};  // never ends in this test: only full batches come
  FakeLanes lanes(1);
  auto reading = source();
  ASSERT_TRUE(reading->start(lanes, 1).ok());
  RunningLanes running(lanes, *reading);
  ASSERT_TRUE(lanes.wait_for_records(1'000));
  EXPECT_EQ(lanes.batches(), 10U);
  EXPECT_EQ(lanes.largest_batch(), 100U);
  running.stop();
}

TEST_P(KafkaSourceOnEmbeddedBroker, HandsAnUnfinishedBatchOverWhenItsWindowEnds) {
  ASSERT_TRUE(broker_->create_topic("payments", 1).ok());
  topic().produce("payments", numbered(7, 0));
  limits_.window = std::chrono::milliseconds{50};
  FakeLanes lanes(1);
  auto reading = source();
  ASSERT_TRUE(reading->start(lanes, 1).ok());
  RunningLanes running(lanes, *reading);
  EXPECT_TRUE(lanes.wait_for_records(7));
  running.stop();
}

TEST_P(KafkaSourceOnEmbeddedBroker, FailsAShardWhoseCommitLiesOutsideOfTheLog) {
  ASSERT_TRUE(broker_->create_topic("payments", 2).ok());
  topic().produce("payments", numbered(10, 0));
  topic().produce("payments", numbered(10, 1));
  topic().commit("test", "payments", 0, 5'000);
  FakeLanes lanes(1);
  auto reading = source();
  ASSERT_TRUE(reading->start(lanes, 1).ok());
  RunningLanes running(lanes, *reading);
  ASSERT_TRUE(lanes.wait_for_records(10));
  const auto failures = lanes.failures();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].first, 0U);
  EXPECT_NE(failures[0].second.text.find("5000 lies outside"), std::string::npos) << failures[0].second.text;
  EXPECT_TRUE(lanes.seen(0).empty());
  EXPECT_EQ(lanes.seen(1).size(), 10U) << "its neighbour goes on";
  running.stop();
  EXPECT_EQ(topic().committed("test", "payments", 0).offset, 5'000) << "never reset silently";
}

TEST_P(KafkaSourceOnEmbeddedBroker, NamesATopicThatIsMissing) {
  rd_kafka_mock_topic_set_error(broker_->cluster(), "payments", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  FakeLanes lanes(1);
  auto reading = source();
  const Status started = reading->start(lanes, 1);
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().text.find("`payments`"), std::string::npos) << started.error().text;
}

// The embedded broker refuses commits from the moment a member joins until all have joined again (a real one takes them), so every step
// waits until what it counts on is committed. Whatever the group does then, nothing of an earlier step may come again.
TEST_P(KafkaSourceOnEmbeddedBroker, SharesPartitionsWithAnotherInstanceAndTakesThemBack) {
  ASSERT_TRUE(broker_->create_topic("payments", 2).ok());
  const auto step = [this](std::size_t from) {
    topic().produce("payments", numbered(20, 0, from));
    topic().produce("payments", numbered(20, 1, from));
  };
  const auto committed = [this](std::int64_t offset) {
    return topic().wait_for_commit("test", "payments", 0, offset) && topic().wait_for_commit("test", "payments", 1, offset);
  };
  step(0);
  FakeLanes first_lanes(1);
  auto first = source();
  ASSERT_TRUE(first->start(first_lanes, 1).ok());
  RunningLanes first_running(first_lanes, *first);
  ASSERT_TRUE(first_lanes.wait_for_records(40));
  EXPECT_EQ(first_lanes.seen().size(), 40U);
  ASSERT_TRUE(committed(20));
  FakeLanes second_lanes(1);
  ShardNumbers second_numbers;
  KafkaSource second("in", settings_, broker_->address(), limits_, second_numbers);
  ASSERT_TRUE(second.start(second_lanes, 1).ok());
  RunningLanes second_running(second_lanes, second);
  ASSERT_TRUE(second_lanes.wait_for_shards(1));
  ASSERT_TRUE(first_lanes.wait_for_shards(1));
  step(20);
  ASSERT_TRUE(second_lanes.wait_for_records(20));
  ASSERT_TRUE(first_lanes.wait_for_records(60));
  ASSERT_TRUE(committed(40));
  for (const SeenRecord& record : second_lanes.seen()) EXPECT_GE(record.offset, 20) << "committed before the handover";
  const AssignmentEpoch shared = first_lanes.starts().back().epoch;
  EXPECT_GT(shared, first_lanes.starts().front().epoch);
  second_running.stop();
  ASSERT_TRUE(first_lanes.wait_for_shards(2));
  step(40);
  ASSERT_TRUE(committed(60));
  std::array<std::int64_t, 2> next{40, 40};
  for (const SeenRecord& record : first_lanes.seen()) {
    if (record.epoch <= shared) continue;
    EXPECT_EQ(record.offset, next[record.shard]++) << "committed before it was taken back";
  }
  EXPECT_EQ(next, (std::array<std::int64_t, 2>{60, 60}));
  first_running.stop();
}

TEST_P(KafkaSourceOnEmbeddedBroker, TakesItsShardsAnewWhenAskedAndTheGroupHearsNothing) {
  ASSERT_TRUE(broker_->create_topic("payments", 2).ok());
  for (std::int32_t partition = 0; partition < 2; ++partition) topic().produce("payments", numbered(100, partition));
  FakeLanes lanes(2);
  lanes.set_history_reach(std::chrono::hours{1});
  auto reading = source();
  ASSERT_TRUE(reading->start(lanes, 2).ok());
  RunningLanes running(lanes, *reading);
  ASSERT_TRUE(lanes.wait_for_records(200));
  for (std::size_t round = 1; round <= 3; ++round) {
    const std::size_t seen = lanes.seen().size();
    const std::size_t records = 100 + 20 * round;
    lanes.want_anew();
    ASSERT_TRUE(lanes.wait([&] { return !lanes.wants_anew(); }));
    for (std::int32_t partition = 0; partition < 2; ++partition) topic().produce("payments", numbered(20, partition, records - 20));
    ASSERT_TRUE(lanes.wait_for_records(seen + 2 * records)) << round;
    for (ShardIndex shard = 0; shard < 2; ++shard) {
      std::int64_t next = 0;
      for (const SeenRecord& record : lanes.seen(shard))
        if (record.epoch == round + 1) {
          EXPECT_EQ(record.offset, next++);
        }
      EXPECT_EQ(next, static_cast<std::int64_t>(records));
      EXPECT_EQ(lanes.starts().at(2 * round + shard).live_from, static_cast<std::int64_t>(records) - 20) << "what was done is committed";
    }
  }
  EXPECT_EQ(lanes.assignments(), 4U);
  running.stop();
}

// One of a group of two that share one partition.
struct Instance {
  Instance(const KafkaSourceSettings& settings, const std::string& address)
      : source("in", settings, address, BatchLimits{}, numbers, [this](std::string_view said) {
          if (said.find("has 0 of 1 partitions") != std::string_view::npos) idle = true;
        }) {
    lanes.set_shares_windows(true);  // so that it says how many partitions it has
  }

  FakeLanes lanes{1};
  ShardNumbers numbers;
  std::atomic<bool> idle = false;
  KafkaSource source;
};

TEST_P(KafkaSourceOnEmbeddedBroker, AnInstanceThatHasNoPartitionTakesOverWhenTheOtherEnds) {
  ASSERT_TRUE(broker_->create_topic("payments", 1).ok());
  topic().produce("payments", numbered(10, 0));
  Instance one(settings_, broker_->address());
  ASSERT_TRUE(one.source.start(one.lanes, 1).ok());
  RunningLanes one_running(one.lanes, one.source);
  ASSERT_TRUE(one.lanes.wait_for_records(10));
  ASSERT_TRUE(topic().wait_for_commit("test", "payments", 0, 10));
  Instance other(settings_, broker_->address());
  ASSERT_TRUE(other.source.start(other.lanes, 1).ok());
  RunningLanes other_running(other.lanes, other.source);
  // Which of the two is left without is up to the group.
  const auto give_up = std::chrono::steady_clock::now() + FakeLanes::patience;
  while (!one.idle && !other.idle && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  ASSERT_NE(one.idle, other.idle);
  Instance& idle = one.idle ? one : other;
  ASSERT_TRUE((one.idle ? other : one).lanes.wait_for_shards(1));
  (one.idle ? other_running : one_running).stop();
  topic().produce("payments", numbered(10, 0, 10));
  ASSERT_TRUE(idle.lanes.wait_for_shards(1));
  ASSERT_TRUE(topic().wait_for_commit("test", "payments", 0, 20));
  (one.idle ? one_running : other_running).stop();
}

INSTANTIATE_TEST_SUITE_P(DataPaths, KafkaSourceOnEmbeddedBroker, testing::Values(KafkaDataPath::direct, KafkaDataPath::librdkafka),
                         [](const auto& path) { return path.param == KafkaDataPath::direct ? "Direct" : "Librdkafka"; });

}  // namespace
}  // namespace weir
