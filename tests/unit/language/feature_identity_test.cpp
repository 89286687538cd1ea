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

}  // namespace
}  // namespace weir
