// A lane between two rule sets, driven turn by turn: exact offsets, held records, cancelled switches, bounds.
#include <map>
#include <string>
#include <utility>
#include <vector>

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

// The rules of CountScorer under a version of their own.
class VersionedScorer : public CountScorer {
 public:
  VersionedScorer(std::uint64_t version, const std::string& counts, bool of_all_shards)
      : vocabulary_(CountScorer::vocabulary()), features_(CountScorer::features().begin(), CountScorer::features().end()) {
    vocabulary_.version = version;
    features_[0].identity = counts;
    features_[0].by_includes_shard_key = !of_all_shards;
  }
  const DecisionVocabulary& vocabulary() const override { return vocabulary_; }
  std::span<const FeatureSpec> features() const override { return features_; }

 private:
  DecisionVocabulary vocabulary_;
  std::vector<FeatureSpec> features_;
};

struct Switching {
  explicit Switching(std::size_t batch_size = 256, bool counts_of_all_shards = false)
      : of_all_shards(counts_of_all_shards), reader(batch_size), lane(0, {input()}, bindings(), nullptr) {
    lane.attach(0, reader);
    ShardStart start;
    start.shard = 0;
    start.name = {"payments", "payments", 0};
    start.epoch = 1;
    auto answer = lane.assign(0, start, position);
    work();
    answer.get();
  }

