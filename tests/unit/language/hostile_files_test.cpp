// Files that want to exhaust the machine get complaints instead. Each of these would hang or overflow the stack without its limit.
#include <gtest/gtest.h>

#include "rules/language/formatter.h"
#include "rules/language/limits.h"
#include "rules/language/reporter.h"
#include "rules/testing/run_tests.h"
#include "tests/unit/language/checking.h"

namespace weir {
namespace {

using checking::check;

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (std::size_t count = 0; count < times; ++count) all += text;
  return all;
}

TEST(HostileFiles, ParenthesesAreCounted) {
  EXPECT_EQ(check("rule r \"R\" { when " + repeated("(", 500'000))->codes().substr(0, 5), "R0105");
}

TEST(HostileFiles, SignsAndNegationsAreCounted) {
  EXPECT_EQ(check("rule r \"R\" { when " + repeated("not ", 400'000) + "approved then alert }")->codes(), "R0105");
  EXPECT_EQ(check("let x = " + repeated("-", 400'000) + "mcc\n")->codes(), "R0105");
}

TEST(HostileFiles, NestedCallsAreCounted) {
  EXPECT_EQ(check("let x = " + repeated("abs(", 100'000) + "mcc" + repeated(")", 100'000))->codes(), "R0105");
}

TEST(HostileFiles, NestedAggregatesAreCounted) {
  EXPECT_EQ(check("feature x = " + repeated("count() by mcc over 1h where ", 40'000) + "approved\n")->codes(), "R0105");
}

TEST(HostileFiles, LongSumsAreCounted) {
  EXPECT_EQ(check("let x = mcc" + repeated(" + mcc", 200'000))->codes(), "R0105");
}

TEST(HostileFiles, LongChainsOfConditionsAreFineUpToTheirLimit) {
  const std::string rule = "rule r \"R\" { when mcc == 1";
  EXPECT_EQ(check(rule + repeated(" or mcc == 2", 5'000) + " then alert }")->codes(), "");
  EXPECT_EQ(check(rule + repeated(" or mcc == 2", 50'000) + " then alert }")->codes(), "R0105");
}

TEST(HostileFiles, LongChainsOfLetsAreFine) {
  std::string text = "let x0 = mcc + 1\n";
  for (int index = 1; index < 4'000; ++index) text = "let x" + std::to_string(index) + " = x" + std::to_string(index - 1) + " + 1\n" + text;
  EXPECT_EQ(check(text + "rule r \"R\" { when x3999 > 5 then alert }\n")->codes(), "");
}

TEST(HostileFiles, LetsThatDoubleAreNotUnfolded) {
  std::string text = "let x0 = approved == true\n";
  for (int index = 1; index < 200; ++index) {
    const std::string before = "x" + std::to_string(index - 1);
    text += "let x" + std::to_string(index) + " = (" + before + " or mcc == 1) and (" + before + " or mcc == 2)\n";
  }
  EXPECT_EQ(check(text + "rule r \"R\" { when x199 then alert }\n")->codes(), "");
}

TEST(HostileFiles, LetsThatDoubleAreNotUnfoldedForAPattern) {
  std::string text = "let x0 = mcc == 1\n";
  for (int index = 1; index < 200; ++index) {
    const std::string before = "x" + std::to_string(index - 1);
    text += "let x" + std::to_string(index) + " = " + before + " and " + before + "\n";
  }
  EXPECT_EQ(
      check(text + "pattern p by card_id within 1h { a: x199 then b: mcc == 2 }\nrule r \"R\" { when p matched then alert }\n")->codes(),
      "");
}

TEST(HostileFiles, LetsThatUseTwoLetsEachDoNotDouble) {
  std::string text = "let a0 = mcc\nlet b0 = mcc + 1\n";
  for (int index = 1; index < 200; ++index) {
    const std::string before = std::to_string(index - 1);
    for (const std::string name : {"a", "b"})
      text += "let " + name + std::to_string(index) + " = a" + before + (name == "a" ? " - b" : " + b") + before + "\n";
  }
  const auto checked = check(text + "feature f = max(a199) by card_id over 1h\nrule r \"R\" { when b199 > f then alert }\n");
  ASSERT_TRUE(checked->rules) << checked->codes();
  EXPECT_LT(checked->rules->features[0].identity.size(), 1'000U);
}

TEST(HostileFiles, PatternsCompareABoundedNumberOfValues) {
  std::string text = "pattern p by card_id within 1h { a: mcc == 1 then b: mcc > a.mcc";
  for (std::size_t index = 1; index < limits::pattern_values_max; ++index) text += " and mcc + " + std::to_string(index) + " > a.mcc";
  const std::string asked = " }\nrule r \"R\" { when p matched then alert }\ntest \"t\" { when payment expect no rule r }\n";
  const auto most = check(text + asked);
  ASSERT_TRUE(most->rules) << most->codes();
  EXPECT_EQ(run_tests(*most->rules, {}).take().failed(), 0U);
  EXPECT_EQ(check(text + " and mcc + 0 > a.mcc" + asked)->codes(), "R0408");
}

TEST(HostileFiles, PatternsThatTryCombinationsAreCounted) {
  const auto patterns = [](std::size_t count, const std::string& steps) {
    std::string text;
    for (std::size_t index = 0; index < count; ++index) {
      const std::string number = std::to_string(index);
      text += "pattern p" + number + " by card_id within 1h { " + steps + " }\nrule r" + number + " \"R\" { when p" + number +
              " matched then alert }\n";
    }
    return text;
  };
  const std::string searching = "a: mcc > 1 then b: mcc > 2 then c: mcc > a.mcc";
  EXPECT_EQ(check(patterns(limits::searching_patterns_max, searching))->codes(), "");
  const auto refused = check(patterns(limits::searching_patterns_max + 1, searching));
  EXPECT_EQ(refused->codes(), "R0408");
  EXPECT_NE(refused->diagnostics.at(0).message.find("the limit is 32"), std::string::npos);
  for (const std::string steps :
       {"a: mcc > 1 then b: mcc > a.mcc", "a: mcc > 1 then b: mcc > 2 then c: mcc > b.mcc", "3 x mcc > 1 then b: mcc > 4"})
    EXPECT_EQ(check(patterns(limits::searching_patterns_max + 1, steps))->codes(), "") << steps;
}

TEST(HostileFiles, ABrokenPatternOfAnEventWithoutFieldsIsComplainedAbout) {
  const auto checked = checking::check_whole("event payment {\n}\npattern p by card_id within 1h { a: x then b: y }\n");
  EXPECT_FALSE(checked->rules);
  EXPECT_NE(checked->codes().find("R0203"), std::string::npos) << checked->codes();
}

TEST(HostileFiles, ALimitOfTheRuleSetIsToldOnce) {
  std::string tests;
  for (std::size_t index = 0; index < limits::tests_max + 300; ++index)
    tests += "test \"" + std::to_string(index) + "\" { when payment expect mcc == 0 }\n";
  std::vector<SourceFile> files{{"first.rules", checking::event_text + tests},
                                {"second.rules", "test \"x\" { when payment expect mcc == 0 }\n"}};
  Diagnostics diagnostics;
  EXPECT_FALSE(check_rules(files, {}, diagnostics));
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics[0].code, "R0704");
}

TEST(HostileFiles, WhatContradictsIsLookedForWithinBounds) {
  std::string names = "\"k\"";
  for (int index = 1; index < 999; ++index) names += ", \"k" + std::to_string(index) + "\"";
  std::string text = "rule q \"Q\" { when country in [" + names + "]";
  for (int index = 0; index < 4'500; ++index) text += " and country != \"x" + std::to_string(index) + "\"";
  EXPECT_EQ(check(text + " then alert }\n")->codes(), "");
  std::string lets = "let b0 = mcc > 1 and mcc < 0\n";
  for (int index = 1; index < 60; ++index) {
    const std::string before = "b" + std::to_string(index - 1);
    lets += "let b" + std::to_string(index) + " = risk > " + std::to_string(index) + ".5 and (" + before + " or " + before + ")\n";
  }
  for (int index = 0; index < 9'000; ++index)
    lets += "rule r" + std::to_string(index) + " \"R\" { when b59 and mcc != " + std::to_string(index) + " then alert }\n";
  EXPECT_EQ(check(lets)->codes(), "");
}

TEST(HostileFiles, WhatIsOnlySaidInAnErrorIsNotWorkedOutWhenNoErrorIsShownAnyMore) {
  const SourceFile file{"test.rules", "let blocked = 1\n"};
  Diagnostics diagnostics;
  Reporter reporter(file, diagnostics);
  for (std::size_t count = 0; count <= limits::diagnostics_max; ++count) {
    EXPECT_EQ(did_you_mean("blokced", {"blocked"}, reporter).size(), 1U);
    EXPECT_EQ(place_text(file, {4, 11}, reporter), "at line 1");
    reporter.error("R0203", {count, count + 1}, "unknown");
  }
  EXPECT_TRUE(did_you_mean("blokced", {"blocked"}, reporter).empty());
  EXPECT_EQ(place_text(file, {4, 11}, reporter), "");
  std::string text;
  for (int index = 0; index < 4'000; ++index) text += "let name_number_" + std::to_string(index) + " = mcc\n";
  for (int index = 0; index < 9'000; ++index)
    text += "rule r" + std::to_string(index) + " \"R\" { when name_numbre_" + std::to_string(index) + " > 1 then alert }\n";
  EXPECT_EQ(check(text)->diagnostics.size(), limits::diagnostics_max + 1);
}

TEST(HostileFiles, RegularExpressionsTogetherAreBounded) {
  std::string text;
  for (int index = 0; index < 4'000; ++index)
    text +=
        "rule r" + std::to_string(index) + " \"R\" { when country matches \"x" + std::to_string(index) + "[a-z]{1,900}\" then alert }\n";
  EXPECT_EQ(check(text)->codes().substr(0, 11), "R0105 R0105");
  EXPECT_EQ(
      check("rule r \"R\" { when country matches \"" + repeated("(", 900) + "(a{100}){100}" + repeated(")", 900) + "\" then alert }\n")
          ->codes(),
      "R0307");
}

TEST(HostileFiles, AllFilesTogetherAreBounded) {
  std::vector<SourceFile> files;
  for (std::size_t bytes = 0; bytes <= limits::rules_bytes_max; bytes += limits::rules_file_bytes_max)
    files.push_back({"large.rules", std::string(limits::rules_file_bytes_max, '#')});
  Diagnostics diagnostics;
  EXPECT_FALSE(check_rules(files, {}, diagnostics));
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics[0].code, "R0105");
}

TEST(HostileFiles, EventsOfAllTestsAreCounted) {
  std::string tests;
  for (std::size_t index = 0; index <= limits::all_test_events_max / limits::test_events_max; ++index)
    tests += "test \"t" + std::to_string(index) + "\" { given 99_999 payment when payment expect mcc == 0 }\n";
  EXPECT_EQ(check(tests)->codes(), "R0704");
  const std::string text = repeated("{n}", 1'300);
  EXPECT_EQ(check("test \"t\" { given 99_999 payment { card_id: \"" + text + "\" } when payment expect mcc == 0 }\n")->codes(), "R0704");
}

TEST(HostileFiles, KeysOfFeaturesAreCounted) {
  const auto features = [](std::size_t keys) {
    std::string text;
    for (std::size_t index = 0; index < keys; ++index)
      text += "let k" + std::to_string(index) + " = mcc % " + std::to_string(index + 1) + "\nfeature f" + std::to_string(index) +
              " = count() by k" + std::to_string(index) + " over 1h\nrule r" + std::to_string(index) + " \"R\" { when f" +
              std::to_string(index) + " > 1 then alert }\n";
    return text;
  };
  EXPECT_EQ(check(features(limits::feature_keys_max))->codes(), "");
  EXPECT_EQ(check(features(limits::feature_keys_max + 1))->codes(), "R0406");
  const std::string reset = "feature g = count() by k0 over 2h\nrule s \"S\" { when g > 5 then alert reset g }\n";
  EXPECT_EQ(check(features(limits::feature_keys_max - 1) + reset)->codes(), "");
  EXPECT_EQ(check(features(limits::feature_keys_max) + reset)->codes(), "R0406");
}

TEST(HostileFiles, UpdatesOfAllRulesAreCounted) {
  const auto rules = [](std::size_t updates) {
    std::string text;
    for (std::size_t index = 0; index < updates / limits::updates_max; ++index)
      text +=
          "rule r" + std::to_string(index) + " \"R\" { when mcc > 1 " + repeated("update card_id set f = 1 ", limits::updates_max) + "}\n";
    return text;
  };
  EXPECT_EQ(check(rules(limits::all_updates_max))->codes(), "");
  EXPECT_EQ(check(rules(limits::all_updates_max + limits::updates_max))->codes(), "R0105");
}

TEST(HostileFiles, LargeFilesAreRefusedUnread) {
  EXPECT_EQ(checking::check_whole(std::string(limits::rules_file_bytes_max + 1, 'a'))->codes(), "R0105");
}

TEST(HostileFiles, ComplaintsEnd) {
  const auto checked = check(repeated("rule r \"R\" { when nothing > 1 then alert }\n", 9'000));
  EXPECT_FALSE(checked->rules);
  EXPECT_EQ(checked->diagnostics.size(), limits::diagnostics_max + 1);
}

TEST(HostileFiles, ManyWarningsNeitherRefuseNorHideAnError) {
  std::string text = "rule r \"R\" { when mcc == 1 then alert }\n";
  for (int index = 0; index < 300; ++index)
    text +=
        "let unused" + std::to_string(index) + " = mcc\nrule r" + std::to_string(index) + " \"R\" { when amount is missing then alert }\n";
  const auto accepted = check(text);
  EXPECT_TRUE(accepted->rules);
  EXPECT_EQ(accepted->diagnostics.size(), limits::diagnostics_max + 1);
  const auto refused = check(text + "rule last \"R\" { when nothing > 1 then alert }\n");
  EXPECT_FALSE(refused->rules);
  EXPECT_EQ(refused->diagnostics.back().code, "R0203");
}

TEST(HostileFiles, TokensAreCounted) {
  EXPECT_NE(check(repeated("a ", 1'000'000))->codes().find("R0105"), std::string::npos);
}

TEST(HostileFiles, StepsAndEventsOfTestsAreCounted) {
  EXPECT_EQ(check("test \"t\" {" + repeated(" when payment", limits::test_steps_max + 1))->codes(), "R0704");
  EXPECT_EQ(check("test \"t\" { given 9223372036854775808 payment when payment expect mcc == 0 }")->codes(), "R0704");
  EXPECT_EQ(check("test \"t\" {" + repeated(" given 100_000 payment", 900) + " when payment expect mcc == 0 }")->codes(), "R0704");
  EXPECT_EQ(check("test \"t\" { when payment { geo: " + repeated("{ lat: 1, lon: ", 50'000))->codes().substr(0, 5), "R0101");
  EXPECT_EQ(check("test \"t\" { when payment { mcc: " + repeated("(", 100'000))->codes().substr(0, 5), "R0105");
}

TEST(HostileFiles, LetsThatDoubleAreQuicklyTestedAndFormatted) {
  std::string text = "let x0 = approved == true\n";
  for (int index = 1; index < 90; ++index) {
    const std::string before = "x" + std::to_string(index - 1);
    text += "let x" + std::to_string(index) + " = (" + before + " or mcc == 1) and (" + before + " or mcc == 2)\n";
  }
  text += "rule r \"R\" { when x89 then alert }\ntest \"t\" { when payment expect rule r expect outcome alert }\n";
  const auto checked = check(text);
  ASSERT_TRUE(checked->rules);
  TestOptions options;
  options.coverage = true;
  EXPECT_EQ(run_tests(*checked->rules, options).take().failed(), 1U);
  Diagnostics diagnostics;
  EXPECT_EQ(format_rules(checked->files[0], diagnostics).has_value(), true);
}

TEST(HostileFiles, FormattingIsLinear) {
  std::string rules = repeated("rule r \"R\" { when amount in [1, 2, 3] then alert } ", 20'000);
  Diagnostics diagnostics;
  EXPECT_TRUE(format_rules({"many.rules", rules}, diagnostics).has_value());
  EXPECT_TRUE(format_rules({"one.rules", "list l of int = [" + repeated("1, ", 9'000) + "1]"}, diagnostics).has_value());
  EXPECT_TRUE(format_rules({"comments.rules", repeated("#\n", 2'000'000) + "let a = 1\n"}, diagnostics).has_value());
}

TEST(HostileFiles, ManySetsAndPatternsStayQuick) {
  std::string text = "rule r \"R\" { when mcc == 0 then alert }\n";
  for (int index = 0; index < 9'000; ++index)
    text += "rule r" + std::to_string(index) + " \"R\" { when mcc in [" + std::to_string(index) + ", -1] or mcc in [" +
            std::to_string(index) + ", -2] then alert }\n";
  EXPECT_EQ(check(text)->codes(), "");
}

}  // namespace
}  // namespace weir
