// Shadow, canary, off and expiry: what counts, what is only reported, and who is chosen.
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/evaluate/canary_share.h"
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
  account_id  string?
  account     int?
  amount      int
}
)";
const std::string policy_text = R"(
policy {
  precedence block, allow, alert
  score >= 80 -> block
  score >= 40 -> alert
  otherwise   -> allow
}
)";

std::string with(const std::string& rules) {
  return event_text + rules + policy_text;
}

RuleTrial::Row row(int amount, RuleTrial::Row more = {}) {
  more.insert({{"id", "p1"}, {"created_at", "2026-01-05T10:00:00Z"}, {"card_id", "c1"}, {"amount", std::to_string(amount)}});
  return more;
}

// "rule would be outcome" of each shadow hit on the row.
std::vector<std::string> shadows(const RuleTrial& trial, std::uint32_t row) {
  std::vector<std::string> all;
  const DecisionVocabulary& names = trial.scorer().vocabulary();
  for (const ShadowHit& hit : trial.decisions().shadows)
    if (hit.row == row) all.push_back(names.rules[hit.rule].name + " would be " + names.outcomes[hit.outcome_if_live]);
  return all;
}

TEST(Modes, ShadowIsReportedApartAndChangesNothing) {
  RuleTrial trial(with(R"(
rule live "Live" { when amount > 10 score 40 }
rule adds "Adds" mode shadow { when amount > 20 score 40 }
rule forces "Forces" mode shadow { when amount > 30 then allow update card_id set seen = true }
rule quiet "Quiet" mode shadow { when amount > 20 score 1 }
)"),
                  "", {"outcome == alert", "score >= 80"});
  trial.judge({row(5), row(15), row(25), row(35)});
  EXPECT_THAT(trial.decisions().scores, ElementsAre(0, 400'000, 400'000, 400'000));
  EXPECT_EQ(trial.outcome(3), "alert");
  EXPECT_THAT(trial.fired(3), ElementsAre("live: Live"));
  EXPECT_THAT(trial.decisions().updates, IsEmpty());
  EXPECT_THAT(shadows(trial, 0), IsEmpty());
  EXPECT_THAT(shadows(trial, 1), IsEmpty());
  EXPECT_THAT(shadows(trial, 2), ElementsAre("adds would be block", "quiet would be alert"));
  EXPECT_THAT(shadows(trial, 3), ElementsAre("adds would be block", "forces would be allow", "quiet would be alert"));
  // What sinks ask for does not see it either.
  EXPECT_TRUE(trial.decisions().routes[0].test(3));
  EXPECT_FALSE(trial.decisions().routes[1].test(2));
}

TEST(Modes, AForcedOutcomeOutlivesAShadowScore) {
  RuleTrial trial(with(R"(
rule live "Live" { when amount > 0 then allow }
rule weaker "Weaker" mode shadow { when amount > 0 then alert score 100 }
rule stronger "Stronger" mode shadow { when amount > 0 then block }
)"));
  trial.judge({row(1)});
  EXPECT_EQ(trial.outcome(0), "allow");
  EXPECT_THAT(shadows(trial, 0), ElementsAre("weaker would be allow", "stronger would be block"));
}

TEST(Modes, ARuleIsOffFromItsExpiryOnByTheEventsOwnTime) {
  RuleTrial trial(with(R"(
rule ends "Ends" { when amount > 0 then block expires 2026-01-06 }
rule shadow_ends "Ends in shadow" mode shadow { when amount > 0 then block expires 2026-01-06T00:00:00.001Z }
)"));
  trial.judge({row(1, {{"created_at", "2026-01-05T23:59:59.999Z"}}), row(1, {{"created_at", "2026-01-06T00:00:00Z"}}),
               row(1, {{"created_at", "2026-01-06T00:00:00.001Z"}}), row(1, {{"created_at", "2026-01-05T10:00:00Z"}})});
  EXPECT_EQ(trial.outcome(0), "block");
  EXPECT_EQ(trial.outcome(1), "allow");
  EXPECT_EQ(trial.outcome(2), "allow");
  EXPECT_EQ(trial.outcome(3), "block");
  EXPECT_THAT(shadows(trial, 1), ElementsAre("shadow_ends would be block"));
  EXPECT_THAT(shadows(trial, 2), IsEmpty());
}

TEST(Modes, AnExpiredRuleCannotFail) {
  RuleTrial trial(with("rule big \"Big\" { when amount * 9000000000000000000 > 1 then block expires 2026-01-06 }\n"));
  trial.judge({row(2), row(2, {{"created_at", "2026-01-06T00:00:00Z"}})});
  ASSERT_EQ(trial.decisions().errors.size(), 1U);
  EXPECT_EQ(trial.decisions().errors[0].row, 0U);
}

TEST(Canary, ChosenKeysAreLiveTheOthersInShadow) {
  RuleTrial trial(with("rule tried \"Tried\" mode canary 30% by account_id { when amount > 0 then block }\n"));
  std::vector<RuleTrial::Row> rows;
  for (int account = 0; account < 200; ++account) rows.push_back(row(1, {{"account_id", "a" + std::to_string(account % 50)}}));
  trial.judge(rows);
  std::set<std::string> live;
  std::set<std::string> shadow;
  for (std::uint32_t at = 0; at < rows.size(); ++at) {
    const bool fired = !trial.fired(at).empty();
    EXPECT_EQ(fired, shadows(trial, at).empty());
    EXPECT_EQ(trial.outcome(at), fired ? "block" : "allow");
    (fired ? live : shadow).insert(rows[at].at("account_id"));
  }
  EXPECT_EQ(live.size() + shadow.size(), 50U) << "a key was on both sides";
  EXPECT_GT(live.size(), 5U);
}

TEST(Canary, AMissingKeyIsNotChosen) {
  RuleTrial trial(with("rule tried \"Tried\" mode canary 100% by account_id { when amount > 0 then block }\n"));
  trial.judge({row(1), row(1, {{"account_id", "a"}})});
  EXPECT_EQ(trial.outcome(0), "allow");
  EXPECT_THAT(shadows(trial, 0), ElementsAre("tried would be block"));
  EXPECT_EQ(trial.outcome(1), "block");
}

TEST(Canary, WithoutByTheShardsKeyChooses) {
  const std::string rule = "rule tried \"Tried\" mode canary 50%";
  RuleTrial implied(with(rule + " { when amount > 0 then block }\n"));
  RuleTrial named(with(rule + " by card_id { when amount > 0 then block }\n"));
  std::vector<RuleTrial::Row> rows;
  for (int card = 0; card < 100; ++card) rows.push_back(row(1, {{"card_id", "k" + std::to_string(card)}}));
  EXPECT_EQ(implied.judge(rows).outcomes, named.judge(rows).outcomes);
}

// These are promises to running systems: a change here moves customers from one side to the other.
TEST(Canary, TheSidesAreTheSameInEveryRunAndVersion) {
  const evaluate::CanaryShare share = evaluate::make_canary_share("shared_device", 500);
  std::string chosen;
  for (int account = 0; account < 100; ++account)
    if (share.chooses("acct-" + std::to_string(account))) chosen += std::to_string(account) + " ";
  EXPECT_EQ(chosen, "5 13 71 86 96 99 ");
}

TEST(Canary, ANumberChoosesAsItsText) {
  const evaluate::CanaryShare share = evaluate::make_canary_share("r", 5'000);
  for (std::int64_t key : {std::int64_t{0}, std::int64_t{-17}, std::int64_t{42}, INT64_MIN, INT64_MAX})
    EXPECT_EQ(share.chooses(key), share.chooses(std::to_string(key)));
}

TEST(Canary, AnAddressChoosesAsItsTextHoweverItIsWritten) {
  const evaluate::CanaryShare share = evaluate::make_canary_share("r", 5'000);
  std::size_t chosen = 0;
  for (int host = 0; host < 100; ++host) {
    const std::string text = "192.0.2." + std::to_string(host);
    IpAddress address;
    IpAddress mapped;
    ASSERT_TRUE(parse_ip(text, address) && parse_ip("::ffff:" + text, mapped));
    EXPECT_EQ(share.chooses(address), share.chooses(text));
    EXPECT_EQ(share.chooses(mapped), share.chooses(text));
    chosen += share.chooses(address) ? 1 : 0;
  }
  EXPECT_GT(chosen, 20U);
  EXPECT_LT(chosen, 80U);
  IpAddress address;
  ASSERT_TRUE(parse_ip("2001:DB8:0:0::1", address));
  EXPECT_EQ(share.chooses(address), share.chooses(std::string_view("2001:db8::1")));
}

// Of n independent keys, the chosen ones are binomial: within five deviations but for one case in two million.
TEST(Canary, TheShareIsTheOneAskedForAndGrowsKeyByKey) {
  constexpr int keys = 200'000;
  std::vector<bool> before(keys, false);
  for (const std::int64_t percent_100 : {1, 10, 500, 3'333, 9'900, 9'999, 10'000}) {
    const evaluate::CanaryShare share = evaluate::make_canary_share("tried", percent_100);
    int chosen = 0;
    for (int key = 0; key < keys; ++key) {
      const bool is_chosen = share.chooses("customer-" + std::to_string(key));
      chosen += is_chosen ? 1 : 0;
      EXPECT_TRUE(is_chosen || !before[static_cast<std::size_t>(key)]) << "a larger share let a key go";
      before[static_cast<std::size_t>(key)] = is_chosen;
    }
    const double p = static_cast<double>(percent_100) / 10'000;
    EXPECT_LE(std::abs(chosen - keys * p), 5 * std::sqrt(keys * p * (1 - p)) + 1e-9) << percent_100;
  }
}

TEST(Canary, TwoRulesChooseIndependently) {
  const evaluate::CanaryShare one = evaluate::make_canary_share("one", 5'000);
  const evaluate::CanaryShare other = evaluate::make_canary_share("other", 5'000);
  int both = 0;
  constexpr int keys = 100'000;
  for (int key = 0; key < keys; ++key) {
    const std::string text = std::to_string(key);
    both += one.chooses(text) && other.chooses(text) ? 1 : 0;
  }
  EXPECT_NEAR(both, keys / 4, 5 * std::sqrt(keys * 0.25 * 0.75));
}

}  // namespace
}  // namespace weir::test
