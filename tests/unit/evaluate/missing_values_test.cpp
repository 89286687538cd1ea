// Rules that did not fire where a value that they compare was missing are counted.
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/rule_trial.h"

namespace weir::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const std::string rules_text = R"(
event payment {
  created_at  timestamp  time
  card_id     string     key
  amount      int
  limit       int?
  country     string?
}
feature usual = avg(amount) by card_id over 1d excluding this event
feature many = count() by card_id over 1h
let above = amount > usual
rule a "Compares" { when amount > limit then alert }
rule b "Through a let" { when above or country == "DE" then alert }
rule c "Asks" { when limit is missing or country is present then alert }
rule d "Stands in" { when amount > coalesce(limit, 100) then alert }
rule e "Never missing" { when amount > 10 and many >= 0 then alert }
rule f "In shadow" mode shadow { when amount > limit then alert }
rule g "Off" mode off { when amount > limit then alert }
rule h "Ended" { when amount > limit then alert expires 2026-01-01 }
)";

RuleTrial::Row row(int amount, RuleTrial::Row more = {}) {
  more.insert({{"created_at", "2026-01-05T10:00:00Z"}, {"card_id", "c1"}, {"amount", std::to_string(amount)}, {"many", "1"}});
  return more;
}

std::map<std::string, std::uint32_t> undecided(RuleTrial& trial, const std::vector<RuleTrial::Row>& rows) {
  std::map<std::string, std::uint32_t> counted;
  for (const UndecidedRows& each : trial.judge(rows).undecided) counted[trial.scorer().vocabulary().rules[each.rule].name] += each.rows;
  return counted;
}

TEST(MissingValues, AreCountedForRulesThatCompareThemAndDidNotFire) {
  RuleTrial trial(rules_text);
  const RuleTrial::Row whole = row(5, {{"limit", "10"}, {"country", "FR"}, {"usual", "7"}});
  EXPECT_THAT(undecided(trial, {whole}), IsEmpty());
  EXPECT_THAT(undecided(trial, {whole, row(5, {{"country", "FR"}, {"usual", "7"}})}), ElementsAre(Pair("a", 1), Pair("f", 1)));
  EXPECT_THAT(undecided(trial, {row(5, {{"limit", "10"}, {"usual", "7"}}), row(9, {{"limit", "10"}, {"usual", "7"}})}),
              ElementsAre(Pair("b", 1)));  // the second one fires
  EXPECT_THAT(undecided(trial, std::vector<RuleTrial::Row>(130, row(5))), ElementsAre(Pair("a", 130), Pair("b", 130), Pair("f", 130)));
  EXPECT_THAT(undecided(trial, {whole}), IsEmpty());
}

TEST(MissingValues, OfEventsThatTheFilterPassesOverAreNotCounted) {
  RuleTrial trial(
      "event payment { created_at timestamp time\n card_id string key\n amount int? }\n"
      "rule a \"A\" { when amount > 5 and card_id != \"c9\" then alert }\n",
      "card_id != \"c2\"");
  EXPECT_THAT(undecided(trial, {{{"created_at", "2026-01-05T10:00:00Z"}, {"card_id", "c1"}},
                                {{"created_at", "2026-01-05T10:00:00Z"}, {"card_id", "c2"}}}),
              ElementsAre(Pair("a", 1)));
}

}  // namespace
}  // namespace weir::test