  InputSettings input() const {
    InputSettings settings;
    settings.scorer = std::make_shared<VersionedScorer>(1, same_count, of_all_shards);
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
  void feed(std::int64_t first, int count) {
    std::vector<FakeReader::Record> records;
    for (int number = 0; number < count; ++number) {
      const std::string id = std::to_string(first + number);
      records.push_back({"c", R"({"id":"p)" + id + R"(","at":1000,"card":"c","amount":1.00})"});
    }
    reader.feed(0, 1, first, records);
    work();
  }

  std::vector<ProposedSwitch> propose(std::uint64_t version, std::int64_t margin, const std::string& counts = same_count) {
    SwitchProposal proposal;
    auto stages = std::make_shared<RuleStages>(std::make_shared<VersionedScorer>(version, counts, of_all_shards), input());
    stages->place(1, input());
    proposal.stages = {stages};
    proposal.margins[{0, 0}] = margin;
    auto answer = lane.propose(std::move(proposal));
    work();
    return answer.get();
  }
  void settle(std::uint64_t version, bool durable, std::vector<std::uint64_t> never_began = {}) {
    lane.settle(version, durable, std::move(never_began));
    work();
  }

  // The version of every decision, in the order of the offsets.
  std::string versions() const {
    std::string all;
    for (const FakeSink::Taken& taken : decisions.taken) all += taken.value[taken.value.find("\"version\":") + 10];
    return all;
  }

  static inline const std::string same_count = "count() by card over 10m";
  bool of_all_shards = false;
  std::shared_ptr<PublishedPosition> position = std::make_shared<PublishedPosition>();
  FakeReader reader;
  FakeSink block;
  FakeSink decisions;
  FakeSink dead_letters;
  Lane lane;
};

TEST(LaneSwitch, HappensExactlyAtTheOffsetThatWasNamedInTheMiddleOfABatch) {
  Switching under;
  under.feed(0, 4);
  const auto proposed = under.propose(2, 3);
  ASSERT_EQ(proposed.size(), 1U);
  EXPECT_EQ(proposed[0].offset, 7);
  under.settle(2, true);
  under.feed(4, 6);
  EXPECT_EQ(under.versions(), "1111111222");
  EXPECT_EQ(under.position->version(), 2U);
  EXPECT_EQ(under.position->decided_below(), 10);
  // The window of the kept feature went on.
  EXPECT_NE(under.decisions.taken.back().value.find("\"payments_10m\":10"), std::string::npos) << under.decisions.taken.back().value;
}

TEST(LaneSwitch, ARecordBehindAnOffsetThatIsNotDurableWaitsAndThoseBeforeItDoNot) {
  Switching under;
  under.feed(0, 2);
  EXPECT_EQ(under.propose(2, 1).at(0).offset, 3);
  under.feed(2, 4);
  EXPECT_EQ(under.versions(), "111");
  under.feed(6, 1);
  EXPECT_EQ(under.versions(), "111");
  under.settle(2, true);
  EXPECT_EQ(under.versions(), "1112222");
  EXPECT_EQ(under.reader.released, 3U);
}

TEST(LaneSwitch, WithAMarginThatItDoesNotUseUpNoRecordWaits) {
  Switching under;
  under.feed(0, 10);
  EXPECT_EQ(under.propose(2, 500).at(0).offset, 510);
  under.feed(10, 499);
  EXPECT_EQ(under.lane.counters().held.get(), 0U);
  EXPECT_EQ(under.versions(), std::string(509, '1'));
  under.settle(2, true);
  under.feed(509, 3);
  EXPECT_EQ(under.lane.counters().held.get(), 0U);
  EXPECT_EQ(under.versions(), std::string(510, '1') + "22");
}

TEST(LaneSwitch, ItsPauseAndWhatWaitedForTheDiskAreMeasured) {
  Switching under;
  under.feed(0, 2);
  const SwitchPauses& pauses = under.lane.counters().switches;
  EXPECT_EQ(pauses.us.count(), 0U);
  under.propose(2, 1);
  const std::uint64_t proposed = pauses.us.count();
  EXPECT_GT(proposed, 0U);
  under.feed(2, 4);
  EXPECT_EQ(under.lane.counters().held.get(), 3U);
  under.settle(2, true);
  EXPECT_GT(pauses.us.count(), proposed);
  EXPECT_GE(pauses.longest_us.get(), pauses.last_us.get());
  under.feed(4, 1'000);
  EXPECT_GT(pauses.turn_longest_us.get(), 0U);
}

TEST(LaneSwitch, ACancelledSwitchLeavesTheOldSetInForce) {
  Switching under;
  under.feed(0, 2);
  under.propose(2, 1);
  under.feed(2, 3);
  EXPECT_EQ(under.versions(), "111");
  under.settle(2, false);
  EXPECT_EQ(under.versions(), "11111");
  under.propose(3, 0);
  under.settle(3, true);
  under.feed(5, 1);
  EXPECT_EQ(under.versions(), "111113");
}

TEST(LaneSwitch, ANewerSetReplacesOneThatHasNotBegun) {
  Switching under;
  under.feed(0, 2);
  under.propose(2, 100);
  under.settle(2, true);
  EXPECT_EQ(under.propose(3, 1).at(0).offset, 3);
  under.settle(3, true);
  under.feed(2, 3);
  EXPECT_EQ(under.versions(), "11133");
}

TEST(LaneSwitch, TheSameSetAgainIsOnlyEverBroughtForward) {
  Switching under;
  under.feed(0, 2);
  EXPECT_EQ(under.propose(2, 50).at(0).offset, 52);
  under.settle(2, true);
  EXPECT_TRUE(under.propose(2, 60).empty());
  EXPECT_EQ(under.propose(2, 0).at(0).offset, 2);
  under.settle(2, true);
  under.feed(2, 1);
  EXPECT_EQ(under.versions(), "112");
  EXPECT_TRUE(under.propose(2, 0).empty());
}

// The windows of keys of all shards go through the versions that shards take over, and not through one that was replaced before.
TEST(LaneSwitch, AVersionThatNeverBeganTakesNothingFromWindowsOfAllShards) {
  for (const bool replaced : {true, false}) {
    SCOPED_TRACE(replaced ? "replaced" : "taken over");
    Switching under(256, true);
    under.feed(0, 2);
    under.propose(2, replaced ? 100 : 1, "something else");
    under.settle(2, true);
    EXPECT_EQ(under.propose(3, replaced ? 1 : 2).at(0).offset, replaced ? 3 : 4);
    under.settle(3, true, replaced ? std::vector<std::uint64_t>{2} : std::vector<std::uint64_t>{});
    under.feed(2, 4);
    EXPECT_EQ(under.versions(), replaced ? "111333" : "111233");
    const std::string count = replaced ? "\"payments_10m\":6" : "\"payments_10m\":2";
    EXPECT_NE(under.decisions.taken.back().value.find(count), std::string::npos) << under.decisions.taken.back().value;
  }
}

// Letting go of an old version carries windows on to the next one only, not to one that may yet be replaced.
TEST(LaneSwitch, ForgettingAVersionLeadsIntoNoneThatNeverBegan) {
  Switching under(256, true);
  under.feed(0, 2);
  under.propose(2, 1);
  under.settle(2, true);
  under.feed(2, 3);
  under.propose(3, 100, "something else");
  under.settle(3, true);
  under.lane.forget_version(1);
  under.work();
  under.propose(4, 1);
  under.settle(4, true, {3});
  under.feed(5, 3);
  EXPECT_EQ(under.versions(), "11122244");
  EXPECT_NE(under.decisions.taken.back().value.find("\"payments_10m\":8"), std::string::npos) << under.decisions.taken.back().value;
}

TEST(LaneSwitch, NothingIsDecidedAtOrBehindTheBound) {
  Switching under;
  under.position->set_bound(3);
  under.feed(0, 5);
  EXPECT_EQ(under.versions(), "111");
  under.position->set_bound(100);
  under.work();
  EXPECT_EQ(under.versions(), "11111");
}

}  // namespace
}  // namespace weir
