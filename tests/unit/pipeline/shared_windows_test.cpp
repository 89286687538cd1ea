// Windows that several shards feed, on lanes with threads of their own: assignment, replay, revocation, failure and the end.
#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/pipeline/lane_group.h"
#include "tests/support/fake_sink.h"
#include "tests/support/key_ledger.h"
#include "tests/support/key_payments.h"
#include "tests/support/keys_scorer.h"
#include "tests/support/shared_reader.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
using test::KeyLedger;
using test::KeyPayment;

// Lanes at work; the test is the source's control thread.
class Threads {
 public:
  explicit Threads(LaneIndex lanes) : group_(make_lanes(lanes)), owner_(group_.owner(0, 1h)) {
    for (LaneIndex lane = 0; lane < lanes; ++lane) group_.lane(lane).attach(0, places_[lane].reader);
    group_.start();
  }

  ShardOwner& owner() { return owner_; }
  test::SharedReader& reader(ShardIndex shard) { return places_[shard % group_.lane_count()].reader; }
  LaneGroup& group() { return group_; }

  void assign(const std::vector<std::int64_t>& live_from, AssignmentEpoch epoch = 1) {
    owner_.begin_assignment();
    for (ShardIndex shard = 0; shard < live_from.size(); ++shard) {
      ShardStart start;
      start.shard = shard;
      start.name = {"payments", "payments", static_cast<std::int32_t>(shard)};
      start.epoch = epoch;
      start.lane = shard % group_.lane_count();
      start.live_from = live_from[shard];
      owner_.assign(start);
    }
    owner_.end_assignment();
  }

  // Where each shard stands afterwards.
  std::vector<std::int64_t> revoke_all(std::size_t shards) {
    for (auto& place : places_) place.reader.drop_all();
    std::vector<std::int64_t> positions;
    owner_.begin_revocation();
    for (ShardIndex shard = 0; shard < shards; ++shard) positions.push_back(revoke(shard));
    owner_.end_revocation();
    return positions;
  }
  std::int64_t revoke(ShardIndex shard) { return owner_.revoke(shard, false, std::chrono::steady_clock::now() + 30s).next_offset; }

