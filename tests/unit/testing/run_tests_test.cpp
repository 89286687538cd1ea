#include "rules/testing/run_tests.h"

#include <gtest/gtest.h>

#include "rules/evaluate/rule_set.h"
#include "rules/language/limits.h"
#include "tests/unit/language/checking.h"

namespace weir {
namespace {

using checking::Checked;

const std::string rules_text = R"(
list blocked of string = ["cx"]
feature payments_10m = count() by card_id over 10m
feature spent_1h = sum(amount) by card_id over 1h
let small = amount < 5
rule testing "Many small payments" { when payments_10m >= 5 and small then block score 80 reason "{payments_10m} of them" }
rule listed "Listed" { when card_id in @blocked or device_id == "d1" then alert }
rule far "Far" { when distance_km(geo, geo(52.5, 13.4)) > 100 score 10 }
rule off "Off" mode off { when amount > 0 then block }
)";

// The titles of failed expectations by line of the test's body, or what is wrong with the rules.
std::string failures(const std::string& tests) {
  const auto checked = checking::check(rules_text + tests);
  if (!checked->rules) return render(checked->diagnostics, false);
  std::string all;
  for (const Diagnostic& diagnostic : judge_by_tests(*checked->rules).failures) {
    const std::string_view text(diagnostic.file->text);
    all += std::string(text.substr(diagnostic.span.begin, diagnostic.span.end - diagnostic.span.begin)) + ": " + diagnostic.label + '\n';
  }
  return all;
}

TEST(RunTests, WhatHoldsPasses) {
  EXPECT_EQ(failures(R"(test "five in ten minutes" {
    given 4 payment every 30s { card_id: "c1", amount: 1.00 }
    when payment { card_id: "c1", amount: 1.00 }
    expect outcome block
    expect rule testing
    expect no rule listed
    expect payments_10m == 5 and spent_1h == 5
    expect score == 80 and outcome == block
  })"),
            "");
}

TEST(RunTests, GivenEventsMayBeNumbered) {
  EXPECT_EQ(failures(R"(
feature cards = distinct(card_id) by device_id over 1h
feature country_before = last(country) by device_id over 1h excluding this event
rule shared "Many cards" { when cards >= 12 score 1 }
test "cards are numbered from one" {
    given 11 payment { card_id: "c{n}", device_id: "d", country: "{n}{n}-{" }
    when payment { card_id: "c{n}", device_id: "d" }
    expect cards == 12 and card_id != "c1" and length(card_id) == 4
    expect country_before == "1111-{"
    expect rule shared
  })"),
            "");
}

TEST(RunTests, WhatDoesNotHoldFailsAndSaysWhatCame) {
  EXPECT_EQ(failures(R"(test "four" {
    given 3 payment { card_id: "c1", amount: 1.00 }
    when payment { card_id: "c1", amount: 1.00 }
    expect outcome block
    expect rule testing
    expect no rule testing
    expect payments_10m == 5
    expect rule off
  })"),
            "expect outcome block: the outcome is `allow`\nexpect rule testing: the rule did not fire\n"
            "expect payments_10m == 5: this is false\nexpect rule off: the rule is off\n");
}

TEST(RunTests, TheClockMovesByEveryAndAfterAndGivenTimes) {
  EXPECT_EQ(failures(R"(test "every is the distance to the next event, too" {
    given 2 payment every 5m { card_id: "c1" }
    when payment { card_id: "c1" }
    expect payments_10m == 2
    when payment after 9m { card_id: "c1" }
    expect payments_10m == 2
    when payment { card_id: "c1", created_at: 2027-01-01T12:10:00Z }
    expect payments_10m == 3
    expect created_at == 2027-01-01T12:10:00Z
    when payment { card_id: "c1" }
    expect created_at == 2027-01-01T12:10:01Z
  })"),
            "");
}

