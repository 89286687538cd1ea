// What a service says of rules near their end, and how often.
#include "engine/control/expiry_watch.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t week = 7 * day;
constexpr std::int64_t now = 20'000 * day + 6 * hour;

RuleStatus rule(const std::string& name, std::int64_t expires_ms) {
  RuleStatus status;
  status.name = name;
  status.expires_ms = expires_ms;
  return status;
}

TEST(ExpiryWatch, NamesTheRuleTheDaysThatAreLeftAndTheDate) {
  EXPECT_EQ(expiry_text(rule("a", now + week + 1), now, week), "");
  EXPECT_EQ(expiry_text(rule("a", now + week), now, week), "rule a expires in 7 days, at 2024-10-11T06:00:00Z");
  EXPECT_EQ(expiry_text(rule("a", now + day), now, week), "rule a expires in 1 day, at 2024-10-05T06:00:00Z");
  EXPECT_EQ(expiry_text(rule("a", now + hour), now, week), "rule a expires within a day, at 2024-10-04T07:00:00Z");
  EXPECT_EQ(expiry_text(rule("a", now), now, week), "rule a has expired: events from 2024-10-04T06:00:00Z on are judged without it");
  EXPECT_EQ(expiry_text(rule("a", never_expires), now, week), "");
  RuleStatus off = rule("a", now);
  off.mode = RuleMode::off;
  EXPECT_EQ(expiry_text(off, now, week), "");
}

TEST(ExpiryWatch, SaysItOnceADayAndAgainWhenTheDateIsAnother) {
  ExpiryWatch watch(week);
  const std::vector<RuleStatus> rules{rule("near", now + 3 * day), rule("far", now + 300 * day)};
  EXPECT_EQ(watch.look(rules, now).size(), 1U);
  EXPECT_TRUE(watch.look(rules, now + hour).empty());
  EXPECT_EQ(watch.look(rules, now + 20 * hour).size(), 1U);  // the next day
  EXPECT_TRUE(watch.look(rules, now + 21 * hour).empty());
  EXPECT_EQ(watch.look({rule("near", now + 2 * day)}, now + 21 * hour).size(), 1U);
  EXPECT_TRUE(watch.look({rule("near", now + 30 * day)}, now + 21 * hour).empty());
}

TEST(ExpiryWatch, SaysAtOnceWhenARuleHasExpired) {
  ExpiryWatch watch(week);
  EXPECT_EQ(watch.look({rule("near", now + hour)}, now).size(), 1U);
  const std::vector<std::string> told = watch.look({rule("near", now + hour)}, now + hour);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].find("has expired"), std::string::npos);
}

}  // namespace
}  // namespace weir
