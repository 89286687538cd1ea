// What rules write and later events read, case by case.
#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/rules_lane.h"

namespace weir::test {
namespace {

using testing::ElementsAre;

const std::string event_text =
    "event payment {\n id string id\n at timestamp(ms) time\n card string key\n amount int\n shop string?\n}\n"
    "policy { precedence block, alert, allow score >= 50 -> alert otherwise -> allow }\n";

constexpr std::int64_t minute = 60'000;

struct Event {
  std::int64_t at = 0;
  std::string card = "c";
  int amount = 0;
  std::string shop = "s";
};

std::vector<FakeReader::Record> records(const std::vector<Event>& events) {
  std::vector<FakeReader::Record> all;
  for (const Event& event : events) {
    all.push_back({event.card, R"({"id":"p)" + std::to_string(all.size()) + R"(","at":)" + std::to_string(1'000'000'000 + event.at) +
                                   R"(,"card":")" + event.card + R"(","amount":)" + std::to_string(event.amount) + R"(,"shop":")" +
                                   event.shop + "\"}"});
  }
  return all;
}

std::vector<std::string> outcomes(const std::string& rules, const std::vector<Event>& events) {
  std::vector<std::string> first;
  for (const std::size_t batch_size : {1U, 3U, 256U}) {
    RulesLane lane(event_text + rules, batch_size);
    lane.assign();
    lane.feed(records(events));
    if (first.empty()) first = lane.outcomes();
    EXPECT_EQ(lane.outcomes(), first) << "batches of " << batch_size;
  }
  return first;
}

const std::string flagging =
    "rule flag \"Flag\" { when amount == 1 then alert update card set flagged = true for 10m }\n"
    "rule clear \"Clear\" { when amount == 2 then alert update card unset flagged }\n"
    "rule flagged \"Flagged\" { when profile(card).flagged then block }\n";

TEST(Facts, AreReadByLaterEventsOfTheirKeyUntilTheyEnd) {
  EXPECT_THAT(outcomes(flagging, {{0, "a", 1}, {0, "a"}, {0, "b"}, {10 * minute - 1, "a"}, {10 * minute, "a"}, {11 * minute, "a"}}),
              ElementsAre("alert", "block", "allow", "block", "allow", "allow"));
}

TEST(Facts, OfTwoUpdatesTheOneThatArrivedLastIsInForceWhateverItsTime) {
  EXPECT_THAT(outcomes(flagging, {{20 * minute, "a", 1}, {12 * minute, "a", 1}, {21 * minute, "a"}, {30 * minute, "a"}}),
              ElementsAre("alert", "block", "block", "allow"));
}

TEST(Facts, ALateEventSeesWhatWasWrittenBeforeItArrived) {
  EXPECT_THAT(outcomes(flagging, {{20 * minute, "a", 1}, {5 * minute, "a"}}), ElementsAre("alert", "block"));
}

TEST(Facts, UnsetRemovesAndTheRulesOfOneEventSeeWhatWasThereBefore) {
  EXPECT_THAT(outcomes(flagging, {{0, "a", 1}, {1, "a", 2}, {2, "a"}}), ElementsAre("alert", "block", "allow"));
}

TEST(Facts, CountUpAndAreKeptForEverWithoutADuration) {
  const std::string rules =
      "let hits = coalesce(profile(card).hits, 0)\nrule count \"Count\" { when amount == 1 score 0 update card set hits = hits + 1 }\n"
      "rule third \"Third\" { when hits >= 2 then block }\n";
  EXPECT_THAT(outcomes(rules, {{0, "a", 1}, {1, "a", 1}, {2, "a", 1}, {400 * 24 * 60 * minute, "a"}}),
              ElementsAre("allow", "allow", "block", "block"));
}

TEST(Facts, ThatARuleInShadowWouldWriteAreNotWritten) {
  const std::string rules =
      "rule flag \"Flag\" mode shadow { when amount == 1 score 1 update card set flagged = true }\n"
      "rule flagged \"Flagged\" { when profile(card).flagged then block }\n";
  EXPECT_THAT(outcomes(rules, {{0, "a", 1}, {1, "a"}}), ElementsAre("allow", "allow"));
}

TEST(Facts, OfUpdatesThatAreLeftOutAreNotWritten) {
  std::string rules =
      "rule seen \"Seen\" { when profile(card).flagged or profile(card).shop0 is present then block }\n"
      "rule long \"Long\" { when amount == 1 then alert update card set flagged = true ";
  for (int count = 0; count < 5; ++count) rules += "update card set shop" + std::to_string(count) + " = shop ";
  const std::string shop(60'000, 's');  // five of them are more than 256 KiB
  EXPECT_THAT(outcomes(rules + "}\n", {{0, "a", 1, shop}, {1, "a"}, {2, "a", 1}, {3, "a"}}),
              ElementsAre("alert", "allow", "alert", "block"));
}

TEST(Facts, OfAFullStoreAreRefusedForFurtherKeysInAnyBatch) {
  std::vector<Event> events;
  for (const std::string card : {"a", "b", "c", "d"}) events.push_back({0, card, 1});
  for (const std::string card : {"d", "c", "b", "a"}) events.push_back({1, card});
  for (const std::size_t batch_size : {1U, 8U}) {
    InputSettings input;
    input.feedback.fact_keys_max = 2;
    RulesLane lane(event_text + flagging, batch_size, input);
    lane.assign();
    lane.feed(records(events));
    EXPECT_THAT(lane.outcomes(), ElementsAre("alert", "alert", "alert", "alert", "allow", "allow", "block", "block"));
  }
}

TEST(Facts, AreReadByTheConditionsOfSinks) {
  const std::string rules = "rule flag \"Flag\" { when amount == 1 then alert update card set flagged = true }\n";
  RulesLane lane(event_text + rules, 256, {}, {"profile(card).flagged and outcome == allow"});
  lane.assign();
  lane.feed(records({{0, "a", 1}, {1, "a"}, {2, "b"}}));
  ASSERT_EQ(lane.routed(0).size(), 1U);
  EXPECT_NE(lane.routed(0)[0].find("\"event_id\":\"p1\""), std::string::npos);
}

TEST(OwnDecisions, AreCountedWithoutTheEventAtHand) {
  const std::string rules =
      "feature blocks = count() by card over 10m where outcome == block\n"
      "rule one \"One\" { when amount == 1 then block }\nrule two \"Two\" { when blocks >= 2 then alert score 1 }\n";
  EXPECT_THAT(outcomes(rules, {{0, "a", 1}, {1, "a", 1}, {2, "a"}, {3, "b"}, {10 * minute, "a"}, {10 * minute + 1, "a"}}),
              ElementsAre("block", "block", "alert", "allow", "allow", "allow"));
}

TEST(OwnDecisions, MayBeChosenByTheirScore) {
  const std::string rules =
      "feature high = sum(amount) by card over 10m where score >= 30 and shop == \"s\"\n"
      "rule one \"One\" { when amount >= 5 score 30 }\nrule two \"Two\" { when high >= 12 then block }\n";
  EXPECT_THAT(outcomes(rules, {{0, "a", 5}, {1, "a", 6, "t"}, {2, "a", 4}, {3, "a", 7}, {4, "a"}}),
              ElementsAre("allow", "allow", "allow", "allow", "block"));
}

// Flink's fraud demo: count by payment type, emptied when it fires.
TEST(Reset, EmptiesTheWindowOfTheKeyWithTheEventThatFired) {
  const std::string rules =
      "feature many = count() by shop, card over 1h\nfeature all = count() by shop, card over 1h\n"
      "rule third \"Third\" { when many >= 3 then block reset many }\nrule sixth \"Sixth\" { when all >= 6 then alert }\n";
  EXPECT_THAT(outcomes(rules, {{0}, {1}, {1, "c", 0, "t"}, {2}, {3}, {4}, {4, "c", 0, "t"}, {5}}),
              ElementsAre("allow", "allow", "allow", "block", "allow", "allow", "allow", "block"));
}

TEST(Reset, LateEventsThatArriveAfterwardsCount) {
  const std::string rules =
      "feature many = count() by card over 1h\nrule fires \"Fires\" { when amount == 1 then block reset many }\n"
      "rule two \"Two\" { when many >= 2 then alert }\n";
  // The late one is seen by the next; what was there before the reset by neither.
  EXPECT_THAT(outcomes(rules, {{0}, {10 * minute, "c", 1}, {5 * minute}, {11 * minute}}), ElementsAre("allow", "block", "allow", "alert"));
}

TEST(Reset, WhatIsLateOrTooLateForAWindowThatRulesResetIsCounted) {
  RulesLane lane(event_text + "feature n = count() by card over 1m\nrule third \"Third\" { when n == 3 then alert reset n }", 1);
  lane.assign();
  lane.feed(records({{5 * minute}, {4 * minute + 1}, {minute}, {6 * minute}}));
  for (int turn = 0; turn < 100; ++turn) lane.lane().do_work(std::chrono::microseconds{0});  // gauges are set now and then
  EXPECT_EQ(lane.lane().state().late_events.get(), 1U);
  EXPECT_EQ(lane.lane().state().too_late_events.get(), 1U);
  EXPECT_EQ(lane.lane().state().keys.get(), 1U);
}

TEST(Reset, OfAKeyWithVeryManyEventsStartsFromNothing) {
  const std::string rules = "feature many = count() by card over 1h\nrule fires \"Fires\" { when many >= 300 then block reset many }\n";
  const std::vector<std::string> all = outcomes(rules, std::vector<Event>(650));
  for (std::size_t row = 0; row < all.size(); ++row) EXPECT_EQ(all[row], (row + 1) % 300 == 0 ? "block" : "allow") << row;
}

const std::string probing =
    "pattern probe by card within 15m { small: amount < 2 then big: amount > 500 and shop != small.shop }\n"
    "rule probed \"Probed\" { when probe matched then block }\n";

TEST(Patterns, HoldAtTheEventThatCompletesThem) {
  EXPECT_THAT(outcomes(probing, {{0, "a", 1, "s"}, {1, "a", 50}, {2, "a", 501, "s"}, {3, "a", 501, "t"}, {4, "b", 501, "t"}}),
              ElementsAre("allow", "allow", "allow", "block", "allow"));
}

TEST(Patterns, AnEventExactlyTheirLengthOlderIsOut) {
  EXPECT_THAT(outcomes(probing, {{0, "a", 1}, {15 * minute - 1, "a", 501, "t"}, {15 * minute, "a", 501, "t"}}),
              ElementsAre("allow", "block", "allow"));
}

TEST(Patterns, GoByTimeAndThenByArrival) {
  // At one instant the small one must arrive first; a late small one is earlier by its time; one that has not arrived does not count.
  EXPECT_THAT(outcomes(probing, {{5, "a", 501, "t"}, {5, "a", 1}, {5, "a", 502, "t"}}), ElementsAre("allow", "allow", "block"));
  EXPECT_THAT(outcomes(probing, {{9, "a", 1}, {5, "a", 501, "t"}, {3, "a", 1}, {5, "a", 502, "t"}}),
              ElementsAre("allow", "allow", "allow", "block"));
}

TEST(Patterns, RepeatAStep) {
  const std::string rules =
      "pattern tries by card within 6h { declined: 3 x amount == 0 then amount > 0 }\nrule tried \"Tried\" { when tries matched then block "
      "}\n";
  EXPECT_THAT(outcomes(rules, {{0}, {1}, {2, "c", 1}, {3}, {4, "c", 1}}), ElementsAre("allow", "allow", "allow", "allow", "block"));
}

TEST(Patterns, ForgetTheOldestStepOfAKeyAtTheirLimit) {
  InputSettings input;
  input.feedback.pattern_events_a_key_max = 2;
  RulesLane lane(event_text + probing, 256, input);
  lane.assign();
  lane.feed(records({{0, "a", 1, "s"}, {1, "a", 1, "t"}, {2, "a", 1, "t"}, {3, "a", 501, "t"}, {4, "a", 501, "s"}}));
  EXPECT_THAT(lane.outcomes(), ElementsAre("allow", "allow", "allow", "allow", "block"));
}

}  // namespace
}  // namespace weir::test