  // Every lane has had as many turns since.
  void turn(int times) {
    for (int time = 0; time < times; ++time)
      for (LaneIndex lane = 0; lane < group_.lane_count(); ++lane) group_.lane(lane).forget_shard(0, 1'000).wait();
  }

  bool wait_for(ShardIndex shard, std::int64_t position) const {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (owner_.position(shard).next_offset < position) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  // What was decided since the last call. No shard is assigned.
  std::vector<std::string> decided() {
    std::vector<std::string> values;
    for (auto& place : places_) {
      for (; place.read < place.decisions.taken.size(); ++place.read) values.push_back(place.decisions.taken[place.read].value);
    }
    return values;
  }

 private:
  struct Place {
    test::SharedReader reader{16};
    test::FakeSink decisions;
    test::FakeSink dead_letters;
    std::size_t read = 0;
  };

  std::vector<std::unique_ptr<Lane>> make_lanes(LaneIndex count) {
    InputSettings input;
    input.scorer = std::make_shared<test::KeysScorer>();
    std::vector<std::unique_ptr<Lane>> lanes;
    for (LaneIndex index = 0; index < count; ++index) {
      Place& place = places_.emplace_back();
      const std::vector<SinkBinding> bindings{
          {"decisions", &place.decisions, OutputKind::decision, FeatureSelection::all, std::nullopt},
          {"dead_letters", &place.dead_letters, OutputKind::dead_letter, FeatureSelection::none, std::nullopt}};
      lanes.push_back(std::make_unique<Lane>(index, std::vector<InputSettings>{input}, bindings, nullptr));
    }
    return lanes;
  }

  std::deque<Place> places_;
  LaneGroup group_;
  ShardOwner& owner_;
};

TEST(SharedWindows, OnThreadsOfTheirOwnLanesSeeEveryEventOnce) {
  for (const LaneIndex lanes : {1U, 2U, 4U}) {
    constexpr std::size_t count = 2000;
    constexpr ShardIndex shards = 5;
    Threads under(lanes);
    KeyLedger ledger;
    under.assign(std::vector<std::int64_t>(shards, 0));
    for (ShardIndex shard = 0; shard < shards; ++shard) {
      const std::vector<KeyPayment> payments = test::payments_at_once(shard, count, lanes);
      under.reader(shard).feed_shared(shard, 1, 0, records_of(payments));
      ledger.expect(payments, 0);
    }
    for (ShardIndex shard = 0; shard < shards; ++shard) EXPECT_TRUE(under.wait_for(shard, count));
    under.revoke_all(shards);
    EXPECT_EQ(ledger.complaints(under.decided()), "") << lanes << " lanes";
  }
}

TEST(SharedWindows, RevokedInFullFlightAndAssignedAgainTheyHoldEveryEventOnce) {
  constexpr std::size_t count = 1500;
  constexpr ShardIndex shards = 4;
  Threads under(3);
  std::vector<std::vector<KeyPayment>> payments;
  for (ShardIndex shard = 0; shard < shards; ++shard) payments.push_back(test::payments_at_once(shard, count, 11));
  std::vector<std::int64_t> positions(shards, 0);
  for (AssignmentEpoch epoch = 1; epoch <= 4; ++epoch) {
    under.assign(positions, epoch);
    KeyLedger ledger;
    for (ShardIndex shard = 0; shard < shards; ++shard) under.reader(shard).feed_shared(shard, epoch, 0, records_of(payments[shard]));
    if (epoch < 4) {
      // A shard may have been ahead of the one that was waited for, up to its end.
      const std::int64_t further = std::min<std::int64_t>(positions[epoch % shards] + 200, count);
      EXPECT_TRUE(under.wait_for(static_cast<ShardIndex>(epoch) % shards, further));
    } else {
      for (ShardIndex shard = 0; shard < shards; ++shard) EXPECT_TRUE(under.wait_for(shard, count));
    }
    const std::vector<std::int64_t> before = positions;
    positions = under.revoke_all(shards);
    const std::vector<std::string> decided = under.decided();
    for (ShardIndex shard = 0; shard < shards; ++shard) {
      const std::vector<KeyPayment> seen(payments[shard].begin(), payments[shard].begin() + positions[shard]);
      ledger.expect(seen, static_cast<std::size_t>(before[shard]));
    }
    EXPECT_EQ(ledger.complaints(decided), "") << "assignment " << epoch;
  }
}

TEST(SharedWindows, LiveRecordsWaitForEveryReplayAndAreGivenBackAtTheEnd) {
  Threads under(2);
  under.assign({0, 100});
  under.reader(0).feed_shared(0, 1, 0, records_of(test::payments_at_once(0, 64, 1)));
  // Half of what shard 1 must replay, and then nothing.
  under.reader(1).feed_shared(1, 1, 0, records_of(test::payments_at_once(1, 48, 1)));
  while (under.group().lane(1).counters().replayed.get() < 48) std::this_thread::yield();
  EXPECT_EQ(under.revoke_all(2), (std::vector<std::int64_t>{0, 100}));
  EXPECT_TRUE(under.decided().empty());
}

TEST(SharedWindows, ShardsThatGoTogetherDoNotGoLiveBehindOneThatGoesInItsReplay) {
  Threads under(2);
  under.assign({100, 0});
  under.reader(1).feed_shared(1, 1, 0, records_of(test::payments_at_once(1, 64, 1)));
  under.reader(0).feed_shared(0, 1, 0, records_of(test::payments_at_once(0, 48, 1)));
  while (under.group().lane(0).counters().replayed.get() < 48) std::this_thread::yield();
  under.owner().begin_revocation();
  EXPECT_EQ(under.revoke(0), 100);
  under.turn(20);
  EXPECT_EQ(under.owner().position(1).next_offset, 0) << "decided without what was not replayed";
  EXPECT_EQ(under.revoke(1), 0);
  under.owner().end_revocation();
  EXPECT_TRUE(under.decided().empty());
}

TEST(SharedWindows, AtTheEndNothingGoesLiveAnyMore) {
  Threads under(2);
  under.assign({100, 0});
  under.reader(1).feed_shared(1, 1, 0, records_of(test::payments_at_once(1, 64, 1)));
  under.reader(0).feed_shared(0, 1, 0, records_of(test::payments_at_once(0, 48, 1)));
  while (under.group().lane(0).counters().replayed.get() < 48) std::this_thread::yield();
  under.group().let_go();
  EXPECT_EQ(under.revoke(0), 100);
  under.turn(20);
  EXPECT_EQ(under.revoke(1), 0);
  EXPECT_TRUE(under.decided().empty());
}

TEST(SharedWindows, AReplayEndsWhereTheSourceSaysThatNothingIsLeft) {
  Threads under(2);
  under.assign({0, 100});
  under.reader(0).feed_shared(0, 1, 0, records_of(test::payments_at_once(0, 64, 1)));
  under.reader(1).feed_shared(1, 1, 0, records_of(test::payments_at_once(1, 48, 1)));
  under.reader(1).end_shared(1, 1, 99);
  under.reader(1).end_shared(1, 1, 101);
  EXPECT_TRUE(under.wait_for(0, 64));
  EXPECT_EQ(under.group().lane(1).counters().replayed.get(), 48U);
  under.revoke_all(2);
}

TEST(SharedWindows, AShardThatFailsInItsReplayKeepsNobodyWaiting) {
  Threads under(2);
  under.assign({0, 100});
  under.reader(0).feed_shared(0, 1, 0, records_of(test::payments_at_once(0, 64, 1)));
  under.owner().fail(1, {ErrorKind::fatal, "its offsets are gone"});
  EXPECT_TRUE(under.wait_for(0, 64));
  EXPECT_EQ(under.revoke_all(2), (std::vector<std::int64_t>{64, 100}));
  EXPECT_EQ(under.decided().size(), 64U);
}

TEST(SharedWindows, AShardThatIsRevokedInItsReplayKeepsNobodyWaiting) {
  Threads under(2);
  under.assign({0, 100});
  under.reader(0).feed_shared(0, 1, 0, records_of(test::payments_at_once(0, 64, 1)));
  under.owner().revoke(1, false, std::chrono::steady_clock::now() + 30s);
  EXPECT_TRUE(under.wait_for(0, 64));
  under.revoke_all(1);
}

}  // namespace
}  // namespace weir
