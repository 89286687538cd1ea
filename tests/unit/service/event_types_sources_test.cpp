// Events of two types from two sources: what one source feeds, shards of the other ask for, on whichever lane the key is kept; what both
// feed is kept for both.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/unit/service/two_sources.h"

namespace weir {
namespace {

using namespace test;

TEST(EventTypesSources, AFeatureBelongsToTheSourceThatFeedsIt) {
  Checked checked(rules_text);
  const SourceLinks links = find_feeding_sources(sources({"login", "payment"}), *checked.rules, {});
  EXPECT_EQ(links.fed_by, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(links.joint, (std::vector<bool>{false, false}));
  EXPECT_FALSE(checked.rules->features[1].by_includes_shard_key) << "logins of any shard ask for it";
  EXPECT_FALSE(checked.rules->features[1].spans_sources);
}

TEST(EventTypesSources, OneSourceKeepsWhatItFeeds) {
  Checked checked(rules_text);
  EXPECT_FALSE(find_feeding_sources(sources({"payment"}), *checked.rules, {}).any());
  EXPECT_FALSE(find_feeding_sources(sources({"payment", "payment"}), *checked.rules, {}).any());
}

TEST(EventTypesSources, WhatTwoSourcesFeedIsKeptForBoth) {
  Checked checked(rules_text + R"(
feature seen = count() by card over 1h
pattern fails_then_pays by card within 1h { fails: ok == false then pays: amount > 1.00 }
rule s "S" { when seen > 1 then alert }
rule p "P" on payment { when fails_then_pays matched then alert }
)");
  const std::string identity = checked.rules->features[2].identity;
  const SourceLinks links = find_feeding_sources(sources({"login", "payment"}), *checked.rules, {});
  EXPECT_EQ(links.fed_by, (std::vector<std::size_t>{0, 1, joint_keeper}));
  EXPECT_EQ(links.joint, (std::vector<bool>{true, true}));
  EXPECT_TRUE(checked.rules->features[2].spans_sources);
  EXPECT_NE(checked.rules->features[2].identity, identity) << "windows of one source do not go on as those of two";
  EXPECT_TRUE(checked.rules->sequences[0].spans_sources);
  EXPECT_FALSE(checked.rules->sequences[0].by_includes_shard_key);
}

TEST(EventTypesSources, AFactThatAnotherSourceReadsIsFedByWhoWritesIt) {
  Checked checked(rules_text + R"(
rule w "W" on login { when ok == false update card set bad = true for 1h }
rule s "S" on payment { when profile(card).bad then alert }
)");
  const SourceLinks links = find_feeding_sources(sources({"login", "payment"}), *checked.rules, {});
  EXPECT_EQ(links.joint, (std::vector<bool>{true, false}));
  EXPECT_TRUE(checked.rules->facts[0].spec.spans_sources);
}

TEST(EventTypesSources, FactsAndPatternsOfOneSourceStayWithItsShards) {
  Checked checked(R"(
event payment { id string id
  t timestamp(ms) time
  card string key
  amount decimal(2) }
event login { t timestamp(ms) time
  card string key
  ok bool }
pattern probe by card within 1h { small: amount < 1.00 then large: amount > 9.00 }
rule w "W" on payment { when probe matched update card set bad = true for 1h }
rule s "S" on payment { when profile(card).bad then alert }
)");
  EXPECT_FALSE(find_feeding_sources(sources({"login", "payment"}), *checked.rules, {}).any());
  EXPECT_TRUE(checked.rules->facts[0].spec.by_includes_shard_key);
  EXPECT_TRUE(checked.rules->sequences[0].by_includes_shard_key);
}

const std::string payments_count = R"(
rule count "Counts" on payment { when amount > 0 update card set paid = coalesce(profile(card).paid, 0) + 1 }
rule third "Third" on payment { when profile(card).paid >= 2 score 5 }
pattern twice by card within 1h { one: amount > 1.00 then two: amount > 1.00 }
rule second "Second" on payment { when twice matched score 1 }
)";

TEST(EventTypesSources, LetsThatDoubleAreNotUnfoldedForASink) {
  std::string rules = rules_text + payments_count + "let x0 = amount > 1.00\n";
  for (int index = 1; index < 200; ++index) {
    const std::string before = "x" + std::to_string(index - 1);
    rules += "let x" + std::to_string(index) + " = " + before + " and " + before + "\n";
  }
  Checked checked(rules);
  const SourceFile text{"when", "x199"};
  Diagnostics diagnostics;
  const auto route = check_expression(text, ExpressionScope::decision, *checked.rules, diagnostics);
  ASSERT_TRUE(route) << render(diagnostics, false);
  find_feeding_sources(sources({"login", "payment"}), *checked.rules, {*route});
  EXPECT_TRUE(checked.rules->facts[0].spec.by_includes_shard_key) << "the sink asks for no fact";
}

TEST(EventTypesSources, AFactIsTiedToTheShardOfTheTypesThatUseIt) {
  const auto fact_of = [](const std::string& rules, bool asked_by_a_sink) {
    Checked checked(rules);
    std::vector<ExpressionIndex> routes;
    const SourceFile text{"when", "profile(card).paid > 1"};
    Diagnostics diagnostics;
    if (asked_by_a_sink) routes.push_back(check_expression(text, ExpressionScope::decision, *checked.rules, diagnostics).value());
    EXPECT_FALSE(find_feeding_sources(sources({"payment"}), *checked.rules, routes).any());
    return checked.rules->facts[0].spec;
  };
  const FactSpec of_payments = fact_of(rules_text + payments_count, false);
  EXPECT_TRUE(of_payments.by_includes_shard_key) << "logins have another key, and do not use it";
  EXPECT_EQ(of_payments.read_by, 1U);
  EXPECT_FALSE(fact_of(rules_text + payments_count, true).by_includes_shard_key) << "a sink asks for all events";
  const FactSpec of_both = fact_of(rules_text + payments_count + "rule l \"L\" on login { when profile(card).paid > 1 score 1 }", false);
  EXPECT_FALSE(of_both.by_includes_shard_key);
  EXPECT_EQ(of_both.read_by, 0U);
  Checked checked(rules_text + payments_count);
  EXPECT_TRUE(checked.rules->sequences[0].by_includes_shard_key) << "no login fits a step";
}

class AcrossSources : public testing::TestWithParam<LaneIndex> {};
INSTANTIATE_TEST_SUITE_P(Lanes, AcrossSources, testing::Values(1U, 2U, 3U));

TEST_P(AcrossSources, PaymentsReadTheLoginsOfAnotherSource) {
  TwoSources under(GetParam());
  under.assign(0, 0);
  under.assign(0, 1);
  under.assign(1, 2);
  under.assign(1, 3);
  const std::vector<std::string> cards{"c1", "c2", "c3", "c4", "c5", "c6"};
  for (std::size_t card = 0; card < cards.size(); ++card)
    for (std::size_t count = 0; count < card; ++count) under.feed(0, count % 2, {login(cards[card], 10), login(cards[card], 11, true)});
  under.work();
  for (std::size_t card = 0; card < cards.size(); ++card) {
    under.feed(1, 2, {payment("a" + cards[card], cards[card], 20), payment("late " + cards[card], cards[card], 5)});
    under.work();
    under.feed(1, 3, {payment("b" + cards[card], cards[card], 69), payment("gone " + cards[card], cards[card], 71)});
    under.work();
  }
  const std::map<std::string, std::string> seen = under.seen();
  ASSERT_EQ(seen.size(), 4 * cards.size());
  for (std::size_t card = 0; card < cards.size(); ++card) {
    const std::string failed = std::to_string(card);
    EXPECT_EQ(seen.at("a" + cards[card]), failed + "/2");
    EXPECT_EQ(seen.at("late " + cards[card]), "0/2");
    EXPECT_EQ(seen.at("b" + cards[card]), failed + "/4") << "the late one is an hour and more ago";
    EXPECT_EQ(seen.at("gone " + cards[card]), "0/6");
  }
}

TEST_P(AcrossSources, ASourceThatComesBackReplaysIntoEmptyWindows) {
  TwoSources under(GetParam());
  under.assign(0, 0);
  under.assign(1, 1);
  under.feed(0, 0, {login("c1", 1), login("c1", 2)});
  under.feed(1, 1, {payment("p1", "c1", 3)});
  under.work();
  under.revoke(0, 0);
  under.assign(0, 0, 2, 2);
  under.feed(1, 1, {payment("p2", "c1", 4)});
  under.work();
  EXPECT_FALSE(under.seen().contains("p2")) << "payments wait for the logins that are replayed";
  under.feed(0, 0, {login("c1", 1), login("c1", 2), login("c1", 3)}, 2);
  under.work();
  EXPECT_EQ(under.seen().at("p2").substr(under.seen().at("p2").find('/')), "/4") << "their own windows stayed";
  EXPECT_NE(under.seen().at("p2"), "0/4");
}

// What only payments use goes with their shards, over any number of lanes; a login, whose shard is another, is told nothing of it.
TEST_P(AcrossSources, AFactOfOneTypeIsKeptByItsShards) {
  TwoSources under(GetParam(), rules_text + payments_count);
  under.assign(0, 0);
  for (ShardIndex shard = 1; shard < 4; ++shard) under.assign(1, shard);
  for (int minute = 1; minute <= 3; ++minute)
    for (ShardIndex shard = 1; shard < 4; ++shard) {
      const std::string card = "c" + std::to_string(shard);
      under.feed(1, shard, {payment("p" + std::to_string(minute) + card, card, minute)});
      under.feed(0, 0, {login(card, minute)});
      under.work();
    }
  std::size_t payments = 0;
  std::size_t logins = 0;
  for (const std::string& value : under.values()) {
    if (value.find("\"event\":\"login\"") != std::string::npos) {
      ++logins;
      EXPECT_NE(value.find("\"profile(card).paid\":null"), std::string::npos) << value;
      continue;
    }
    for (int minute = 1; minute <= 3; ++minute) {
      if (value.find("\"event_id\":\"p" + std::to_string(minute)) == std::string::npos) continue;
      ++payments;
      const std::string score = minute == 1 ? "0" : minute == 2 ? "1" : "6";
      EXPECT_NE(value.find("\"score\":" + score + ","), std::string::npos) << value;
    }
  }
  EXPECT_EQ(payments, 9U);
  EXPECT_EQ(logins, 9U);
}

const std::string joint_rules = rules_text + R"(
feature seen    = count() by card over 1h
feature blocked = count() by card over 1h where outcome == block
pattern fails_then_pays by card within 1h { fails: ok == false then pays: amount > 1.00 }
rule note "Failed" on login { when ok == false update card set bad = true for 1h }
rule caught "Failed, then paid" on payment { when fails_then_pays matched then block }
rule known "Failed before" on payment { when profile(card).bad score 5 }
rule after "Login behind a blocked payment" on login { when blocked >= 1 score 7 }
)";

// Counts of both sources' events against a count by hand, event after event.
TEST_P(AcrossSources, WindowsThatBothFeedHoldTheEventsOfBoth) {
  TwoSources under(GetParam(), rules_text + "feature seen = count() by card over 1h\nrule s \"S\" { when seen > 1000 then alert }\n");
  for (const std::size_t source : std::vector<std::size_t>{0, 1})
    for (ShardIndex shard = 0; shard < 2; ++shard) under.assign(source, static_cast<ShardIndex>(2 * source) + shard);
  std::vector<std::pair<std::string, int>> events;  // card, minute
  std::map<std::string, std::size_t> expected;      // by payment
  for (int number = 0; number < 300; ++number) {
    const std::string card = "c" + std::to_string(number * number % 7);
    const int minute = number + number * 13 % 30;
    events.emplace_back(card, minute);
    const auto shard = static_cast<ShardIndex>(number % 2);
    if (number % 3 == 0) {
      under.feed(0, shard, {login(card, minute)});
    } else {
      const std::string id = "p" + std::to_string(number);
      under.feed(1, 2 + shard, {payment(id, card, minute)});
      expected[id] = static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [&](const auto& event) {
        return event.first == card && event.second > minute - 60 && event.second <= minute;
      }));
    }
    under.work();
  }
  std::size_t found = 0;
  for (const std::string& value : under.values()) {
    for (const auto& [id, count] : expected) {
      if (value.find("\"event_id\":\"" + id + "\"") == std::string::npos) continue;
      ++found;
      EXPECT_NE(value.find("\"seen\":" + std::to_string(count) + "}"), std::string::npos) << count << " in " << value;
    }
  }
  EXPECT_EQ(found, expected.size());
}

