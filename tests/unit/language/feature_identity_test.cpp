// Which features are the same in two versions of the rules.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rules/language/check_rules.h"

namespace weir {
namespace {

std::string identity(const std::string& feature, const std::string& amount = "decimal", const std::string& more = "") {
  const std::vector<SourceFile> files{{"test.rules", "event payment {\n" + more + "\nat timestamp time\ncard string key\namount " + amount +
                                                         "\nok bool?\nother int\n}\nlet small = amount < 5\nlet tiny = small and ok\n" +
                                                         feature + "\nrule r \"r\" { when f > 3 score 1 }\n"}};
  Diagnostics diagnostics;
  const auto rules = check_rules(files, {}, diagnostics);
  EXPECT_TRUE(rules) << render(diagnostics, false);
  return rules ? rules->features.front().identity : "";
}

TEST(FeatureIdentity, LayoutNamesOfOthersAndTheOrderOfFieldsDoNotMatter) {
  const std::string one = identity("feature f = sum(amount) by card over 1h where ok");
  EXPECT_EQ(one, identity("feature f =\n  sum( amount )\n by card over 60m where ok # the same"));
  EXPECT_EQ(one, identity("feature f = sum(amount) by card over 1h where ok", "decimal", "first string"));
  EXPECT_EQ(one, identity("let unrelated = other > 3\nfeature f = sum(amount) by card over 1h where ok"));
}

TEST(FeatureIdentity, EverythingThatChangesAValueMatters) {
  std::vector<std::string> all;
  for (const char* feature :
       {"feature f = sum(amount) by card over 1h", "feature f = count() by card over 1h", "feature f = sum(other) by card over 1h",
        "feature f = sum(amount) by other over 1h", "feature f = sum(amount) by card, other over 1h",
        "feature f = sum(amount) by card over 2h", "feature f = sum(amount) by card over 1h inclusive",
        "feature f = sum(amount) by card over 1h where ok", "feature f = sum(amount) by card over 1h where not ok",
        "feature f = sum(amount) by card over 1h excluding this event", "feature f = sum(amount + 1) by card over 1h",
        "feature f = sum(amount) by card over 1h where small"})
    all.push_back(identity(feature));
  all.push_back(identity("feature f = sum(amount) by card over 1h", "decimal(2)"));
  std::vector<std::string> distinct = all;
  std::sort(distinct.begin(), distinct.end());
  EXPECT_EQ(std::unique(distinct.begin(), distinct.end()) - distinct.begin(), static_cast<std::ptrdiff_t>(all.size()));
}

TEST(FeatureIdentity, ALetThatChangesItsMeaningChangesTheFeaturesThatReadIt) {
  const std::string through = identity("feature f = count() by card over 1h where tiny");
  EXPECT_EQ(through, identity("feature f = count() by card over 1h where tiny", "decimal", "first string"));
  EXPECT_NE(through, identity("feature f = count() by card over 1h where tiny", "decimal(2)"));
}

// The identities of what `rules` declare, in an event set of payments and what `more` declares.
std::vector<std::string> identities_beside(const std::string& more, const std::string& rules) {
  const std::vector<SourceFile> files{{"test.rules", "event payment {\nat timestamp time\ncard string key\namount decimal\nfee int?\n}\n" +
                                                         more + rules + "\nrule r \"r\" { when f > 3 score 1 }\n"}};
  Diagnostics diagnostics;
  const auto checked = check_rules(files, {}, diagnostics);
  EXPECT_TRUE(checked) << render(diagnostics, false);
  std::vector<std::string> all;
  if (!checked) return all;
  for (const FeatureSpec& feature : checked->features) all.push_back(feature.identity);
  for (const PatternSpec& pattern : checked->sequences) all.push_back(pattern.identity);
  return all;
}

TEST(FeatureIdentity, AnEventTypeThatAddsNothingToItMayComeAndGo) {
  for (const char* rules : {"feature f = sum(amount) by card over 1h", "feature f = count() from payment by card over 1h",
                            "feature f = count() by card over 1h where amount > 5 and fee is missing",
                            "let half = amount / 2\nfeature f = avg(half) by card over 1h",
                            "feature f = count() from payment by card over 1h\n"
                            "pattern p by card within 1m { small: amount < 2.00 then big: amount > 5 * small.amount }"}) {
    const std::vector<std::string> alone = identities_beside("", rules);
    EXPECT_EQ(alone, identities_beside("event login {\nat timestamp time\ncard string key\nok bool\n}\n", rules)) << rules;
    EXPECT_EQ(alone, identities_beside("event login {\nlogged_in timestamp time\ncard string key\nfee int\n}\n", rules)) << rules;
  }
}

TEST(FeatureIdentity, AnEventTypeThatItIsMadeOfFromNowOnMakesItAnother) {
  const std::string login = "event login {\nat timestamp time\ncard string key\nok bool\n}\n";
  const std::string dispute = "event dispute {\nat timestamp time\ncard string key\nwhy string\n}\n";
  const std::string any = "feature f = count() by card over 1h";
  const std::string named = "feature f = count() from payment, login by card over 1h";
  EXPECT_NE(identities_beside("", any), identities_beside(login, any));
  EXPECT_NE(identities_beside(login, any), identities_beside(login + dispute, any));
  EXPECT_EQ(identities_beside(login, named), identities_beside(dispute + login, named));
  EXPECT_NE(identities_beside(login, "feature f = sum(amount) by card over 1h"),
            identities_beside("event refund {\nat timestamp time\ncard string key\namount decimal\n}\n",
                              "feature f = sum(amount) by card over 1h"));
}

}  // namespace
}  // namespace weir