TEST(RunTests, FieldsThatAreLeftOutHaveTheDefaultOfTheirType) {
  EXPECT_EQ(failures(R"(test "defaults" {
    when payment
    expect id == "test-1" and card_id == "card_id" and country == "country" and mcc == 0 and amount == 0 and risk == 0
    expect device_id is missing and approved is missing and geo is missing
    expect created_at == 2027-01-01T12:00:00Z
    when payment { device_id: missing, approved: true, geo: geo(-52.5, 13.4), amount: -1.5, risk: 0.25, mcc: 5_411, country: "a\"b\\" }
    expect id == "test-2" and device_id is missing and approved and amount == -1.5 and risk == 0.25 and mcc == 5411
    expect country == "a\"b\\" and rule_is_not_a_word
  }
  let rule_is_not_a_word = distance_km(geo, geo(-52.5, 13.4)) == 0)"),
            "");
}

TEST(RunTests, EachTestBeginsWithEmptyWindows) {
  EXPECT_EQ(failures(R"(test "one" { when payment expect payments_10m == 1 } test "two" { when payment expect payments_10m == 1 })"), "");
}

TEST(RunTests, AListIsReplacedForOneTestOnly) {
  EXPECT_EQ(failures(R"(test "replaced" {
    with list blocked ["c1", "c2"]
    when payment { card_id: "c1" }
    expect rule listed
    when payment { card_id: "cx" }
    expect no rule listed
  }
  test "as before" {
    when payment { card_id: "cx" }
    expect rule listed
    expect outcome alert
  })"),
            "");
}

TEST(RunTests, ManyEventsCrossBatchesLikeFew) {
  EXPECT_EQ(failures(R"(test "a thousand" {
    given 1_000 payment every 500ms { card_id: "c1", amount: 0.01 }
    when payment { card_id: "c1" }
    expect payments_10m == 1001 and spent_1h == 10
  })"),
            "");
}

TEST(RunTests, AnEventBeyondTheYearsOfAClockIsRefused) {
  EXPECT_EQ(failures(R"(test "far" {
    given 90 payment every 36500d { card_id: "c1", amount: 1.00 }
    when payment { card_id: "c1", amount: 1.00 }
    expect no decision
  })"),
            "");
}

TEST(RunTests, AVerdictSaysHowManyPassedAndNoTestBeginsWhenTheTimeIsOver) {
  const auto checked = checking::check(rules_text + R"(test "one" {
    when payment { card_id: "c1", amount: 7.5 }
    expect outcome allow
  }
  test "two" {
    when payment { card_id: "c1", amount: 7.5 }
    expect outcome block
  })");
  ASSERT_TRUE(checked->rules.has_value()) << render(checked->diagnostics, false);
  const TestVerdict all = judge_by_tests(*checked->rules, {}, std::chrono::hours{1});
  EXPECT_EQ(all.passed, 1U);
  EXPECT_EQ(all.not_run, 0U);
  EXPECT_EQ(all.failures_text(), "the rules fail their own tests: 1 error");
  const TestVerdict none = judge_by_tests(*checked->rules, {}, std::chrono::milliseconds{0});
  EXPECT_EQ(none.passed, 0U);
  EXPECT_EQ(none.not_run, 2U);
  EXPECT_TRUE(none.failures.empty());
}

TEST(RunTests, ATestThatIsGivenUpHasNotRun) {
  const auto checked = checking::check(rules_text + R"(
  test "one" { when payment { amount: 7.5 } expect outcome allow }
  test "two" { given 10_000 payment when payment { amount: 7.5 } expect outcome block }
  test "three" { when payment { amount: 7.5 } expect outcome block })");
  ASSERT_TRUE(checked->rules.has_value()) << render(checked->diagnostics, false);
  int asked = 0;
  const TestVerdict verdict = judge_by_tests(*checked->rules, {}, std::nullopt, [&asked] { return ++asked > 5; });
  EXPECT_EQ(verdict.passed, 1U);
  EXPECT_EQ(verdict.not_run, 2U);
  EXPECT_TRUE(verdict.failures.empty());
}

