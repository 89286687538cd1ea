#include <gtest/gtest.h>

#include "tests/unit/language/checking.h"

namespace weir {
namespace {

using checking::check;

TEST(RuleSets, FeaturesCarryTheirWholeMeaning) {
  const auto checked = check(
      "feature f = sum(amount) by card_id, mcc over 90s inclusive where country == \"DE\" and mcc > 5 excluding this event\n"
      "feature g = avg(amount * 2) by device_id over 1h where mcc > 5 and country == \"DE\"\n"
      "rule r \"R\" { when f > 1 and g > 1 then alert }\n");
  ASSERT_TRUE(checked->rules);
  const FeatureSpec& f = checked->rules->features[0];
  EXPECT_EQ(f.name, "f");
  EXPECT_EQ(f.aggregate, Aggregate::sum);
  EXPECT_EQ(f.input, ColumnIndex{6});
  EXPECT_EQ(f.by, (std::vector<ColumnIndex>{2, 5}));
  EXPECT_EQ(f.window_ms, 90'000);
  EXPECT_TRUE(f.inclusive);
  EXPECT_TRUE(f.exclude_this_event);
  EXPECT_EQ(f.type, ValueType::decimal);
  EXPECT_EQ(f.scale, 2);
  EXPECT_TRUE(f.by_includes_shard_key);
  EXPECT_EQ(f.where, ColumnIndex{11});
  const FeatureSpec& g = checked->rules->features[1];
  EXPECT_EQ(g.input, ColumnIndex{12});
  EXPECT_EQ(g.type, ValueType::floating);
  EXPECT_FALSE(g.by_includes_shard_key);
  EXPECT_EQ(checked->rules->derived[1].spec.type, ValueType::decimal);
  EXPECT_EQ(checked->rules->derived.size(), 3U);
}

TEST(RuleSets, WithoutAKeyNoFeatureIsTiedToAShard) {
  const auto checked =
      checking::check_whole("event e { t timestamp time\n c string }\nrule r \"R\" { when count() by c over 1h > 1 then alert }\n");
  ASSERT_TRUE(checked->rules);
  EXPECT_FALSE(checked->rules->features[0].by_includes_shard_key);
}

TEST(RuleSets, AggregatesInPlaceBecomeFeaturesOnce) {
  const auto checked = check(
      "feature declared = count() by card_id over 1h\n"
      "rule a \"A\" { when count() by card_id over 60m > 1 and sum(amount*2)   by card_id over 24h > 1 then alert }\n"
      "rule b \"B\" { when sum( amount * 2 ) by card_id over 1d > 2 and (count() by card_id over 1h where not (mcc == 1 or mcc==2)) > 1 "
      "then alert }\n");
  ASSERT_TRUE(checked->rules) << checked->codes();
  ASSERT_EQ(checked->rules->features.size(), 3U);
  EXPECT_EQ(checked->rules->features[1].name, "sum(amount * 2) by card_id over 1d");
  EXPECT_EQ(checked->rules->features[2].name, "count() by card_id over 1h where not (mcc == 1 or mcc == 2)");
  EXPECT_EQ(checked->rules->rules[0].features, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(checked->rules->rules[1].features, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_TRUE(checked->diagnostics.empty());
}

TEST(RuleSets, LetsAreSharedAndMayStandAfterTheirUse) {
  const auto checked = check(
      "rule r \"R\" { when late then alert reason \"{twice} and {{twice}}\" }\n"
      "let late = twice > 5\nlet twice = 2 * f\nfeature f = count() by card_id over 1h where big\nlet big = amount > 100\n");
  ASSERT_TRUE(checked->rules) << checked->codes();
  EXPECT_EQ(checking::show(*checked->rules, checked->rules->rules[0].when), "late");
  EXPECT_EQ(checked->rules->rules[0].features, (std::vector<std::uint32_t>{0}));
  ASSERT_EQ(checked->rules->rules[0].reason.size(), 2U);
  EXPECT_EQ(checking::show(*checked->rules, checked->rules->rules[0].reason[0].value), "twice");
  EXPECT_EQ(checked->rules->rules[0].reason[1].text, " and {twice}");
}

TEST(RuleSets, PolicyNumbersItsOutcomes) {
  const auto checked = check(
      "rule r \"R\" { when mcc == 1 then hold score -2.5 }\n"
      "policy { precedence block, hold\n score >= 80 -> block\n score >= 39.5 -> review\n otherwise -> allow }\n");
  ASSERT_TRUE(checked->rules) << checked->codes();
  const CheckedPolicy& policy = checked->rules->policy;
  EXPECT_EQ(policy.outcomes, (std::vector<std::string>{"block", "hold", "review", "allow"}));
  EXPECT_EQ(policy.precedence, (std::vector<OutcomeIndex>{0, 1}));
  ASSERT_EQ(policy.bands.size(), 2U);
  EXPECT_EQ(policy.bands[1].at_least, 395'000);
  EXPECT_EQ(policy.bands[1].outcome, 2);
  EXPECT_EQ(policy.otherwise, 3);
  EXPECT_EQ(checked->rules->rules[0].then, 1);
  EXPECT_EQ(checked->rules->rules[0].score, -25'000);
}

TEST(RuleSets, WithoutAPolicyBlockComesBeforeAlert) {
  const auto checked = check("rule r \"R\" { when mcc == 1 then alert }\n");
  ASSERT_TRUE(checked->rules);
  EXPECT_EQ(checked->rules->policy.outcomes, (std::vector<std::string>{"block", "alert", "allow"}));
  EXPECT_EQ(checked->rules->policy.otherwise, 2);
}

TEST(RuleSets, UpdatesAreHandedOn) {
  const auto checked = check("rule r \"R\" { when mcc == 1 update card_id, mcc set seen = amount + 1 for 7d update card_id unset seen }\n");
  ASSERT_TRUE(checked->rules) << checked->codes();
  const std::vector<CheckedUpdate>& updates = checked->rules->rules[0].updates;
  ASSERT_EQ(updates.size(), 2U);
  EXPECT_EQ(updates[0].key, (std::vector<ColumnIndex>{2, 5}));
  EXPECT_EQ(updates[0].field, "seen");
  EXPECT_EQ(updates[0].for_ms, 7 * 86'400'000LL);
  EXPECT_EQ(checking::show(*checked->rules, updates[0].value), "add(amount, 100:decimal2):decimal2");
  EXPECT_EQ(updates[1].value, no_expression);
}

TEST(RuleSets, LayoutAndCommentsDoNotChangeTheMeaning) {
  const auto plain = check("list l of int = [1, 2]\nrule r \"R\" { when mcc in @l then alert }\n");
  const auto spread = check("list l of int = [ 1 , 2 ] # two\n\n\nrule r\n  \"R\"\n{\n  when mcc in @l  # here\n  then alert\n}");
  const auto other = check("list l of int = [1, 3]\nrule r \"R\" { when mcc in @l then alert }\n");
  ASSERT_TRUE(plain->rules && spread->rules && other->rules);
  const auto meaning = [](const checking::Checked& checked) {
    std::string text = checked.rules->canonical_text;
    for (char& byte : text)
      if (byte == '\n') byte = ' ';
    return text;
  };
  EXPECT_EQ(meaning(*plain), meaning(*spread));
  EXPECT_NE(meaning(*plain), meaning(*other));
}

TEST(RuleSets, SeveralFilesAreOne) {
  const std::vector<SourceFile> files{{"a.rules", "rule r \"R\" { when f > 1 and mcc in @l then alert }\n"},
                                      {"b.rules", checking::event_text},
                                      {"c.rules", "feature f = count() by card_id over 1h\nlist l of int = [1]\n"}};
  Diagnostics diagnostics;
  EXPECT_TRUE(check_rules(files, {}, diagnostics).has_value());
  EXPECT_TRUE(diagnostics.empty());
}

TEST(RuleSets, ErrorsPointAtTheirFile) {
  const std::vector<SourceFile> files{{"a.rules", checking::event_text}, {"b.rules", "rule r \"R\" { when amout > 1 then alert }\n"}};
  Diagnostics diagnostics;
  EXPECT_FALSE(check_rules(files, {}, diagnostics).has_value());
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics[0].file, &files[1]);
  EXPECT_EQ(files[1].text.substr(diagnostics[0].span.begin, diagnostics[0].span.end - diagnostics[0].span.begin), "amout");
}

TEST(RuleSets, ConditionsOfTheConfigurationJoinTheRules) {
  const auto checked = check("feature f = count() by card_id over 1h\nrule r \"R\" { when f > 1 then alert }\n");
  ASSERT_TRUE(checked->rules);
  const SourceFile when{"when", "outcome in [block, alert] and score >= 50 and f > 1"};
  Diagnostics diagnostics;
  const auto condition = check_expression(when, ExpressionScope::decision, *checked->rules, diagnostics);
  ASSERT_TRUE(condition);
  EXPECT_EQ(checking::show(*checked->rules, *condition),
            "and(or(outcome(), outcome()), greater_equal(score():decimal4, 500000:decimal4), greater(f, 1:int))");
  const Expression& both = checked->rules->expressions[*condition];
  EXPECT_EQ(both.operands[2], checked->rules->rules[0].when);
}

}  // namespace
}  // namespace weir