class FeedbackAcrossSources : public testing::TestWithParam<std::size_t> {
 protected:
  static bool has(const std::string& value, const std::string& part) { return value.find(part) != std::string::npos; }
};
INSTANTIATE_TEST_SUITE_P(Batches, FeedbackAcrossSources, testing::Values(1U, 256U));

TEST_P(FeedbackAcrossSources, FactsPatternsAndOwnDecisionsGoFromOneSourceToTheOther) {
  TwoSources under(1, joint_rules, GetParam());
  under.assign(0, 0);
  under.assign(1, 1);
  under.feed(0, 0, {login("c1", 1), login("c2", 1, true)});
  under.work();
  under.feed(1, 1, {payment("p1", "c1", 2), payment("p2", "c2", 2), payment("p3", "c1", 62)});
  under.work();
  under.feed(0, 0, {login("c1", 10, true), login("c2", 10, true)});
  under.work();
  const std::vector<std::string> values = under.values();
  ASSERT_EQ(values.size(), 7U);
  EXPECT_TRUE(has(values[2], "\"outcome\":\"block\",\"score\":5")) << values[2];
  EXPECT_TRUE(has(values[2], "\"seen\":2")) << values[2];
  EXPECT_TRUE(has(values[3], "\"outcome\":\"allow\",\"score\":0")) << values[3];
  EXPECT_TRUE(has(values[4], "\"outcome\":\"allow\",\"score\":0")) << "an hour later: " << values[4];
  EXPECT_TRUE(has(values[5], "\"score\":7")) << values[5];
  EXPECT_TRUE(has(values[5], "\"blocked\":1")) << values[5];
  EXPECT_TRUE(has(values[6], "\"score\":0")) << values[6];
}

