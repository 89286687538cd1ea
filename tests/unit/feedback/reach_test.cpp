// How far a restart has to replay where rules read what rules write.
#include <string>

#include <gtest/gtest.h>

#include "engine/feedback/feedback_state.h"
#include "engine/pipeline/input_settings.h"
#include "rules/evaluate/rule_set.h"
#include "tests/support/rules_lane.h"

namespace weir::test {
namespace {

constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t late = 30'000;

InputSettings input_of(const std::string& rules) {
  InputSettings input;
  input.scorer =
      RuleSet::compile(check_or_abort("event payment {\n id string id\n at timestamp time\n card string key\n amount int\n}\n" + rules))
          .take();
  return input;
}

// In milliseconds; -1: from the beginning of the log.
std::int64_t reach(const std::string& rules) {
  const std::int64_t reach_ms = history_reach(input_of(rules)).count();
  return reach_ms > 400 * 24 * hour ? -1 : reach_ms;
}

const std::string writes = "rule w \"W\" { when amount > 5 score 1 update card set seen = true for 5h }\n";

TEST(Reach, OfRulesThatNobodyReadsIsThatOfTheWindows) {
  EXPECT_EQ(reach(writes + "rule c \"C\" { when count() by card over 1h > 2 score 1 }\n"), 2 * hour + late);
  EXPECT_FALSE(has_feedback(*input_of(writes).scorer));
}

TEST(Reach, OfAFactIsItsLengthBehindWhatItsWritersRead) {
  EXPECT_EQ(reach(writes + "rule r \"R\" { when profile(card).seen and count() by card over 1h > 2 score 1 }\n"),
            5 * hour + 2 * hour + late);
}

TEST(Reach, OfFactsThatLeadToEachOtherIsTheirSum) {
  EXPECT_EQ(reach(writes + "rule x \"X\" { when profile(card).seen score 1 update card set again = 1 for 3h }\n"
                           "rule y \"Y\" { when profile(card).again > 0 score 1 }\n"),
            8 * hour);
}

TEST(Reach, OfAPatternIsTwiceItsLength) {
  EXPECT_EQ(reach("pattern p by card within 1h { amount > 1 then amount > 2 }\nrule p \"P\" { when p matched score 1 }\n"),
            2 * hour + late);
}

TEST(Reach, OverSeveralRuleSetsIsThatOfTheLongestChainThroughThem) {
  const std::string first = writes + "rule r \"R\" { when profile(card).seen and count() by card over 1h > 2 score 1 }\n";
  const std::string second =
      "rule w \"W\" { when amount > 5 score 1 update card set seen = true for 1h }\n"
      "rule x \"X\" { when profile(card).seen score 1 update card set again = 1 for 3h }\n"
      "rule y \"Y\" { when profile(card).again > 0 score 1 }\n";
  HistoryReach both;
  both.add(input_of(first));
  both.add(input_of(second));
  EXPECT_EQ(both.get().count(), 8 * hour + 2 * hour + late);  // seen, as it was written once, for 5h; then again
  EXPECT_EQ(reach(second), 4 * hour);
  both.add(
      input_of("rule w \"W\" { when profile(card).again > 0 score 1 update card set seen = true for 1h }\n"
               "rule x \"X\" { when amount > 5 and profile(card).seen score 1 update card set again = 1 for 3h }\n"));
  EXPECT_GT(both.get().count(), 400 * 24 * hour);  // a circle, if only over two rule sets
}

TEST(Reach, HasNoEndWhereWhatIsDecidedDependsOnWhatWasDecided) {
  EXPECT_EQ(reach("rule c \"C\" { when amount > 5 score 1 update card set n = coalesce(profile(card).n, 0) + 1 for 1h }\n"), -1);
  EXPECT_EQ(
      reach("rule c \"C\" { when amount > 5 score 1 update card set seen = true }\nrule r \"R\" { when profile(card).seen score 1 }\n"),
      -1);
  EXPECT_EQ(reach("feature b = count() by card over 1h where outcome == block\nrule r \"R\" { when b > 5 score 1 }\n"), -1);
  EXPECT_EQ(reach("feature b = count() by card over 1h\nrule r \"R\" { when b > 5 score 1 reset b }\n"), -1);
}

}  // namespace
}  // namespace weir::test
