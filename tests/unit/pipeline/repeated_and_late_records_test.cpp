// Records that come twice and events that come too late for every window, whatever the batches and restarts.
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "engine/pipeline/lane.h"
#include "tests/support/count_scorer.h"
#include "tests/support/fake_reader.h"
#include "tests/support/fake_sink.h"

namespace weir {
namespace {

using test::CountScorer;
using test::FakeReader;
using test::FakeSink;

constexpr std::int64_t window_ms = 600'000;
constexpr std::int64_t late_allowed_ms = 30'000;

std::string payment(int id, const std::string& card, std::int64_t at_ms) {
  return R"({"id":"p)" + std::to_string(id) + R"(","at":)" + std::to_string(at_ms) + R"(,"card":")" + card + R"(","amount":1.00})";
}

struct LaneRun {
  explicit LaneRun(const InputSettings& how, std::size_t batch_size = 256, std::int64_t live_from = 0)
      : reader(batch_size), lane(0, {with_scorer(how)}, bindings(), nullptr), live_from_(live_from) {
    lane.attach(0, reader);
    ShardStart start;
    start.name = {"payments", "payments", 0};
    start.epoch = 1;
    start.live_from = live_from;
    auto answer = lane.assign(0, start, std::make_shared<PublishedPosition>());
    work();
    answer.get();
  }

  static InputSettings with_scorer(InputSettings settings) {
    settings.scorer = std::make_shared<CountScorer>();
    return settings;
  }
  std::vector<SinkBinding> bindings() {
    return {{"block", &block, OutputKind::decision, FeatureSelection::fired, 0},
            {"decisions", &decisions, OutputKind::decision, FeatureSelection::all, std::nullopt},
            {"dead_letters", &dead_letters, OutputKind::dead_letter, FeatureSelection::none, std::nullopt}};
  }
  void work() {
    while (lane.do_work(std::chrono::microseconds{0})) {
    }
  }
  LaneRun& feed(const std::vector<FakeReader::Record>& records, std::int64_t offset = 0) {
    reader.feed(0, 1, offset, records);
    work();
    return *this;
  }

