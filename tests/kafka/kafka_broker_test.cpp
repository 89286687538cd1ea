// Source and sink against a real Apache Kafka: what the embedded broker cannot show.
#include <atomic>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "connectors/kafka/kafka_sink.h"
#include "connectors/kafka/kafka_source.h"
#include "tests/support/fake_lanes.h"
#include "tests/support/kafka_topic.h"
#include "tests/support/real_broker.h"
#include "tests/support/sink_lanes.h"

namespace weir {
namespace {

constexpr std::int64_t day_one_ms = 1'700'000'000'000;

// A topic (and group) that no other test uses, also when tests share a broker.
std::string unique_name(const std::string& base) {
  static std::atomic<int> count{0};
  return base + "-" + std::to_string(getpid()) + "-" + std::to_string(count++);
}

std::vector<TopicRecord> numbered(std::size_t count, std::int32_t partition, std::size_t first = 0) {
  std::vector<TopicRecord> records;
  for (std::size_t at = first; at < first + count; ++at) {
    TopicRecord record;
    record.key = "key" + std::to_string(at % 7);
    record.value = "value " + std::to_string(at);
    record.partition = partition;
    record.timestamp_ms = day_one_ms + static_cast<std::int64_t>(at) * 1'000;
    records.push_back(record);
  }
  return records;
}

std::vector<TestOutput> outputs(std::size_t count, std::size_t first) {
  std::vector<TestOutput> made;
  for (std::size_t at = first; at < first + count; ++at)
    made.push_back({"key" + std::to_string(at % 5), std::to_string(at), true, true, -1, {}});
  return made;
}

void expect_complete_and_in_order(const std::vector<TopicRecord>& records, std::size_t count) {
  std::set<std::string> distinct;
  std::map<std::string, int> newest;
  for (const TopicRecord& record : records) {
    if (!distinct.insert(*record.value).second) continue;  // a copy
    const int value = std::stoi(*record.value);
    const auto [known, first] = newest.try_emplace(*record.key, value);
    EXPECT_TRUE(first || value > known->second) << *record.key;
    known->second = value;
  }
  EXPECT_EQ(distinct.size(), count);
}

KafkaSourceSettings source_settings(const std::string& topic) {
  KafkaSourceSettings settings;
  settings.topics = {topic};
  settings.group = topic + "-group";
  settings.start = {KafkaStart::Kind::earliest, 0};
  settings.commit_interval = std::chrono::milliseconds{20};
  return settings;
}

TEST(KafkaSourceOnRealBroker, HandsOverRecordsOfAllPartitionsAndCommitsThem) {
  KafkaTopicUser user(RealBroker::shared().address());
  const std::string topic = unique_name("payments");
  user.create(topic, 4);
  TopicRecord full;
  full.key = "";
  full.value = std::string("a\0b", 3);
  full.partition = 0;
  full.timestamp_ms = day_one_ms;
  full.headers = {{"trace", "abc"}, {"empty", ""}, {"none", "(null)"}};
  TopicRecord tombstone;
  tombstone.key = "gone";
  tombstone.partition = 0;
  user.produce(topic, {full, tombstone});
  for (std::int32_t partition = 1; partition < 4; ++partition) user.produce(topic, numbered(2'000, partition));

  ShardNumbers numbers;
  const KafkaSourceSettings settings = source_settings(topic);
  FakeLanes lanes(2);
  KafkaSource source("in", settings, user.address(), {}, numbers);
  ASSERT_TRUE(source.start(lanes, 2).ok());
  RunningLanes running(lanes, source);
  ASSERT_TRUE(lanes.wait_for_records(6'002));
  const auto first = lanes.seen(0);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].value, full.value);
  EXPECT_EQ(first[0].headers, full.headers);
  EXPECT_EQ(first[0].timestamp_ms, day_one_ms);
  EXPECT_TRUE(first[0].has_key);
  EXPECT_FALSE(first[1].has_value);
  for (ShardIndex shard = 1; shard < 4; ++shard) {
    const auto seen = lanes.seen(shard);
    ASSERT_EQ(seen.size(), 2'000U);
    for (std::size_t at = 0; at < seen.size(); ++at) ASSERT_EQ(seen[at].value, "value " + std::to_string(at));
    EXPECT_TRUE(user.wait_for_commit(settings.group, topic, static_cast<std::int32_t>(shard), 2'000));
  }
  running.stop();
  EXPECT_EQ(source.stale_records(), 0U);
}

class KafkaSourceByPath : public testing::TestWithParam<KafkaDataPath> {};

TEST_P(KafkaSourceByPath, ShowsCommittedTransactionsOnly) {
  KafkaTopicUser user(RealBroker::shared().address());
  const std::string topic = unique_name("transactions");
  user.create(topic, 1);
  std::vector<std::string> wanted;
  const auto records = [&](std::size_t first, std::size_t count, bool seen) {
    const std::vector<TopicRecord> made = numbered(count, 0, first);
    for (const TopicRecord& record : made)
      if (seen) wanted.push_back(*record.value);
    return made;
  };
  user.produce(topic, records(0, 10, true));
  user.produce_in_transaction(topic, records(10, 500, false), KafkaTopicUser::Transaction::aborted);
  user.produce_in_transaction(topic, records(600, 500, true), KafkaTopicUser::Transaction::committed);
  user.produce(topic, records(2'000, 10, true));
  user.produce_in_transaction(topic, records(3'000, 500, false), KafkaTopicUser::Transaction::aborted);
  user.produce(topic, records(4'000, 10, true));

  ShardNumbers numbers;
  KafkaSourceSettings settings = source_settings(topic);
  settings.data_path = GetParam();
  FakeLanes lanes(1);
  KafkaSource source("in", settings, user.address(), {}, numbers);
  ASSERT_TRUE(source.start(lanes, 1).ok());
  RunningLanes running(lanes, source);
  EXPECT_TRUE(lanes.wait_for_records(wanted.size())) << lanes.seen().size() << " of " << wanted.size();
  std::vector<std::string> seen;
  for (const SeenRecord& record : lanes.seen()) seen.push_back(record.value);
  EXPECT_EQ(seen, wanted);
  running.stop();
}

INSTANTIATE_TEST_SUITE_P(DataPaths, KafkaSourceByPath, testing::Values(KafkaDataPath::direct, KafkaDataPath::librdkafka),
                         [](const auto& path) { return path.param == KafkaDataPath::direct ? "Direct" : "Librdkafka"; });

TEST(KafkaSourceOnRealBroker, ReplaysAfterARestartFromWhereTheWindowsReachByTimestamp) {
  KafkaTopicUser user(RealBroker::shared().address());
  const std::string topic = unique_name("payments");
  user.create(topic, 1);
  user.produce(topic, numbered(100, 0));  // one a second
  KafkaSourceSettings settings = source_settings(topic);
  settings.replay_margin = std::chrono::seconds{5};
  for (const std::int64_t run : {0, 1}) {
    ShardNumbers numbers;
    FakeLanes lanes(1);
    lanes.set_history_reach(std::chrono::seconds{10});
    KafkaSource source("in", settings, user.address(), {}, numbers);
    ASSERT_TRUE(source.start(lanes, 1).ok());
    RunningLanes running(lanes, source);
    if (run == 0) {
      ASSERT_TRUE(lanes.wait_for_records(100));
      EXPECT_TRUE(user.wait_for_commit(settings.group, topic, 0, 100));
      EXPECT_EQ(user.committed(settings.group, topic, 0).metadata, "weir1 timestamp_ms=1700000099000 lag_ms=0 origin=0");
    } else {
      ASSERT_TRUE(lanes.wait_for_shards(1));
      EXPECT_EQ(lanes.starts()[0].replay_from, 84) << "the record of second 99 - 10 - 5";
      EXPECT_EQ(lanes.starts()[0].live_from, 100);
      user.produce(topic, numbered(10, 0, 100));
      ASSERT_TRUE(lanes.wait_for_records(26));
      EXPECT_EQ(lanes.seen()[0].offset, 84);
    }
    running.stop();
  }
  EXPECT_EQ(user.committed(settings.group, topic, 0).offset, 110);
}

TEST(KafkaSourceOnRealBroker, BeginsAtATimestamp) {
  KafkaTopicUser user(RealBroker::shared().address());
  const std::string topic = unique_name("payments");
  user.create(topic, 1);
  user.produce(topic, numbered(100, 0));
  KafkaSourceSettings settings = source_settings(topic);
  settings.start = {KafkaStart::Kind::timestamp, day_one_ms + 60'000};
  ShardNumbers numbers;
  FakeLanes lanes(1);
  KafkaSource source("in", settings, user.address(), {}, numbers);
  ASSERT_TRUE(source.start(lanes, 1).ok());
  RunningLanes running(lanes, source);
  ASSERT_TRUE(lanes.wait_for_records(40));
  EXPECT_EQ(lanes.seen()[0].offset, 60);
}

TEST(KafkaSourceOnRealBroker, FailsAShardWhoseRecordsWereRemovedBeforeTheyWereRead) {
  KafkaTopicUser user(RealBroker::shared().address());
  const std::string topic = unique_name("payments");
  user.create(topic, 2);
  user.produce(topic, numbered(100, 0));
  user.produce(topic, numbered(100, 1));
  const KafkaSourceSettings settings = source_settings(topic);
  user.commit(settings.group, topic, 0, 10);
  user.delete_records(topic, 0, 50);
  ShardNumbers numbers;
  FakeLanes lanes(1);
  KafkaSource source("in", settings, user.address(), {}, numbers);
  ASSERT_TRUE(source.start(lanes, 1).ok());
  RunningLanes running(lanes, source);
  ASSERT_TRUE(lanes.wait_for_records(100));
  ASSERT_EQ(lanes.failures().size(), 1U);
  EXPECT_EQ(lanes.failures()[0].first, 0U);
  EXPECT_TRUE(lanes.seen(0).empty());
  running.stop();
  EXPECT_EQ(user.committed(settings.group, topic, 0).offset, 10) << "never reset silently";
}

TEST(KafkaSourceOnRealBroker, KeepsAStaticMembersShardsThroughItsRestart) {
  KafkaTopicUser user(RealBroker::shared().address());
  const std::string topic = unique_name("payments");
  user.create(topic, 2);
  KafkaSourceSettings settings = source_settings(topic);
  settings.session_timeout = std::chrono::seconds{30};
  settings.group_instance_id = "first";
  KafkaSourceSettings other_settings = settings;
  other_settings.group_instance_id = "second";

  ShardNumbers other_numbers;
  FakeLanes other_lanes(1);
  KafkaSource other("in", other_settings, user.address(), {}, other_numbers);
  ASSERT_TRUE(other.start(other_lanes, 1).ok());
  RunningLanes other_running(other_lanes, other);
  std::size_t assignments = 0;
  ShardName mine;
  for (const int run : {0, 1}) {
    ShardNumbers numbers;
    FakeLanes lanes(1);
    KafkaSource source("in", settings, user.address(), {}, numbers);
    ASSERT_TRUE(source.start(lanes, 1).ok());
    RunningLanes running(lanes, source);
    ASSERT_TRUE(lanes.wait_for_shards(1));
    ASSERT_TRUE(other_lanes.wait_for_shards(1));
    if (run == 0) {
      assignments = other_lanes.starts().size();
      mine = lanes.starts().back().name;
    } else {
      EXPECT_EQ(lanes.starts().back().name.partition, mine.partition);
      EXPECT_EQ(other_lanes.starts().size(), assignments) << "the other member notices nothing";
    }
    running.stop();
  }
}

TEST(KafkaSinkOnRealBroker, DeliversFromSeveralLanesInOrderOfTheirKeys) {
  KafkaTopicUser user(RealBroker::shared().address());
  const std::string topic = unique_name("decisions");
  user.create(topic, 3);
  KafkaSinkSettings settings;
  settings.topic = topic;
  KafkaSink sink("out", settings, user.address());
  ASSERT_TRUE(sink.open(2, nullptr, nullptr).ok());
  std::atomic<std::size_t> acknowledged{0};
  std::vector<std::thread> threads;
  for (LaneIndex index = 0; index < 2; ++index)
    threads.emplace_back([&sink, &acknowledged, index] {
      SinkLane lane(sink, index);
      for (std::size_t batch = 0; batch < 20; ++batch) {
        auto some = outputs(50, batch * 50);
        for (TestOutput& one : some) one.key.append(std::to_string(index)), one.value.insert(0, std::to_string(index + 1));
        lane.add(some);
        lane.turn();
      }
      if (lane.deliver_all()) acknowledged += lane.acknowledged();
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(acknowledged, 2'000U);
  EXPECT_EQ(user.read(topic, 2'000).size(), 2'000U);
  sink.close(std::chrono::steady_clock::now() + SinkLane::patience);
}

TEST(KafkaSinkOnRealBroker, AnOutputThatTheBrokerRefusesHoldsNoOtherBack) {
  KafkaTopicUser user(RealBroker::shared().address());
  const std::string topic = unique_name("large");
  user.create(topic, 2);
  KafkaSinkSettings settings;
  settings.topic = topic;
  KafkaSink sink("out", settings, user.address());
  ASSERT_TRUE(sink.open(1, nullptr, nullptr).ok());
  SinkLane lane(sink, 0);
  lane.add(outputs(50, 0));
  lane.add({{"large", std::string(2'000'000, 'x'), true, true, -1, {}}});
  lane.add(outputs(50, 50));
  ASSERT_TRUE(lane.turn_until([&] { return lane.acknowledged() == 100; }));
  EXPECT_EQ(sink.state().queued, 1U) << "kept";
  EXPECT_FALSE(sink.state().healthy);
  lane.add(outputs(50, 100));
  ASSERT_TRUE(lane.turn_until([&] { return lane.acknowledged() == 150; }));
  const std::vector<TopicRecord> records = user.read_all(topic);
  expect_complete_and_in_order(records, 150);
  EXPECT_EQ(records.size(), 150U) << "no copies";
  EXPECT_EQ(sink.state().hand_overs, 0U);
  sink.close(std::chrono::steady_clock::now());
}

TEST(KafkaSinkOnRealBroker, BatchesThatAreTooLargeForTheTopicAreCutUntilOneOutputRemains) {
  KafkaTopicUser user(RealBroker::shared().address());
  const std::string topic = unique_name("small");
  user.create_limited(topic, 2, 2'000);
  KafkaSinkSettings settings;
  settings.topic = topic;
  KafkaSink sink("out", settings, user.address());
  ASSERT_TRUE(sink.open(1, nullptr, nullptr).ok());
  SinkLane lane(sink, 0);
  lane.add(outputs(1'000, 0));
  lane.add({{"large", "1000000" + std::string(5'000, ' '), true, true, -1, {}}});
  for (std::size_t batch = 1; batch < 10; ++batch) lane.add(outputs(1'000, batch * 1'000));
  ASSERT_TRUE(lane.turn_until([&] { return lane.acknowledged() == 10'000; }));
  std::vector<TopicRecord> records = user.read_all(topic);
  expect_complete_and_in_order(records, 10'000);
  EXPECT_EQ(records.size(), 10'000U) << "no copies";
  EXPECT_EQ(sink.state().hand_overs, 0U);
  EXPECT_NE(sink.state().last_error.find("MSG_SIZE_TOO_LARGE"), std::string::npos) << sink.state().last_error;
  user.limit(topic, 1'000'000);
  ASSERT_TRUE(lane.deliver_all());
  records = user.read_all(topic);
  expect_complete_and_in_order(records, 10'001);
  EXPECT_TRUE(sink.state().healthy);
  EXPECT_EQ(sink.state().hand_overs, 0U);
  sink.close(std::chrono::steady_clock::now() + SinkLane::patience);
}

// Over librdkafka, which cuts no batch: none is made that is too large.
TEST(KafkaSinkOnRealBroker, MakesNoBatchThatIsTooLargeForTheTopicOverLibrdkafka) {
  KafkaTopicUser user(RealBroker::shared().address());
  const std::string topic = unique_name("small");
  user.create_limited(topic, 2, 2'000);
  KafkaSinkSettings settings;
  settings.topic = topic;
  settings.data_path = KafkaDataPath::librdkafka;
  KafkaSink sink("out", settings, user.address());
  ASSERT_TRUE(sink.open(1, nullptr, nullptr).ok());
  SinkLane lane(sink, 0);
  for (std::size_t batch = 0; batch < 10; ++batch) lane.add(outputs(1'000, batch * 1'000));
  ASSERT_TRUE(lane.deliver_all());
  const std::vector<TopicRecord> records = user.read_all(topic);
  expect_complete_and_in_order(records, 10'000);
  EXPECT_EQ(records.size(), 10'000U) << "no copies";
  EXPECT_EQ(sink.state().retries, 0U);
  sink.close(std::chrono::steady_clock::now() + SinkLane::patience);
}

TEST(KafkaSinkOnRealBroker, CreatesAMissingTopicOnlyWhenAskedTo) {
  KafkaTopicUser user(RealBroker::shared().address());
  KafkaSinkSettings settings;
  settings.topic = unique_name("new");
  {
    KafkaSink sink("out", settings, user.address());
    const Status opened = sink.open(1, nullptr, nullptr);
    ASSERT_FALSE(opened.ok());
    EXPECT_NE(opened.error().text.find(settings.topic), std::string::npos) << opened.error().text;
  }
  settings.create_topic = true;
  KafkaSink sink("out", settings, user.address());
  const Status opened = sink.open(1, nullptr, nullptr);
  ASSERT_TRUE(opened.ok()) << opened.error().text;
  SinkLane lane(sink, 0);
  lane.add(outputs(3, 0));
  ASSERT_TRUE(lane.deliver_all());
  EXPECT_EQ(user.read(settings.topic, 3).size(), 3U);
}

TEST(KafkaOnRealBroker, GoesOnAfterTheBrokerWasSuspendedAndAfterItsRestart) {
  const auto broker = RealBroker::own();
  KafkaTopicUser user(broker->address());
  user.create("decisions", 2);
  KafkaSinkSettings settings;
  settings.topic = "decisions";
  settings.librdkafka["socket.timeout.ms"] = "1000";  // notices the silence soon
  KafkaSink sink("out", settings, broker->address());
  ASSERT_TRUE(sink.open(1, nullptr, nullptr).ok());
  SinkLane lane(sink, 0);

  ShardNumbers numbers;
  FakeLanes lanes(1);
  KafkaSource source("in", source_settings("decisions"), broker->address(), {}, numbers);
  ASSERT_TRUE(source.start(lanes, 1).ok());
  RunningLanes running(lanes, source);

  lane.add(outputs(100, 0));
  ASSERT_TRUE(lane.deliver_all());
  broker->suspend();
  for (std::size_t batch = 1; batch < 10; ++batch) lane.add(outputs(100, batch * 100));
  ASSERT_TRUE(lane.turn_until([&] { return !sink.state().healthy; }));
  broker->resume();
  ASSERT_TRUE(lane.deliver_all());
  EXPECT_TRUE(sink.state().healthy);

  for (std::size_t batch = 10; batch < 15; ++batch) lane.add(outputs(100, batch * 100));
  lane.turn();
  broker->restart();
  for (std::size_t batch = 15; batch < 20; ++batch) lane.add(outputs(100, batch * 100));
  ASSERT_TRUE(lane.deliver_all());
  expect_complete_and_in_order(user.read("decisions", 2'000), 2'000);
  ASSERT_TRUE(lanes.wait_for_records(2'000));
  EXPECT_TRUE(lanes.failures().empty());
  running.stop();
  sink.close(std::chrono::steady_clock::now() + SinkLane::patience);
}

}  // namespace
}  // namespace weir
