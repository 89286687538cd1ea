// Features by any key: one lane against brute force, several lanes against what must hold whatever order events reach an owner in.
#include "engine/pipeline/exchange.h"

#include <algorithm>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "engine/parse/json_parser.h"
#include "engine/pipeline/decision_writer.h"
#include "tests/support/brute_force_windows.h"
#include "tests/support/key_ledger.h"
#include "tests/support/key_payments.h"
#include "tests/support/keys_scorer.h"
#include "tests/support/stepped_lanes.h"

namespace weir {
namespace {

using test::FakeReader;
using test::KeyLedger;
using test::KeyPayment;
using test::KeysScorer;
using test::SteppedLanes;

std::shared_ptr<const Scorer> scorer(bool only_card = false) {
  return std::make_shared<KeysScorer>(only_card);
}

// What a single shard must decide: all records at once through the oracle, written by the decision writer.
std::vector<std::string> decisions_by_brute_force(const std::vector<FakeReader::Record>& records) {
  const std::shared_ptr<const Scorer> rules = scorer();
  Arena arena;
  RecordBatch batch;
  for (const FakeReader::Record& record : records) {
    RecordView view;
    view.value = arena.copy(record.value);
    view.offset = static_cast<std::int64_t>(batch.records.size());
    view.has_value = true;
    batch.records.push_back(view);
  }
  JsonParser parser(rules->event(), {});
  EventBatch events;
  std::vector<Reject> rejects;
  parser.parse(batch, events, rejects);
  const FeatureStoreLimits limits;
  BruteForceWindows oracle(rules->features(), limits.late_allowed_ms, limits.distinct_values_max);
  FeatureColumns features;
  oracle.apply(events, features);
  DecisionBatch decisions;
  const std::unique_ptr<ScorerScratch> scratch = rules->make_scratch();
  rules->score(events, features, decisions, *scratch);
  DecisionWriter writer(rules->vocabulary(), rules->event());
  const ShardIdentity identity({"payments", "payments", 0});
  std::vector<std::string> texts;
  for (std::size_t row = 0; row < events.rows; ++row) {
    ByteBuffer text;
    writer.write_decision(text, {events, features, decisions, row}, identity, FeatureSelection::all);
    texts.emplace_back(text.view());
  }
  return texts;
}

TEST(Exchange, OneLaneWithOneShardDecidesWhatBruteForceDecidesByteForByte) {
  const std::vector<FakeReader::Record> records = records_of(test::payments_in_time(0, 1500, 3));
  const std::vector<std::string> expected = decisions_by_brute_force(records);
  for (const std::size_t batch_size : {std::size_t{1}, std::size_t{7}, std::size_t{256}}) {
    SteppedLanes under(1, scorer(), FeatureSelection::all, batch_size);
    under.assign(0);
    under.feed(0, 0, records);
    under.work();
    EXPECT_EQ(under.values(), expected) << "batches of " << batch_size;
  }
}

TEST(Exchange, OneShardSpreadOverSeveralLanesStillDecidesWhatBruteForceDecides) {
  const std::vector<FakeReader::Record> records = records_of(test::payments_in_time(0, 1500, 4));
  const std::vector<std::string> expected = decisions_by_brute_force(records);
  for (const LaneIndex lanes : {2U, 4U}) {
    SteppedLanes under(lanes, scorer());
    under.assign(0);
    under.feed(0, 0, records);
    Random random(lanes);
    under.shuffle(random, 2000);
    under.work();
    EXPECT_EQ(under.values(), expected) << lanes << " lanes";
  }
}

TEST(Exchange, ARecordIsTooLateIfItIsForEveryKeyThatItHas) {
  constexpr std::int64_t now = 100'000'000;
  constexpr std::int64_t late = now - 10'000'000;
  const std::vector<KeyPayment> payments{{"now", "a", "x", 1, now, 1},         {"new card", "b", "x", 1, late, 1},
                                         {"all late", "a", "x", 1, late, 1},   {"late without a device", "a", "", 1, late, 1},
                                         {"new device", "a", "y", 1, late, 1}, {"new merchant", "a", "x", 2, late, 1}};
  InputSettings input;
  input.late = LatePolicy::drop;
  for (const LaneIndex lanes : {1U, 4U}) {
    SteppedLanes under(lanes, scorer(), FeatureSelection::all, 16, 1, input);
    under.assign(0);
    under.feed(0, 0, records_of(payments));
    under.work();
    std::vector<std::string> decided;
    for (const std::string& value : under.values()) decided.push_back(*test::member(value, "event_id"));
    EXPECT_EQ(decided, (std::vector<std::string>{"now", "new card", "new device", "new merchant"})) << lanes << " lanes";
  }
}

TEST(Exchange, WhatIsTooLateAndWhatComesTwiceDoesNotDependOnLanesAndBatches) {
  std::vector<KeyPayment> payments = test::payments_in_time(0, 1500, 5);
  Random repeats(5);
  for (KeyPayment& payment : payments) {
    payment.at_ms += 100'000'000;
    if (repeats.chance(0.05)) payment.at_ms -= repeats.between(0, 20'000'000);
  }
  for (std::size_t index = 10; index < payments.size(); ++index)
    if (repeats.chance(0.2)) payments[index] = payments[index - static_cast<std::size_t>(repeats.between(1, 10))];
  const std::vector<FakeReader::Record> records = records_of(payments);
  InputSettings input;
  input.late = LatePolicy::drop;
  input.duplicates.horizon_ms = 50'000;
  SteppedLanes alone(1, scorer(), FeatureSelection::all, 1, 1, input);
  alone.assign(0);
  alone.feed(0, 0, records);
  alone.work();
  const std::vector<std::string> expected = alone.values();
  EXPECT_GT(alone.lane(0).counters().duplicates.get(), 100U);
  EXPECT_GT(alone.lane(0).counters().late_dropped.get(), 10U);
  for (const LaneIndex lanes : {1U, 2U, 4U}) {
    for (const std::uint32_t lanes_per_shard : {1U, 2U}) {
      for (const std::int64_t live_from : {0, 700}) {
        if (lanes_per_shard > lanes) continue;
        SteppedLanes under(lanes, scorer(), FeatureSelection::all, 16, lanes_per_shard, input);
        under.assign(0, live_from);
        under.feed(0, 0, records);
        Random random(lanes);
        under.shuffle(random, 500);
        under.work();
        const std::vector<std::string> values = under.values();
        EXPECT_GT(values.size(), live_from == 0 ? 1'200U : 500U);
        ASSERT_LE(values.size(), expected.size());
        EXPECT_EQ(values, std::vector<std::string>(expected.end() - static_cast<std::ptrdiff_t>(values.size()), expected.end()))
            << lanes << " lanes, " << lanes_per_shard << " a shard, live from " << live_from;
        if (live_from == 0) {
          EXPECT_EQ(values.size(), expected.size());
        }
      }
    }
  }
}

struct Fleet {
  LaneIndex lanes;
  std::uint32_t shards;
};

class ExchangeBetween : public testing::TestWithParam<Fleet> {};

INSTANTIATE_TEST_SUITE_P(Lanes, ExchangeBetween, testing::Values(Fleet{1, 3}, Fleet{2, 3}, Fleet{4, 4}, Fleet{4, 6}, Fleet{3, 1}),
                         [](const auto& fleet) {
                           return std::to_string(fleet.param.lanes) + "Lanes" + std::to_string(fleet.param.shards) + "Shards";
                         });

TEST_P(ExchangeBetween, EveryEventIsSeenOnceByEachOfItsKeys) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SteppedLanes under(GetParam().lanes, scorer());
    KeyLedger ledger;
    for (ShardIndex shard = 0; shard < GetParam().shards; ++shard) {
      const std::vector<KeyPayment> payments = test::payments_at_once(shard, 700, seed);
      under.assign(shard);
      under.feed(shard, 0, records_of(payments));
      ledger.expect(payments, 0);
    }
    Random random(seed);
    under.shuffle(random, 500);
    under.work();
    EXPECT_EQ(ledger.complaints(under.values()), "") << "seed " << seed;
  }
}

TEST_P(ExchangeBetween, ARestartAnywhereChangesNoAnswer) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SteppedLanes under(GetParam().lanes, scorer());
    KeyLedger ledger;
    Random random(seed);
    std::vector<std::vector<KeyPayment>> all;
    for (ShardIndex shard = 0; shard < GetParam().shards; ++shard) all.push_back(test::payments_at_once(shard, 400, seed));
    // As a source with several shards does it: none goes live before all are assigned.
    under.lane(0).gate(0).close();
    for (ShardIndex shard = 0; shard < GetParam().shards; ++shard) {
      const std::int64_t live_from = random.between(0, 300);
      under.assign(shard, live_from);
      under.feed(shard, 0, records_of(all[shard]));
      ledger.expect(all[shard], static_cast<std::size_t>(live_from));
      under.shuffle(random, 20);
    }
    under.lane(0).gate(0).open();
    under.shuffle(random, 300);
    under.work();
    EXPECT_EQ(ledger.complaints(under.values()), "") << "seed " << seed;
  }
}