  FakeReader reader;
  FakeSink block;
  FakeSink decisions;
  FakeSink dead_letters;
  Lane lane;
  std::int64_t live_from_;
};

std::vector<std::string> values(const FakeSink& sink) {
  std::vector<std::string> all;
  for (const FakeSink::Taken& taken : sink.taken) all.push_back(taken.value);
  return all;
}

std::int64_t offset_of(const std::string& decision) {
  return std::stoll(decision.substr(decision.rfind("\"offset\":") + 9));
}

InputSettings late(LatePolicy policy) {
  InputSettings settings;
  settings.late = policy;
  settings.features.late_allowed_ms = late_allowed_ms;
  return settings;
}

InputSettings duplicates(std::int64_t horizon_ms, std::size_t ids_max = 100'000) {
  InputSettings settings;
  settings.duplicates = {horizon_ms, ids_max};
  return settings;
}

// Cards with bursts, late events, some of them far too late, and records that are none.
std::vector<FakeReader::Record> late_stream(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<FakeReader::Record> records;
  std::int64_t now = 10'000'000;
  for (int number = 0; number < 400; ++number) {
    now += static_cast<std::int64_t>(random() % 60'000);
    const std::int64_t behind = random() % 5 == 0 ? static_cast<std::int64_t>(random() % 1'500'000) : 0;
    const std::string card = "c" + std::to_string(random() % 4);
    records.push_back({card, random() % 20 == 0 ? "not json" : payment(number, card, now - behind)});
  }
  return records;
}

TEST(TooLateRecords, AreDecidedUnlessThePolicySaysOtherwise) {
  const std::vector<FakeReader::Record> records{{"c", payment(1, "c", 10'000'000)},
                                                {"c", payment(2, "c", 10'000'000 - window_ms - late_allowed_ms)},
                                                {"c", payment(3, "c", 10'000'000 - window_ms - late_allowed_ms - 1)},
                                                {"d", payment(4, "d", 1)}};
  LaneRun decides(late(LatePolicy::decide));
  EXPECT_EQ(decides.feed(records).decisions.taken.size(), 4U);
  LaneRun drops(late(LatePolicy::drop));
  EXPECT_EQ(drops.feed(records).decisions.taken.size(), 3U);
  EXPECT_EQ(drops.lane.counters().late_dropped.get(), 1U);
  EXPECT_EQ(drops.lane.counters().filtered.get(), 0U);
  EXPECT_EQ(drops.lane.in_flight(), 0U);
  LaneRun buries(late(LatePolicy::dead_letter));
  EXPECT_EQ(buries.feed(records).decisions.taken.size(), 3U);
  ASSERT_EQ(buries.dead_letters.taken.size(), 1U);
  EXPECT_EQ(buries.dead_letters.taken[0].value, records[2].value);
  EXPECT_EQ(buries.lane.counters().dead_letters.get(), 1U);
  EXPECT_EQ(buries.lane.counters().first_dead_letter.get(), "payments/0 at 2: the event is too late for the windows of all its keys");
  const OutputBatch& letters = *buries.dead_letters.taken[0].batch;
  std::map<std::string, std::string> headers;
  for (const OutputHeader& header : letters.headers) headers.emplace(letters.view(header.name), letters.view(header.value));
  EXPECT_EQ(headers["weir-error-code"], "too_late");
  EXPECT_EQ(headers["__connect.errors.stage"], "features");
}

TEST(TooLateRecords, ChangeNoOtherDecisionWhateverBecomesOfThem) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const std::vector<FakeReader::Record> records = late_stream(seed);
    LaneRun decides(late(LatePolicy::decide));
    decides.feed(records);
    std::vector<std::string> dropped;
    for (const LatePolicy policy : {LatePolicy::drop, LatePolicy::dead_letter}) {
      std::vector<std::string> letters;
      for (const std::size_t batch_size : {256U, 7U, 1U}) {
        LaneRun run(late(policy), batch_size);
        run.feed(records);
        if (dropped.empty()) dropped = values(run.decisions);
        EXPECT_EQ(values(run.decisions), dropped) << "seed " << seed << ", batches of " << batch_size;
        if (letters.empty()) letters = values(run.dead_letters);
        EXPECT_EQ(values(run.dead_letters), letters) << "seed " << seed << ", batches of " << batch_size;
      }
    }
    std::vector<std::string> others = values(decides.decisions);
    EXPECT_GT(others.size(), dropped.size());
    std::erase_if(others, [&](const std::string& value) { return std::find(dropped.begin(), dropped.end(), value) == dropped.end(); });
    EXPECT_EQ(others, dropped);
  }
}

TEST(Duplicates, GetTheFirstDecisionAgainAndChangeNoWindow) {
  LaneRun run(duplicates(60'000));
  run.feed({{"c", payment(1, "c", 1), 1'000},
            {"c", payment(2, "c", 2), 1'001},
            {"c", payment(2, "c", 2), 1'002},
            {"c", payment(1, "c", 1), 61'000},
            {"c", payment(3, "c", 3), 61'001},
            {"c", payment(1, "c", 1), 61'001}});
  const std::vector<std::string> decided = values(run.decisions);
  ASSERT_EQ(decided.size(), 6U);
  EXPECT_EQ(decided[2], decided[1]);
  EXPECT_EQ(decided[3], decided[0]);
  EXPECT_NE(decided[4].find("\"payments_10m\":3"), std::string::npos) << decided[4];
  EXPECT_EQ(offset_of(decided[5]), 5);  // a millisecond beyond the horizon: a new one
  EXPECT_EQ(run.block.taken.size(), 1U);
  EXPECT_EQ(run.lane.counters().duplicates.get(), 2U);
  EXPECT_EQ(run.lane.counters().decided.get(), 4U);
}

TEST(Duplicates, OfABlockAreBlockedAgainAtEachSinkThatHadIt) {
  LaneRun run(duplicates(60'000));
  run.feed({{"c", payment(1, "c", 1)}, {"c", payment(2, "c", 2)}, {"c", payment(3, "c", 3)}, {"c", payment(3, "c", 3)}});
  run.feed({{"c", payment(3, "c", 3)}, {"c", payment(1, "c", 1)}}, 4);
  ASSERT_EQ(run.block.taken.size(), 3U);
  EXPECT_EQ(run.block.taken[1].value, run.block.taken[0].value);
  EXPECT_EQ(run.block.taken[2].value, run.block.taken[0].value);
  EXPECT_EQ(run.decisions.taken.size(), 6U);
  EXPECT_EQ(run.lane.in_flight(), 0U);
}

// Ids that come again after a while or a long while, the log's clock going on.
std::vector<FakeReader::Record> repeating_stream(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::vector<FakeReader::Record> records;
  std::int64_t stamp = 1'000;
  for (std::size_t number = 0; number < count; ++number) {
    stamp += static_cast<std::int64_t>(random() % 200);
    if (number > 0 && random() % 4 == 0) {
      const std::size_t back = 1 + random() % std::min<std::size_t>(number, random() % 3 == 0 ? 60 : 5);
      records.push_back(records[number - back]);
    } else {
      const std::string card = "c" + std::to_string(random() % 5);
      records.push_back({card, payment(static_cast<int>(number), card, stamp)});
    }
    records.back().timestamp_ms = stamp;
  }
  return records;
}

// Which records are firsts, by the contract: the place of its first for each, itself for a first.
std::vector<std::size_t> firsts_of(const std::vector<FakeReader::Record>& records, std::int64_t horizon_ms, std::size_t ids_max) {
  std::vector<std::size_t> firsts;
  std::vector<std::size_t> remembered;
  for (std::size_t at = 0; at < records.size(); ++at) {
    std::erase_if(remembered, [&](std::size_t first) { return records[at].timestamp_ms - records[first].timestamp_ms > horizon_ms; });
    const auto same = [&](std::size_t first) { return records[first].value == records[at].value; };
    const auto known = std::find_if(remembered.begin(), remembered.end(), same);
    firsts.push_back(known == remembered.end() ? at : *known);
    if (known == remembered.end()) remembered.push_back(at);
    if (remembered.size() > ids_max) remembered.erase(remembered.begin());
  }
  return firsts;
}

TEST(Duplicates, ChangeNothingForOthersWhateverTheBatchesAndTheBound) {
  constexpr std::int64_t horizon_ms = 1'500;
  for (const std::size_t ids_max : {std::size_t{100'000}, std::size_t{4}, std::size_t{1}}) {
    const std::vector<FakeReader::Record> records = repeating_stream(ids_max, 600);
    const std::vector<std::size_t> firsts = firsts_of(records, horizon_ms, ids_max);
    // The same stream without duplicates: what stands in their place is no event.
    std::vector<FakeReader::Record> alone = records;
    for (std::size_t at = 0; at < alone.size(); ++at)
      if (firsts[at] != at) alone[at].value = "not json";
    LaneRun reference{InputSettings{}};
    reference.feed(alone);
    std::map<std::int64_t, std::string> by_offset;
    for (const std::string& value : values(reference.decisions)) by_offset.emplace(offset_of(value), value);
    std::vector<std::string> expected;
    for (const std::size_t first : firsts) expected.push_back(by_offset.at(static_cast<std::int64_t>(first)));
    for (const std::size_t batch_size : {1U, 7U, 256U}) {
      LaneRun run(duplicates(horizon_ms, ids_max), batch_size);
      run.feed(records);
      EXPECT_EQ(values(run.decisions), expected) << "at most " << ids_max << " ids, batches of " << batch_size;
    }
  }
}

TEST(Duplicates, OfRecordsBeforeARestartGetTheFirstDecisionAgain) {
  constexpr std::int64_t horizon_ms = 1'500;
  const std::vector<FakeReader::Record> records = repeating_stream(99, 600);
  LaneRun whole(duplicates(horizon_ms));
  whole.feed(records);
  const std::vector<std::string> all = values(whole.decisions);
  ASSERT_EQ(all.size(), records.size());
  for (const std::size_t live_from : {std::size_t{300}, std::size_t{417}}) {
    LaneRun restarted(duplicates(horizon_ms), 64, static_cast<std::int64_t>(live_from));
    restarted.feed(records);
    EXPECT_EQ(values(restarted.decisions), std::vector<std::string>(all.begin() + static_cast<std::ptrdiff_t>(live_from), all.end()));
  }
}

}  // namespace
}  // namespace weir
