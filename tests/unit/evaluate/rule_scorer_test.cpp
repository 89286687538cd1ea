// From rules text to decisions: scores, outcomes, reasons, updates, routes, errors.
#include "rules/evaluate/rule_scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/evaluate/decision_filler.h"
#include "tests/support/rule_trial.h"

namespace weir::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string event_text = R"(
event payment {
  id          string     id
  created_at  timestamp  time
  card_id     string     key
  device_id   string?
  amount      decimal
  tries       int
  ratio       float?
  approved    bool?
  geo         geo?
}
feature card_count_10m = count() by card_id over 10m
feature declines_1h    = count() by card_id over 1h where approved == false
feature last_seen      = last(created_at) by card_id over 30d excluding this event
)";
const std::string policy_text = R"(
policy {
  precedence block, allow, alert
  score >= 80   -> block
  score >= 40.5 -> alert
  otherwise     -> allow
}
)";

std::string with(const std::string& rules) {
  return event_text + rules + policy_text;
}

RuleTrial::Row row(RuleTrial::Row more) {
  more.insert({{"id", "p1"}, {"created_at", "2026-01-05T10:00:00Z"}, {"card_id", "c1"}, {"amount", "10"}, {"tries", "1"}});
  return more;
}

TEST(RuleScorer, AddsScoresAndTakesTheHighestBand) {
  RuleTrial trial(with(R"(
rule small "Small" { when amount < 5 score 40 }
rule tried "Tried" { when tries >= 3 score 0.5 }
rule declined "Declined" { when approved == false score 39.5 }
)"));
  trial.judge({row({}), row({{"amount", "4"}}), row({{"amount", "4"}, {"tries", "3"}}),
               row({{"amount", "4"}, {"tries", "3"}, {"approved", "false"}})});
  EXPECT_THAT(trial.decisions().scores, ElementsAre(0, 400'000, 405'000, 800'000));
  EXPECT_EQ(trial.outcome(0), "allow");
  EXPECT_EQ(trial.outcome(1), "allow");
  EXPECT_EQ(trial.outcome(2), "alert");
  EXPECT_EQ(trial.outcome(3), "block");
}

TEST(RuleScorer, ForcedOutcomesFollowThePrecedenceNotTheOrderOfRules) {
  RuleTrial trial(with(R"(
rule a "A" { when amount > 1 then alert score 100 }
rule b "B" { when tries > 1 then allow }
rule c "C" { when ratio > 1 then block }
)"));
  trial.judge({row({}), row({{"tries", "2"}}), row({{"tries", "2"}, {"ratio", "2"}})});
  EXPECT_EQ(trial.outcome(0), "alert");
  EXPECT_EQ(trial.outcome(1), "allow");
  EXPECT_EQ(trial.outcome(2), "block");
}

TEST(RuleScorer, ComparisonsWithMissingValuesAreFalseEitherWay) {
  RuleTrial trial(with(R"(
rule less "" { when ratio < 1 score 1 }
rule more "" { when ratio >= 1 score 1 }
rule other "" { when device_id != "d1" score 1 }
rule outside "" { when device_id not in ["d1", "d2"] score 1 }
rule unapproved "" { when approved == false score 1 }
rule inverse "" { when not (ratio < 1) score 1 }
rule computed "" { when ratio * 2 + 1 > -1000 score 1 }
)"));
  trial.judge({row({})});
  EXPECT_THAT(trial.fired(0), ElementsAre("inverse: "));
}

TEST(RuleScorer, IntsBeyondAllDecimalsAreComparedExactly) {
  RuleTrial trial(with(R"(
rule more "" { when tries > amount score 1 }
rule more_or_same "" { when amount <= tries score 1 }
rule less "" { when tries < amount score 1 }
rule less_or_same "" { when amount >= tries score 1 }
rule same "" { when tries == amount score 1 }
rule other "" { when amount != tries score 1 }
rule above "" { when tries > 2.5 score 1 }
rule above_exactly "" { when tries >= 2.5 score 1 }
rule below "" { when tries < 2.5 score 1 }
rule two_and_a_half "" { when tries == 2.5 score 1 }
rule three "" { when tries == 3.0 score 1 }
rule not_three "" { when 3.0 != tries score 1 }
rule within "" { when tries between 2.5 and amount score 1 }
rule around "" { when amount between 1 and tries score 1 }
rule listed "" { when tries in [2.5, 3.0] score 1 }
rule unlisted "" { when tries not in [2.5, 3.0] score 1 }
rule fails "" { when tries + 0.0001 > 0 score 1 }
)"));
  const std::string most = "9223372036854775807";
  const std::string decimal_most = "922337203685477.5807";
  trial.judge({row({{"tries", most}, {"amount", decimal_most}}), row({{"tries", "-" + most}, {"amount", "-" + decimal_most}}),
               row({{"tries", "3"}, {"amount", "3"}}), row({{"tries", "2"}, {"amount", "2.0001"}}),
               row({{"tries", "922337203685477"}, {"amount", decimal_most}}),
               row({{"tries", "922337203685478"}, {"amount", decimal_most}})});
  EXPECT_THAT(trial.fired(0),
              ElementsAre("more: ", "more_or_same: ", "other: ", "above: ", "above_exactly: ", "not_three: ", "around: ", "unlisted: "));
  EXPECT_THAT(trial.fired(1), ElementsAre("less: ", "less_or_same: ", "other: ", "below: ", "not_three: ", "unlisted: "));
  EXPECT_THAT(trial.fired(2), ElementsAre("more_or_same: ", "less_or_same: ", "same: ", "above: ", "above_exactly: ", "three: ", "within: ",
                                          "around: ", "listed: ", "fails: "));
  EXPECT_THAT(trial.fired(3), ElementsAre("less: ", "less_or_same: ", "other: ", "below: ", "not_three: ", "unlisted: ", "fails: "));
  EXPECT_THAT(
      trial.fired(4),
      ElementsAre("less: ", "less_or_same: ", "other: ", "above: ", "above_exactly: ", "not_three: ", "within: ", "unlisted: ", "fails: "));
  EXPECT_THAT(trial.fired(5),
              ElementsAre("more: ", "more_or_same: ", "other: ", "above: ", "above_exactly: ", "not_three: ", "around: ", "unlisted: "));
  ASSERT_EQ(trial.decisions().errors.size(), 3U) << "arithmetic, and nothing else, overflows";
  for (const std::uint32_t at : {0U, 1U, 2U}) EXPECT_EQ(trial.decisions().errors[at].row, at == 2 ? 5U : at);
}

// A constant that is too large with four digits after the point, beside a number that needs but two.
TEST(RuleScorer, AConstantThatFitsBesideFewerDigitsIsComparedThere) {
  RuleTrial trial(R"(
event payment {
  id string id
  created_at timestamp time
  fee decimal(2)
  low decimal(4)
}
rule within "" { when fee between low and round(922337203685477.6) score 1 }
rule beyond "" { when not (fee between low and round(922337203685477.6)) score 1 }
)");
  const auto row = [](const std::string& fee) {
    return RuleTrial::Row{{"id", "p1"}, {"created_at", "2026-01-05T10:00:00Z"}, {"fee", fee}, {"low", "0.0001"}};
  };
  trial.judge({row("922337203685478.00"), row("922337203685478.01"), row("0.01"), row("0.00")});
  for (const std::size_t at : {std::size_t{0}, std::size_t{2}}) EXPECT_THAT(trial.fired(at), ElementsAre("within: "));
  for (const std::size_t at : {std::size_t{1}, std::size_t{3}}) EXPECT_THAT(trial.fired(at), ElementsAre("beyond: "));
  EXPECT_TRUE(trial.decisions().errors.empty());
}

TEST(RuleScorer, ReasonsShowValuesAsPeopleReadThem) {
  RuleTrial trial(with(R"(
let third = ratio / 3
let silence = age(last_seen)
rule shown "Title" {
  when amount > 0
  score 1
  reason "{card_id} {amount} {tries} {ratio} {third} {approved} {created_at} {last_seen} {silence} {device_id}!"
}
rule plain "Only its title" { when amount > 0 score 1 }
)"));
  trial.judge({row({{"ratio", "2"}, {"amount", "12.50"}, {"approved", "true"}, {"last_seen", "2026-01-05T07:30:00.5Z"}}), row({})});
  EXPECT_THAT(trial.fired(0), ElementsAre("shown: c1 12.5 1 2 0.67 true 2026-01-05T10:00:00Z 2026-01-05T07:30:00.500Z 2h29m59.5s ?!",
                                          "plain: Only its title"));
  EXPECT_THAT(trial.fired(1), ElementsAre("shown: c1 10 1 ? ? ? 2026-01-05T10:00:00Z ? ? ?!", "plain: Only its title"));
}

TEST(RuleScorer, TheReasonsOfADecisionHaveAnEnd) {
  std::string many;
  for (int count = 0; count < 30; ++count) many += "{device_id}";
  RuleTrial trial(with("rule large \"L\" { when amount > 0 score 1 reason \"x" + many + "\" }\n" +
                       "rule behind \"B\" { when amount > 0 score 1 reason \"left out\" }\n"));
  std::string letters;
  for (int count = 0; count < 2'000; ++count) letters += "\u00e9";
  EXPECT_EQ(trial.judge({row({{"device_id", letters}}), row({{"device_id", "d"}})}).reasons_cut, 2U);
  const std::vector<std::string> fired = trial.fired(0);
  ASSERT_EQ(fired.size(), 2U);
  // The limit lies within a letter, which is not cut in two.
  const std::string name = "large: x";
  EXPECT_EQ(fired[0].size(), std::string("large: ").size() + evaluate::reason_bytes_max - 1 + 3);
  EXPECT_TRUE(fired[0].starts_with(name + "\u00e9"));
  EXPECT_TRUE(fired[0].ends_with("\u00e9..."));
  EXPECT_EQ(fired[1], "behind: ");
  EXPECT_THAT(trial.fired(1), ElementsAre(name + std::string(30, 'd'), "behind: left out"));
}

TEST(RuleScorer, FiredRulesStandByRowThenByRule) {
  RuleTrial trial(with(R"(
rule even "e" { when tries % 2 == 0 score 1 }
rule any "a" { when tries >= 0 score 1 }
rule third "t" { when tries % 3 == 0 score 1 }
)"));
  std::vector<RuleTrial::Row> rows;
  for (int tries = 0; tries < 130; ++tries) rows.push_back(row({{"tries", std::to_string(tries)}}));
  const DecisionBatch& decisions = trial.judge(rows);
  ASSERT_EQ(decisions.fired_begin.size(), 131U);
  EXPECT_THAT(trial.fired(6), ElementsAre("even: e", "any: a", "third: t"));
  EXPECT_THAT(trial.fired(127), ElementsAre("any: a"));
  EXPECT_THAT(trial.fired(129), ElementsAre("any: a", "third: t"));
  for (std::size_t at = 1; at < decisions.fired.size(); ++at) {
    const FiredRule& before = decisions.fired[at - 1];
    const FiredRule& after = decisions.fired[at];
    EXPECT_TRUE(before.row < after.row || (before.row == after.row && before.rule < after.rule));
  }
}

TEST(RuleScorer, FilteredEventsTakeNoPart) {
  RuleTrial trial(with("rule all \"All\" { when amount > 0 then block }\n"), "approved is present", {"outcome == block"});
  const DecisionBatch& decisions = trial.judge({row({}), row({{"approved", "false"}}), row({})});
  EXPECT_FALSE(trial.events().active.test(0));
  EXPECT_TRUE(trial.events().active.test(1));
  EXPECT_THAT(trial.fired(0), IsEmpty());
  EXPECT_THAT(trial.fired(1), ElementsAre("all: All"));
  EXPECT_FALSE(decisions.routes[0].test(0));
  EXPECT_TRUE(decisions.routes[0].test(1));
}

TEST(RuleScorer, ConditionsOfFeaturesAreColumnsOfTheBatch) {
  RuleTrial trial(with("rule all \"All\" { when declines_1h > 3 then block }\n"));
  trial.judge({row({}), row({{"approved", "false"}}), row({{"approved", "true"}})});
  const FeatureSpec& feature = trial.scorer().features()[1];
  ASSERT_TRUE(feature.where.has_value());
  const Column& where = trial.events().columns[*feature.where];
  EXPECT_FALSE(where.bits.test(0));
  EXPECT_TRUE(where.bits.test(1));
  EXPECT_FALSE(where.bits.test(2));
}

TEST(RuleScorer, SinksChooseByOutcomeScoreFieldsAndFeatures) {
  RuleTrial trial(with("rule a \"A\" { when tries > 1 then block score 7 }\n"), "",
                  {"outcome == block", "outcome != block and card_count_10m >= 2", "score >= 7", "outcome in [alert, allow]"});
  const DecisionBatch& decisions = trial.judge({row({{"tries", "2"}}), row({{"card_count_10m", "2"}}), row({})});
  const auto rows_of = [&](std::size_t route) {
    std::string rows;
    for (std::size_t at = 0; at < 3; ++at) rows += decisions.routes[route].test(at) ? '1' : '0';
    return rows;
  };
  EXPECT_EQ(rows_of(0), "100");
  EXPECT_EQ(rows_of(1), "010");
  EXPECT_EQ(rows_of(2), "100");
  EXPECT_EQ(rows_of(3), "011");
}

TEST(RuleScorer, WritesProfileUpdatesOfRulesThatFired) {
  RuleTrial trial(with(R"(
rule taken "Taken over" {
  when tries > 1
  score 1
  update card_id set compromised = true for 7d
  update card_id, device_id set spent = amount
  update device_id unset trusted
}
)"));
  const DecisionBatch& decisions = trial.judge({row({}), row({{"tries", "2"}, {"device_id", "d\"1"}}), row({{"tries", "2"}})});
  std::vector<std::string> updates;
  for (const ProfileUpdate& update : decisions.updates)
    updates.push_back(std::to_string(update.row) + " " + std::string(decisions.update_text.view(update.key_begin, update.key_size)) + " " +
                      std::string(decisions.update_text.view(update.body_begin, update.body_size)));
  // The last row has no device: there is no such entity to update.
  EXPECT_THAT(updates, ElementsAre(R"(1 c1 "entity":{"card_id":"c1"},"set":{"compromised":true},"for_ms":604800000)",
                                   R"(1 ["c1","d\"1"] "entity":{"card_id":"c1","device_id":"d\"1"},"set":{"spent":10})",
                                   R"(1 d"1 "entity":{"device_id":"d\"1"},"unset":["trusted"])",
                                   R"(2 c1 "entity":{"card_id":"c1"},"set":{"compromised":true},"for_ms":604800000)"));
}

TEST(RuleScorer, TheUpdatesOfAnEventHaveAnEndAndARuleMakesAllOfItsOwnOrNone) {
  RuleTrial trial(with(R"(
rule large "Large" { when tries > 1 score 1 update card_id set a = device_id update card_id set b = device_id }
rule small "Small" { when tries > 1 score 1 update card_id set c = 1 }
rule squared "Squared" { when tries * tries > 0 score 1 }
)"));
  const std::string half(evaluate::update_bytes_max / 2, 'd');
  const std::string tries = "4000000000";  // the square does not fit
  const DecisionBatch& decisions = trial.judge({row({{"tries", "2"}, {"device_id", half}}), row({{"tries", tries}, {"device_id", half}}),
                                                row({{"tries", "2"}, {"device_id", "d"}})});
  const auto of_row = [&](std::size_t wanted) {
    std::vector<std::string> updates;
    for (const ProfileUpdate& update : decisions.updates)
      if (update.row == wanted) updates.push_back(std::string(decisions.update_text.view(update.body_begin, update.body_size)));
    return updates;
  };
  const std::string c = R"("entity":{"card_id":"c1"},"set":{"c":1})";
  EXPECT_THAT(of_row(0), ElementsAre(c));
  EXPECT_THAT(of_row(1), ElementsAre(c));
  EXPECT_THAT(of_row(2), ElementsAre(R"("entity":{"card_id":"c1"},"set":{"a":"d"})", R"("entity":{"card_id":"c1"},"set":{"b":"d"})", c));
  EXPECT_EQ(decisions.updates_left_out, 4U);
  EXPECT_THAT(trial.fired(0), ElementsAre("large: Large", "small: Small", "squared: Squared"));
  std::vector<std::string> errors;
  for (const RuleError& error : decisions.errors)
    errors.push_back(std::to_string(error.row) + " " + std::to_string(error.rule) + " " + trial.text(error.text_begin, error.text_size));
  const std::string left_out = "its updates were not made: those of one event have 262144 bytes at most (update_bytes_max)";
  EXPECT_THAT(errors, ElementsAre("0 0 " + left_out, "1 0 " + left_out, "1 2 a number in the condition does not fit into 64 bits"));
}

TEST(RuleScorer, ARuleThatOverflowsFailsOnlyWhereItsConditionGetsThatFar) {
  RuleTrial trial(with(R"(
rule squared "Squared" { when tries * tries > 0 score 1 }
rule guarded "Guarded" { when tries < 1000 and tries * tries > 0 score 1 }
rule other "Other" { when tries > 0 score 1 }
)"));
  const DecisionBatch& decisions = trial.judge({row({{"tries", "3"}}), row({{"tries", "4000000000"}})});
  EXPECT_THAT(trial.fired(0), ElementsAre("squared: Squared", "guarded: Guarded", "other: Other"));
  EXPECT_THAT(trial.fired(1), ElementsAre("other: Other"));
  ASSERT_EQ(decisions.errors.size(), 1U);
  EXPECT_EQ(decisions.errors[0].row, 1U);
  EXPECT_EQ(decisions.errors[0].rule, 0U);
  EXPECT_THAT(trial.text(decisions.errors[0].text_begin, decisions.errors[0].text_size), testing::HasSubstr("64 bits"));
}

TEST(RuleScorer, DivisionByZeroIsMissing) {
  RuleTrial trial(
      with("rule a \"A\" { when 1 / ratio > 0 or 1 / ratio <= 0 score 1 }\nrule b \"B\" { when 1 / ratio is missing score 1 }\n"));
  trial.judge({row({{"ratio", "0"}}), row({{"ratio", "2"}})});
  EXPECT_THAT(trial.fired(0), ElementsAre("b: B"));
  EXPECT_THAT(trial.fired(1), ElementsAre("a: A"));
}

TEST(RuleScorer, RulesThatAreOffStayInTheVocabularyAndNeverFire) {
  RuleTrial trial(with("rule a \"A\" mode off { when tries > 0 score 1 }\nrule b \"B\" { when tries > 0 score 1 }\n"));
  trial.judge({row({})});
  EXPECT_EQ(trial.scorer().vocabulary().rules.size(), 2U);
  EXPECT_THAT(trial.fired(0), ElementsAre("b: B"));
}

TEST(RuleScorer, TheHashIsThatOfTheRulesMeaning) {
  RuleTrial one(with("rule a \"A\" { when tries > 1 score 1 }\n"));
  RuleTrial same(with("# a remark\nrule a \"A\" {\n  when tries > 1\n  score 1\n}\n"));
  RuleTrial other(with("rule a \"A\" { when tries > 2 score 1 }\n"));
  EXPECT_EQ(one.scorer().vocabulary().hash.size(), 32U);
  EXPECT_EQ(one.scorer().vocabulary().hash, same.scorer().vocabulary().hash);
  EXPECT_NE(one.scorer().vocabulary().hash, other.scorer().vocabulary().hash);
}

TEST(RuleScorer, AnEmptyBatchHasNoDecisions) {
  RuleTrial trial(with("rule a \"A\" { when tries > 1 score 1 }\n"), "amount > 1", {"outcome == block"});
  trial.judge({row({{"tries", "2"}})});
  const DecisionBatch& decisions = trial.judge({});
  EXPECT_EQ(decisions.rows, 0U);
  EXPECT_THAT(decisions.fired_begin, ElementsAre(0U));
  EXPECT_THAT(decisions.fired, IsEmpty());
}

}  // namespace
}  // namespace weir::test