TEST_P(ExchangeBetween, RulesOnTheShardsOwnKeyDecideTheSameBytesWhateverTheLanes) {
  std::map<std::string, std::string> first;  // by event
  for (const LaneIndex lanes : {LaneIndex{1}, GetParam().lanes}) {
    SteppedLanes under(lanes, scorer(), FeatureSelection::fired);
    for (ShardIndex shard = 0; shard < GetParam().shards; ++shard) {
      under.assign(shard);
      under.feed(shard, 0, records_of(test::payments_in_time(shard, 500, 9)));
    }
    Random random(lanes);
    under.shuffle(random, 300);
    under.work();
    std::map<std::string, std::string> decided;
    for (const std::string& value : under.values()) decided[*test::member(value, "event_id")] = value;
    EXPECT_EQ(decided.size(), 500U * GetParam().shards);
    if (first.empty()) first = decided;
    EXPECT_EQ(decided, first);
  }
}

TEST(Exchange, LanesPerShardChangeNoByteOfWhatTheShardsKeyDecides) {
  for (const bool only_card : {true, false}) {
    std::vector<std::vector<std::string>> decided;
    for (const std::uint32_t lanes_per_shard : {1U, 3U, 4U, 64U}) {
      SteppedLanes under(4, scorer(only_card), only_card ? FeatureSelection::all : FeatureSelection::fired, 16, lanes_per_shard);
      for (ShardIndex shard = 0; shard < 5; ++shard) {
        under.assign(shard, shard * 100);
        under.feed(shard, 0, records_of(test::payments_in_time(shard, 500, 2)));
      }
      under.work();
      decided.push_back(under.values());
      std::sort(decided.back().begin(), decided.back().end());
      EXPECT_EQ(decided.back().size(), 5 * 500 - 1000U);
      EXPECT_EQ(decided.back(), decided.front()) << lanes_per_shard << " lanes a shard";
    }
  }
}