TEST(RunTests, FailuresBeyondNumberAreCountedAndNotTold) {
  std::string tests;
  for (int index = 0; index < 300; ++index)
    tests += "test \"t" + std::to_string(index) + "\" { when payment { amount: 7.5 } expect outcome block }\n";
  const auto checked = checking::check(rules_text + tests);
  ASSERT_TRUE(checked->rules.has_value()) << render(checked->diagnostics, false);
  const TestVerdict verdict = judge_by_tests(*checked->rules);
  EXPECT_EQ(verdict.failures.size(), limits::diagnostics_max);
  EXPECT_EQ(verdict.failures_text(), "the rules fail their own tests: 300 errors");
  const TestReport report = run_tests(*checked->rules, {}).take();
  EXPECT_EQ(report.failed(), 300U);
  EXPECT_FALSE(report.runs[stories_max - 1].failures[0].story.empty());
  EXPECT_TRUE(report.runs[stories_max].failures[0].story.empty());
}

TEST(RunTests, CoverageCountsTheEventsBeforeTheOneThatIsAskedAbout) {
  const auto checked = checking::check(rules_text + R"(
  test "t" { given 700 payment { card_id: "cx" } when payment { card_id: "cx" } expect rule listed })");
  ASSERT_TRUE(checked->rules.has_value()) << render(checked->diagnostics, false);
  TestOptions options;
  options.coverage = true;
  const TestReport report = run_tests(*checked->rules, options).take();
  EXPECT_EQ(report.failed(), 0U);
  EXPECT_EQ(report.coverage[1].fired, 701U);
}

TEST(RunTests, CoverageEndsWhereRulesHaveOperandsWithoutEnd) {
  std::string text = "let b0 = approved\n";
  for (int index = 1; index < 3'000; ++index)
    text += "let b" + std::to_string(index) + " = b" + std::to_string(index - 1) + " or mcc == " + std::to_string(index) + "\n";
  for (int index = 0; index < 100; ++index)
    text += "rule many" + std::to_string(index) + " \"M\" { when b2999 and mcc != " + std::to_string(index) + " then alert }\n";
  const auto checked = checking::check(text + "test \"t\" { when payment { mcc: 7 } expect no rule many7 }\n");
  ASSERT_TRUE(checked->rules.has_value()) << render(checked->diagnostics, false);
  TestOptions options;
  options.coverage = true;
  const TestReport report = run_tests(*checked->rules, options).take();
  EXPECT_EQ(report.failed(), 0U);
  EXPECT_TRUE(report.has_more_branches);
  EXPECT_EQ(report.coverage[0].branches.size(), 6'000U);
  EXPECT_TRUE(report.coverage[0].branches[0].seen_true);
  EXPECT_TRUE(report.coverage[99].branches.empty());
}

TEST(RunTests, AFailureTellsEachValueOnTheWay) {
  const auto checked = checking::check(rules_text + R"(test "story" {
    when payment { card_id: "c1", amount: 7.5 }
    expect rule testing
  })");
  ASSERT_TRUE(checked->rules.has_value()) << render(checked->diagnostics, false);
  const TestReport report = run_tests(*checked->rules, {}).take();
  ASSERT_EQ(report.failed(), 1U);
  std::string story;
  for (const std::string& line : report.runs[0].failures[0].story) story += line + '\n';
  EXPECT_EQ(story,
            "event: {\"id\":\"test-1\",\"created_at\":\"2027-01-01T12:00:00Z\",\"card_id\":\"c1\",\"country\":\"country\",\"mcc\":0,"
            "\"amount\":7.5,\"fee\":0,\"risk\":0}\n"
            "outcome allow, score 0\n"
            "rule testing did not fire:\n"
            "  false  payments_10m >= 5 and small\n"
            "  false    payments_10m >= 5\n"
            "  1          payments_10m = count() by card_id over 10m\n"
            "  false    small\n"
            "  false      amount < 5\n"
            "  7.5          amount\n");
}

std::vector<std::string> rules_told(const std::string& test) {
  const auto checked = checking::check(rules_text + R"(
  rule high "Weighs" { when amount > 100 score 50 }
  rule low "Weighs less" { when amount > 50 score 20 }
  policy { precedence block, alert, allow score >= 80 -> block score >= 40 -> alert otherwise -> allow }
  )" + test);
  EXPECT_TRUE(checked->rules.has_value()) << render(checked->diagnostics, false);
  if (!checked->rules) return {};
  const TestReport report = run_tests(*checked->rules, {}).take();
  std::vector<std::string> told;
  for (const std::string& line : report.runs[0].failures.at(0).story)
    if (line.starts_with("rule ")) told.push_back(line);
  return told;
}

TEST(RunTests, AnOutcomeThatIsWrongIsExplainedByTheRulesThatMadeIt) {
  using Told = std::vector<std::string>;
  EXPECT_EQ(rules_told(R"(test "forced" {
    given 4 payment every 1s { card_id: "c1" }
    when payment { card_id: "c1", amount: 1.00 }
    expect outcome allow
  })"),
            Told{"rule testing fired:"});
  EXPECT_EQ(rules_told(R"(test "weighed" {
    when payment { amount: 200.00 }
    expect outcome allow
  })"),
            (Told{"rule high fired:", "rule low fired:"}));
  EXPECT_EQ(rules_told(R"(test "too light" {
    when payment { amount: 60.00 }
    expect outcome alert
  })"),
            (Told{"rule listed did not fire:", "rule low fired:"}))
      << "a rule that forces it comes first";
}

