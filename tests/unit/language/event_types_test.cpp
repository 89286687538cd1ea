// Rule sets with several event types: the union of their fields, and what rules and features are about.
#include <gtest/gtest.h>

#include "tests/unit/language/checking.h"

namespace weir {
namespace {

using checking::check_whole;

const std::string two_events = R"(event payment {
  id string id
  paid_at timestamp time
  card_id string key
  amount decimal(2)
  note string?
}
event login {
  at timestamp time
  card_id string
  user_id int key
  note string
  ok bool
}
)";

constexpr EventTypeSet payment = 1;
constexpr EventTypeSet login = 2;

TEST(EventTypes, ShareOneSchema) {
  const auto checked = check_whole(two_events + "rule r \"R\" { when note is present then alert }\n");
  ASSERT_TRUE(checked->rules) << checked->codes();
  const EventSchema& schema = checked->rules->event;
  ASSERT_EQ(schema.types.size(), 2U);
  EXPECT_EQ(schema.name, "");
  EXPECT_EQ(schema.types[0].fields, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(schema.types[1].fields, (std::vector<std::size_t>{2, 4, 5, 6, 7}));
  EXPECT_EQ(schema.types[0].required, (std::vector<std::size_t>{0, 1, 2, 3}));
  EXPECT_EQ(schema.types[1].required, (std::vector<std::size_t>{5, 2, 6, 4, 7}));
  EXPECT_FALSE(schema.fields[2].optional) << "card_id is in both and required in both";
  EXPECT_TRUE(schema.fields[4].optional) << "note is optional in one";
  EXPECT_TRUE(schema.fields[3].optional) << "logins have no amount";
  EXPECT_EQ(schema.id_field, std::nullopt);
  EXPECT_EQ(schema.id_field_of(0), 0U);
  EXPECT_EQ(schema.key_field_of(1), 6U);
  ASSERT_EQ(schema.fields.size(), 9U) << "the ninth is the time of every row";
  EXPECT_EQ(schema.time_field, 8U);
  EXPECT_EQ(schema.types[1].time_field, 5U);
}

TEST(EventTypes, ATimeOfOneNameIsItsOwnColumn) {
  const auto checked =
      check_whole("event a { t timestamp time\n x int }\nevent b { t timestamp time\n y int }\nrule r \"R\" { when x > 1 then alert }\n");
  ASSERT_TRUE(checked->rules);
  EXPECT_EQ(checked->rules->event.fields.size(), 3U);
  EXPECT_EQ(checked->rules->event.time_field, 0U);
}

TEST(EventTypes, ARuleIsAboutTheTypesThatItNamesOrThatHaveItsFields) {
  const auto checked = check_whole(two_events + R"(
feature failed = count() by card_id over 1h where ok == false
feature spent = sum(amount) by card_id over 1h
feature logins = count() from login by card_id over 1h
feature both = count() by card_id over 1h
feature by_user = count() by user_id over 1h
let large = amount > 100
rule all "All" { when failed > 1 and spent > 1 and both > 1 and logins > 1 then alert }
rule lets "Through a let" { when large then alert }
rule named "Named" on login { when note is present then alert }
rule key "The key of what it reads" { when by_user > 1 then alert }
rule reason "Reason" { when note is present then alert reason "{ok}" }
rule update "Update" { when note is present then alert update user_id set seen = true }
rule both_named "Both" on login, payment { when note is present then alert }
)");
  ASSERT_TRUE(checked->rules) << checked->codes();
  std::vector<EventTypeSet> on;
  for (const CheckedRule& rule : checked->rules->rules) on.push_back(rule.on);
  EXPECT_EQ(on, (std::vector<EventTypeSet>{0, payment, login, login, login, login, 0}));
  std::vector<EventTypeSet> from;
  for (const FeatureSpec& feature : checked->rules->features) from.push_back(feature.from);
  EXPECT_EQ(from, (std::vector<EventTypeSet>{login, payment, login, 0, login}));
}

TEST(EventTypes, AFeatureIsTiedToAShardWhereEveryTypesKeyIsInIt) {
  const auto checked = check_whole(two_events + R"(
feature by_card = count() from payment by card_id over 1h
feature by_user = count() by user_id over 1h
feature by_both = count() by card_id, user_id over 1h
rule r "R" { when by_card > 1 and by_user > 1 and by_both > 1 then alert }
)");
  ASSERT_TRUE(checked->rules) << checked->codes();
  EXPECT_FALSE(checked->rules->features[0].by_includes_shard_key) << "logins of any shard ask for it";
  EXPECT_TRUE(checked->rules->features[1].by_includes_shard_key);
  EXPECT_TRUE(checked->rules->features[2].by_includes_shard_key);
}

TEST(EventTypes, FeaturesInPlaceNameTheirTypes) {
  const auto checked = check_whole(two_events + R"(
feature declared = count() from login by card_id over 1h
rule r "R" { when count()  from   login by card_id over 60m > 1 and count() from login, payment by card_id over 1h > 1
             and count() by card_id over 1h > 1 then alert }
)");
  ASSERT_TRUE(checked->rules) << checked->codes();
  ASSERT_EQ(checked->rules->features.size(), 2U);
  EXPECT_EQ(checked->rules->features[1].name, "count() from login, payment by card_id over 1h") << "all types named are as none named";
}

TEST(EventTypes, ConditionsAskForTheType) {
  const auto checked = check_whole(two_events + R"(
rule a "A" {
  when amount is missing and
       event == login
  then alert
}
rule b "B" { when event not in [payment] then alert }
)");
  ASSERT_TRUE(checked->rules) << checked->codes();
  EXPECT_EQ(checking::show(*checked->rules, checked->rules->rules[1].when), "not_event:payment()")
      << checking::show(*checked->rules, checked->rules->rules[0].when);
}

TEST(EventTypes, WhereTheLinesOfAConditionBreakMeansNothing) {
  const std::string rule = "rule a \"A\" { when amount is missing and";
  const auto one = check_whole(two_events + rule + " event == login then alert }\n");
  const auto other = check_whole(two_events + rule + "\n  event == login then alert }\n");
  ASSERT_TRUE(one->rules && other->rules);
  EXPECT_EQ(one->rules->canonical_text, other->rules->canonical_text);
}

TEST(EventTypes, AFieldCalledEventIsAField) {
  const auto checked = check_whole("event a { t timestamp time\n event string }\nrule r \"R\" { when event == \"x\" then alert }\n");
  ASSERT_TRUE(checked->rules) << checked->codes();
}

}  // namespace
}  // namespace weir