TEST(Exchange, KeysOfOneShardAreSharedOutAmongItsLanes) {
  const KeyRoute route{{KeysScorer::card}, {0}, false, 3};
  std::map<LaneIndex, int> owned;
  Random random(1);
  for (int key = 0; key < 3000; ++key) ++owned[owner_of(random.next(), route, 3, 4)];
  EXPECT_EQ(owned.size(), 3U);
  EXPECT_FALSE(owned.contains(2));  // 3 and the two behind it, around the end
  for (const auto& [lane, keys] : owned) EXPECT_NEAR(keys, 1000, 150) << "lane " << lane;
}

TEST(Exchange, ASlowOwnerHoldsBackWhoAsksAndNobodyElse) {
  constexpr std::size_t batch_size = 16;
  SteppedLanes under(2, scorer(), FeatureSelection::all, batch_size);
  KeyLedger ledger;
  for (ShardIndex shard = 0; shard < 2; ++shard) {
    const std::vector<KeyPayment> payments = test::payments_at_once(shard, 1600, 7);
    under.assign(shard);
    under.feed(shard, 0, records_of(payments));
    ledger.expect(payments, 0);
  }
  // Lane 1 does nothing: lane 0 takes as many batches as may be in flight, decides none, and then leaves its reader alone.
  under.turns(0);
  EXPECT_FALSE(under.lane(0).has_nothing_in_flight());
  EXPECT_TRUE(under.decisions(0).taken.empty());
  EXPECT_EQ(under.reader(0).waiting(), 100 - Exchange::batches_in_flight_max);
  // Lane 1 asks in turn. Lane 0 has no room for batches, and answers all the same.
  under.turn(1);
  under.turns(0);
  under.turn(1);
  EXPECT_FALSE(under.decisions(1).taken.empty());
  under.work();
  EXPECT_TRUE(under.lane(0).has_nothing_in_flight());
  EXPECT_EQ(ledger.complaints(under.values()), "");
}

TEST(Exchange, BatchesOfOneShardAreDecidedInOrder) {
  SteppedLanes under(3, scorer());
  under.assign(0);
  under.feed(0, 0, records_of(test::payments_at_once(0, 800, 5)));
  Random random(5);
  for (int round = 0; round < 400; ++round) under.turn(random.chance(0.6) ? 0 : random.chance(0.9) ? 1 : 2);
  under.work();
  const std::vector<std::string> values = under.values();
  ASSERT_EQ(values.size(), 800U);
  for (std::size_t index = 0; index < values.size(); ++index) EXPECT_EQ(test::member(values[index], "offset"), std::to_string(index));
}

TEST(Exchange, ARevokeWaitsForTheAnswersThatAreOutWhateverItsDeadline) {
  for (const bool lost : {false, true}) {
    SteppedLanes under(2, scorer());
    under.assign(0);
    under.feed(0, 0, records_of(test::payments_at_once(0, 64, 1)));
    under.turns(0);
    ASSERT_FALSE(under.lane(0).has_nothing_in_flight());
    auto answer = under.lane(0).revoke(0, 0, lost, std::chrono::steady_clock::now());
    under.turns(0);
    // The owner reads the batches' memory.
    EXPECT_EQ(answer.wait_for(std::chrono::seconds{0}), std::future_status::timeout);
    EXPECT_EQ(under.reader(0).released, 0U);
    under.work();
    ASSERT_EQ(answer.wait_for(std::chrono::seconds{0}), std::future_status::ready);
    EXPECT_TRUE(under.lane(0).has_nothing_in_flight());
    EXPECT_EQ(under.reader(0).released, 4U);
    EXPECT_EQ(under.values().size(), 64U);
  }
}

}  // namespace
}  // namespace weir