TEST(RunTests, CoverageKnowsRulesThatNeverFiredAndOperandsSeenOneWay) {
  const auto checked = checking::check(rules_text + R"(test "some" {
    given payment { card_id: "cx" }
    when payment { device_id: "d2" }
    expect outcome allow
  })");
  ASSERT_TRUE(checked->rules.has_value()) << render(checked->diagnostics, false);
  TestOptions options;
  options.coverage = true;
  const TestReport report = run_tests(*checked->rules, options).take();
  ASSERT_EQ(report.coverage.size(), 3U);  // the rule that is off is not there
  std::string seen;
  for (const RuleCoverage& rule : report.coverage) {
    seen += checked->rules->rules[rule.rule].name + " " + std::to_string(rule.fired) + ":";
    for (const BranchCoverage& branch : rule.branches)
      seen += " [" + branch.text + (branch.seen_true ? " true" : "") + (branch.seen_false ? " false" : "") + "]";
    seen += '\n';
  }
  EXPECT_EQ(seen,
            "testing 0: [payments_10m >= 5 false] [small true]\n"
            "listed 1: [card_id in @blocked true false] [device_id == \"d1\" false]\nfar 0:\n");
}

std::string hash_of(const std::string& text) {
  const auto checked = checking::check(text);
  return RuleSet::compile(*checked->rules).take()->vocabulary().hash;
}

TEST(RunTests, TestsDoNotChangeTheHashOfARuleSetAndConditionsDo) {
  const std::string test = "test \"t\" { when payment expect outcome allow }\n";
  EXPECT_EQ(hash_of(rules_text), hash_of(rules_text + test));
  EXPECT_EQ(hash_of(test + rules_text + "rule r \"R\" { when mcc = 1 then alert }"),
            hash_of(rules_text + test + "rule r\n\"R\" { # comment\nwhen mcc == 1 then alert }\n"));
  EXPECT_NE(hash_of(rules_text), hash_of(rules_text + "rule r \"R\" { when mcc == 2 then alert }"));
}

}  // namespace
}  // namespace weir
