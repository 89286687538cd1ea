#include "engine/pipeline/lane.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/count_scorer.h"
#include "tests/support/fake_reader.h"
#include "tests/support/fake_sink.h"

namespace weir {
namespace {

using test::CountScorer;
using test::FakeReader;
using test::FakeSink;

std::string payment(int number, const std::string& card, std::int64_t at_ms, const std::string& amount = "1.00") {
  return R"({"id":"p)" + std::to_string(number) + R"(","at":)" + std::to_string(at_ms) + R"(,"card":")" + card + R"(","amount":)" + amount +
         "}";
}

// A lane with a block sink (routed), a sink for all decisions, and dead letters; driven turn by turn on the test's thread.
struct LaneUnderTest {
  explicit LaneUnderTest(std::size_t batch_size = 256, std::size_t in_flight_max = 65'536)
      : reader(batch_size), lane(0, {input(in_flight_max)}, bindings(), nullptr) {
    lane.attach(0, reader);
  }

  static InputSettings input(std::size_t in_flight_max) {
    InputSettings settings;
    settings.scorer = std::make_shared<CountScorer>();
    settings.in_flight_max = in_flight_max;
    return settings;
  }

  std::vector<SinkBinding> bindings() {
    return {{"block", &block, OutputKind::decision, FeatureSelection::fired, 0},
            {"decisions", &decisions, OutputKind::decision, FeatureSelection::all, std::nullopt},
            {"dead_letters", &dead_letters, OutputKind::dead_letter, FeatureSelection::none, std::nullopt}};
  }

  void assign(ShardIndex shard, std::int64_t replay_from, std::int64_t live_from, AssignmentEpoch epoch = 1) {
    ShardStart start;
    start.shard = shard;
    start.name = {"payments", "payments", static_cast<std::int32_t>(shard)};
    start.epoch = epoch;
    start.replay_from = replay_from;
    start.live_from = live_from;
    positions[shard] = std::make_shared<PublishedPosition>();
    auto answer = lane.assign(0, start, positions[shard]);
    work();
    answer.get();
  }

  void work() {
    while (lane.do_work(std::chrono::microseconds{0})) {
    }
  }

  FakeReader reader;
  FakeSink block;
  FakeSink decisions;
  FakeSink dead_letters;
  std::map<ShardIndex, std::shared_ptr<PublishedPosition>> positions;
  Lane lane;
};

std::vector<FakeReader::Record> stream(int count) {
  std::vector<FakeReader::Record> records;
  for (int number = 0; number < count; ++number) {
    const std::string card = "c" + std::to_string(number * number % 17);
    records.push_back({card, number % 23 == 5 ? "not json" : payment(number, card, 1'000'000 + number * 20'000)});
  }
  return records;
}

std::vector<std::string> values(const FakeSink& sink) {
  std::vector<std::string> all;
  for (const FakeSink::Taken& taken : sink.taken) all.push_back(taken.value);
  return all;
}

TEST(Lane, DecidesARecordAndMovesThePosition) {
  LaneUnderTest under;
  under.assign(0, 0, 0);
  under.reader.feed(0, 1, 0, {{"c1", payment(1, "c1", 1'000)}});
  under.work();
  ASSERT_EQ(under.decisions.taken.size(), 1U);
  EXPECT_EQ(under.decisions.taken[0].key, "c1");
  const std::string& value = under.decisions.taken[0].value;
  EXPECT_EQ(value.substr(0, 7), "{\"id\":\"");
  EXPECT_EQ(value.substr(39),
            "\",\"event_id\":\"p1\",\"outcome\":\"allow\",\"score\":0,\"reasons\":[],\"features\":{\"payments_10m\":1},"
            "\"ruleset\":{\"version\":1,\"hash\":\"00000000000000000000000000000abc\"},\"source\":{\"topic\":\"payments\",\"partition\":0,"
            "\"offset\":0}}");
  EXPECT_EQ(under.positions[0]->read().next_offset, 1);
  EXPECT_EQ(under.reader.released, 1U);
}

TEST(Lane, RoutesABlockWithItsReasonsAndEscapesThem) {
  LaneUnderTest under;
  under.assign(0, 0, 0);
  under.reader.feed(0, 1, 0, {{"c", payment(1, "c", 1)}, {"c", payment(2, "c", 2)}, {"c", payment(3, "c", 3)}});
  under.work();
  ASSERT_EQ(under.block.taken.size(), 1U);
  EXPECT_NE(
      under.block.taken[0].value.find(
          R"("reasons":[{"rule":"third_payment","text":"payment \"3\"","score":80,"outcome":"block"}],"features":{"payments_10m":3})"),
      std::string::npos)
      << under.block.taken[0].value;
}

TEST(Lane, GivesTheSameBytesWhateverTheBatchSize) {
  std::vector<std::string> first;
  for (const std::size_t batch_size : {1U, 7U, 256U}) {
    LaneUnderTest under(batch_size);
    under.assign(0, 0, 0);
    under.reader.feed(0, 1, 0, stream(500));
    under.work();
    if (first.empty()) first = values(under.decisions);
    EXPECT_EQ(values(under.decisions), first) << "batch size " << batch_size;
    EXPECT_GT(under.block.taken.size(), 0U);
    EXPECT_EQ(under.dead_letters.taken.size() + under.decisions.taken.size(), 500U);
    EXPECT_TRUE(under.lane.counters().first_dead_letter.get().starts_with("payments/0 at 5: "))
        << under.lane.counters().first_dead_letter.get();
  }
}

TEST(Lane, KeepsThePositionWhileASinkHasNotAcknowledged) {
  LaneUnderTest under;
  under.assign(0, 0, 0);
  under.decisions.acknowledge_at_once = false;
  under.reader.feed(0, 1, 0, {{"a", payment(1, "a", 1)}, {"b", payment(2, "b", 2)}});
  under.work();
  EXPECT_EQ(under.positions[0]->read().next_offset, 0);
  under.decisions.acknowledge(1);
  under.work();
  EXPECT_EQ(under.positions[0]->read().next_offset, 0);
  under.decisions.acknowledge(0);
  under.work();
  EXPECT_EQ(under.positions[0]->read().next_offset, 2);
}

TEST(Lane, AFullSinkCostsTheOthersNothingAndLosesNothing) {
  LaneUnderTest under(10);
  under.assign(0, 0, 0);
  under.block.room = 0;
  under.reader.feed(0, 1, 0, stream(200));
  under.work();
  const std::size_t decided = under.decisions.taken.size();
  EXPECT_GT(decided, 150U);
  EXPECT_TRUE(under.block.taken.empty());
  under.block.room = 1000;
  under.work();
  EXPECT_GT(under.block.taken.size(), 0U);
  EXPECT_EQ(under.decisions.taken.size(), decided);
  EXPECT_EQ(under.positions[0]->read().next_offset, 200);
}

TEST(Lane, PausesAShardWhoseOutputsAreNotTakenAndResumesIt) {
  LaneUnderTest under(10, 20);
  under.assign(0, 0, 0);
  under.decisions.acknowledge_at_once = false;
  under.reader.feed(0, 1, 0, stream(30));
  under.work();
  EXPECT_TRUE(under.reader.paused.contains(0));
  for (std::size_t position = 0; position < under.decisions.taken.size(); ++position) under.decisions.acknowledge(position);
  under.work();
  EXPECT_FALSE(under.reader.paused.contains(0));
  EXPECT_EQ(under.positions[0]->read().next_offset, 30);
}

TEST(Lane, MuteReplayRebuildsWindowsWithoutOutputs) {
  LaneUnderTest whole;
  whole.assign(0, 0, 0);
  whole.reader.feed(0, 1, 0, stream(300));
  whole.work();

  LaneUnderTest restarted(64);
  restarted.assign(0, 0, 205);
  restarted.reader.feed(0, 1, 0, stream(300));
  restarted.work();
  std::vector<std::string> expected;
  for (const std::string& value : values(whole.decisions)) {
    const std::size_t at = value.rfind("\"offset\":");
    if (std::stoi(value.substr(at + 9)) >= 205) expected.push_back(value);
  }
  EXPECT_EQ(values(restarted.decisions), expected);
  EXPECT_EQ(restarted.lane.counters().replayed.get(), 205U);
  EXPECT_EQ(restarted.positions[0]->read().next_offset, 300);
}

TEST(Lane, AStaleEpochAndRepeatedRecordsMoveNothing) {
  LaneUnderTest under;
  under.assign(0, 0, 0, 7);
  under.reader.feed(0, 6, 0, {{"c", payment(1, "c", 1)}});
  under.reader.feed(0, 7, 0, {{"c", payment(1, "c", 1)}, {"c", payment(2, "c", 2)}});
  under.reader.feed(0, 7, 1, {{"c", payment(2, "c", 2)}, {"c", payment(3, "c", 3)}});
  under.work();
  EXPECT_EQ(under.decisions.taken.size(), 3U);
  EXPECT_EQ(under.block.taken.size(), 1U);
  EXPECT_EQ(under.lane.counters().stale.get(), 2U);
}

TEST(Lane, FilteredRecordsMoveThePositionSilentlyAndTouchNoWindow) {
  LaneUnderTest under;
  under.assign(0, 0, 0);
  under.reader.feed(
      0, 1, 0, {{"c", payment(1, "c", 1)}, {"c", payment(2, "c", 2, "5000.00")}, {"c", payment(3, "c", 3)}, {"c", payment(4, "c", 4)}});
  under.work();
  EXPECT_EQ(under.decisions.taken.size(), 3U);
  EXPECT_EQ(under.block.taken.size(), 1U);
  EXPECT_EQ(under.lane.counters().filtered.get(), 1U);
  EXPECT_EQ(under.positions[0]->read().next_offset, 4);
}

TEST(Lane, ARevokeWaitsForAcknowledgementsAndThenForgetsTheShard) {
  LaneUnderTest under;
  under.assign(0, 0, 0);
  under.decisions.acknowledge_at_once = false;
  under.reader.feed(0, 1, 0, {{"a", payment(1, "a", 1)}});
  under.work();
  const auto far = std::chrono::steady_clock::now() + std::chrono::hours{1};
  auto answer = under.lane.revoke(0, 0, false, far);
  under.work();
  EXPECT_EQ(answer.wait_for(std::chrono::seconds{0}), std::future_status::timeout);
  under.decisions.acknowledge(0);
  under.work();
  ASSERT_EQ(answer.wait_for(std::chrono::seconds{0}), std::future_status::ready);
  EXPECT_EQ(answer.get().next_offset, 1);
  under.reader.feed(0, 1, 1, {{"a", payment(2, "a", 2)}});
  under.work();
  EXPECT_EQ(under.decisions.taken.size(), 1U);
}

TEST(Lane, ARevokePastItsDeadlineAnswersWithThePrefixAndIgnoresLateAcknowledgements) {
  LaneUnderTest under;
  under.assign(0, 0, 0);
  under.decisions.acknowledge_at_once = false;
  under.reader.feed(0, 1, 0, {{"a", payment(1, "a", 1)}, {"b", payment(2, "b", 1)}});
  under.work();
  under.decisions.acknowledge(0);
  auto answer = under.lane.revoke(0, 0, false, std::chrono::steady_clock::now());
  under.work();
  ASSERT_EQ(answer.wait_for(std::chrono::seconds{0}), std::future_status::ready);
  EXPECT_EQ(answer.get().next_offset, 1);
  under.decisions.acknowledge(1);
  under.work();
  under.assign(0, 0, 1, 2);
  EXPECT_EQ(under.positions[0]->read().next_offset, 1);
}

}  // namespace
}  // namespace weir
