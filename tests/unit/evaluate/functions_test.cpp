// Every function of the rule language, by its own documented example, from text to decision.
#include "rules/language/functions.h"

#include <gtest/gtest.h>

#include "tests/support/rule_trial.h"

namespace weir::test {
namespace {

const RuleTrial::Row example_row = {{"id", "p1"}, {"created_at", "2026-01-05T10:00:00Z"}, {"account_id", "a1"}, {"amount", "12.5"}};

std::string rules_with(const std::string& condition) {
  return std::string(function_example_event) + "rule example \"Example\" {\n  when " + condition +
         "\n  then block\n}\npolicy {\n  precedence block\n  otherwise -> allow\n}\n";
}

TEST(Functions, DoWhatTheirExamplesSay) {
  for (const FunctionDescription& function : all_functions()) {
    SCOPED_TRACE(function.example);
    RuleTrial holds(rules_with(std::string(function.example)));
    holds.judge({example_row});
    EXPECT_EQ(holds.outcome(0), "block");
    RuleTrial fails(rules_with("not (" + std::string(function.example) + ")"));
    fails.judge({example_row});
    EXPECT_EQ(fails.outcome(0), "allow");
  }
}

// The examples are constants, which are computed when the rules are compiled; these are computed on events.
TEST(Functions, WorkOnTheFieldsOfEvents) {
  const char* const conditions[] = {
      "age(created_at) == 0s",
      "hour_of_day(created_at) == 10",
      "hour_of_day(created_at, \"Europe/Berlin\") == 11",
      "hour_of_day(created_at, \"Asia/Kolkata\") == 15",
      "day_of_week(created_at) == 1",
      "day_of_month(created_at, \"Pacific/Kiritimati\") == 6",
      "days_between(created_at, 2026-01-06T22:00:00Z) == 1.5",
      "round(amount) == 13 and floor(amount) == 12 and ceil(amount) == 13",
      "round(amount, 0) == 13",
      "max(amount, 3) == 12.5 and min(amount, 3) == 3",
      "sqrt(amount * 2) == 5",
      "abs(0 - amount) == 12.5",
      "upper(account_id) == \"A1\" and length(account_id) == 2",
      "left(account_id, 1) == \"a\" and right(account_id, 1) == \"1\"",
      "account_id matches \"^[a-z][0-9]$\" and not (account_id matches \"^[0-9]\")",
      "coalesce(nickname, account_id) == \"a1\"",
      "nickname is missing and account_id is present",
  };
  for (const char* condition : conditions) {
    SCOPED_TRACE(condition);
    RuleTrial trial(rules_with(condition));
    trial.judge({example_row});
    EXPECT_EQ(trial.outcome(0), "block");
  }
}

TEST(Functions, MatchAnywhereUnlessAnchored) {
  RuleTrial trial(rules_with("account_id matches \"b+\""));
  trial.judge({{{"id", "1"}, {"account_id", "abbc"}}, {{"id", "2"}, {"account_id", "ac"}}});
  EXPECT_EQ(trial.outcome(0), "block");
  EXPECT_EQ(trial.outcome(1), "allow");
}

}  // namespace
}  // namespace weir::test