TEST_P(FeedbackAcrossSources, BothReplayTheirShardsIntoStateThatIsEmpty) {
  TwoSources under(1, joint_rules, GetParam());
  under.assign(0, 0);
  under.assign(1, 1);
  under.feed(0, 0, {login("c1", 1)});
  under.work();
  under.feed(1, 1, {payment("p1", "c1", 2)});
  under.work();
  under.revoke(0, 0);
  under.revoke(1, 1);
  under.forget(joint_keeper);
  under.assign(0, 0, 1, 2);
  under.assign(1, 1, 1, 2);
  under.feed(1, 1, {payment("p1", "c1", 2), payment("p2", "c1", 3)}, 2);
  under.work();
  under.feed(0, 0, {login("c1", 1)}, 2);
  under.work();
  const std::string last = under.values().back();
  EXPECT_TRUE(has(last, "\"event_id\":\"p2\",\"event\":\"payment\",\"outcome\":\"block\",\"score\":5")) << last;
  EXPECT_TRUE(has(last, "\"seen\":3")) << last;
  EXPECT_TRUE(has(last, "\"blocked\":1")) << "replayed behind the login, as the broker had them: " << last;
  EXPECT_EQ(under.values().size(), 3U) << "what is replayed is not decided again";
}

}  // namespace
}  // namespace weir
