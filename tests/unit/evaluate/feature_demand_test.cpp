// Which events rules read a feature's value on, and that decisions are the same bytes whether or not the others are computed.
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rules/evaluate/rule_set.h"
#include "tests/support/rules_lane.h"

namespace weir::test {
namespace {

const std::string event_text = R"(
event payment {
  id          string     id
  created_at  timestamp  time
  card_id     string     key
  device_id   string?
  amount      decimal
  flag        bool?
}
feature n = count() by card_id over 1h
feature n_day = count() by card_id over 1d where flag
feature n_late = count() by card_id over 1h delay 1m
feature n_device = count() by device_id over 1h
feature total = sum(amount) by card_id over 1h
feature usual = avg(amount) by card_id over 1d
)";

// "always", "never" or the floors, as "n>=3 n_day>=2".
std::string demand_of(const std::string& feature, const std::string& rules, bool every_feature_is_read = false) {
  const CheckedRules checked = check_or_abort(event_text + rules + "\npolicy { score >= 1 -> alert otherwise -> allow }\n");
  RuleSetOptions options;
  options.every_feature_is_read = every_feature_is_read;
  const std::shared_ptr<const Scorer> scorer = RuleSet::compile(checked, options).take();
  for (const FeatureSpec& spec : scorer->features()) {
    if (spec.name != feature) continue;
    if (!spec.demand) return "always";
    std::string text;
    for (const CountFloor& floor : *spec.demand)
      text += (text.empty() ? "" : " ") + scorer->features()[floor.feature].name + ">=" + std::to_string(floor.at_least);
    return text.empty() ? "never" : text;
  }
  return "no such feature";
}

std::string rule(const std::string& when, const std::string& more = "score 1") {
  return "rule r \"R\" { when " + when + " " + more + " }";
}

TEST(FeatureDemand, IsWhereCountsBesideItAreHighEnough) {
  EXPECT_EQ(demand_of("total", rule("n >= 3 and total > 50")), "n>=3");
  EXPECT_EQ(demand_of("total", rule("total > 50 and n >= 3")), "n>=3");
  EXPECT_EQ(demand_of("total", rule("total > 50 and n > 3")), "n>=3");  // not 4: one event more does no harm
  EXPECT_EQ(demand_of("total", rule("n == 5 and amount > 1 and total > 50")), "n>=5");
  EXPECT_EQ(demand_of("total", rule("3 <= n and total > 50")), "n>=3");
  EXPECT_EQ(demand_of("total", rule("n >= 2.5 and total > 50")), "n>=3");
  EXPECT_EQ(demand_of("total", rule("n between 4 and 9 and total > 50")), "n>=4");
  EXPECT_EQ(demand_of("total", rule("n_day >= 20 and n >= 3 and total > 50")), "n>=3");  // of the shortest window
  EXPECT_EQ(demand_of("total", rule("n >= 3 and (total > 50 or amount > total)")), "n>=3");
  EXPECT_EQ(demand_of("total", rule("n >= 3 and not (total > 50)")), "n>=3");
}

TEST(FeatureDemand, IsOnAllEventsWhereNoCountSpeaksForTheKey) {
  EXPECT_EQ(demand_of("total", rule("total > 50")), "always");
  EXPECT_EQ(demand_of("total", rule("n >= 3 or total > 50")), "always");
  EXPECT_EQ(demand_of("total", rule("not (n >= 3) and total > 50")), "always");
  EXPECT_EQ(demand_of("total", rule("n <= 3 and total > 50")), "always");
  EXPECT_EQ(demand_of("total", rule("n_device >= 3 and total > 50")), "always");
  EXPECT_EQ(demand_of("total", rule("n_late >= 3 and total > 50")), "always");
  EXPECT_EQ(demand_of("total", rule("n * 2 >= 6 and total > 50")), "always");
  EXPECT_EQ(demand_of("total", rule("n >= n_day and total > 50")), "always");
}

TEST(FeatureDemand, IsOfAllThatReadIt) {
  EXPECT_EQ(demand_of("total", "rule a \"A\" { when n >= 9 and total > 50 score 1 } rule b \"B\" { when n >= 4 and total > 90 score 1 }"),
            "n>=4");
  EXPECT_EQ(
      demand_of("total", "rule a \"A\" { when n >= 9 and total > 50 score 1 } rule b \"B\" { when n_day >= 4 and total > 9 score 1 }"),
      "n>=9 n_day>=4");
  EXPECT_EQ(demand_of("total", "rule a \"A\" { when n >= 9 and total > 50 score 1 } rule b \"B\" { when total > 90 score 1 }"), "always");
  EXPECT_EQ(
      demand_of("total", "let big = total > 50\n rule a \"A\" { when n >= 9 and big score 1 } rule b \"B\" { when n > 3 and big score 1 }"),
      "n>=3");
  EXPECT_EQ(demand_of("total", rule("n >= 9 and total > 50", "mode shadow score 1")), "n>=9");
  EXPECT_EQ(demand_of("total", rule("n >= 9 and total > 50", "mode off score 1")), "never");
  EXPECT_EQ(demand_of("usual", rule("n >= 9 and total > 50")), "never");
}

TEST(FeatureDemand, IsOnEventsOnWhichARuleFiredThatNamesIt) {
  EXPECT_EQ(demand_of("usual", rule("n >= 9 and total > 50", "score 1 reason \"usually {usual}\"")), "n>=9");
  EXPECT_EQ(demand_of("usual", rule("amount > 50", "score 1 reason \"usually {usual}\"")), "always");
  EXPECT_EQ(demand_of("usual", rule("n >= 9 or (n_day >= 4 and usual > 50)")), "always");  // a decision names what its rules read
  EXPECT_EQ(demand_of("total", rule("n >= 9 and total > 50"), true), "always");
}

// Rules whose conditions look at sums and the like beside counts, under `and`, `or` and `not`.
class RandomConditions {
 public:
  explicit RandomConditions(std::uint64_t seed) : random_(seed) {}

  std::string rules() {
    std::string text;
    for (const std::string key : {"card_id", "device_id"}) {
      for (std::uint64_t feature = 0; feature < 7; ++feature) {
        const std::string name = "f" + std::to_string(names_.size());
        const bool counts = feature < 3;
        const std::string what =
            counts ? "count()"
                   : one_of({"sum(amount)", "avg(amount)", "stddev(amount)", "max(amount)", "min(amount)", "distinct(id)", "last(amount)"});
        text += "feature " + name + " = " + what + " by " + key + " over " + one_of({"1m", "10m", "1h", "1d"}) +
                one_of({"", "", " where flag"}) + one_of({"", " excluding this event"}) + "\n";
        (counts ? counts_ : names_).push_back(name);
        if (counts) names_.push_back(name);
      }
    }
    for (int number = 0; number < 12; ++number) {
      text += "rule r" + std::to_string(number) + " \"R\" { when " + condition(3) + " score " + std::to_string(number + 1);
      if (chance(3)) text += " reason \"{" + one_of(names_) + "} and {" + one_of(names_) + "}\"";
      text += chance(5) ? " mode shadow }\n" : " }\n";
    }
    return text + "policy { score >= 30 -> block score >= 10 -> alert otherwise -> allow }\n";
  }

  std::vector<FakeReader::Record> records(std::size_t count) {
    std::vector<FakeReader::Record> made;
    std::int64_t now = 1'767'225'600'000;
    for (std::size_t number = 0; number < count; ++number) {
      now += static_cast<std::int64_t>(random_() % 20'000);
      const std::string card = "c" + std::to_string(random_() % 3);
      std::string text = "{\"id\":\"" + std::to_string(random_() % 50) +
                         "\",\"created_at\":" + std::to_string(now - (chance(10) ? 30'000 : 0)) + ",\"card_id\":\"" + card +
                         "\",\"amount\":" + std::to_string(random_() % 90) + ".5";
      if (!chance(4)) text += ",\"device_id\":\"d" + std::to_string(random_() % 20) + "\"";
      if (!chance(4)) text += std::string(",\"flag\":") + (chance(2) ? "true" : "false");
      made.push_back({card, text + "}"});
    }
    return made;
  }

 private:
  bool chance(std::uint64_t in) { return random_() % in == 0; }
  std::string one_of(const std::vector<std::string>& texts) { return texts[random_() % texts.size()]; }

  std::string condition(int depth) {
    if (depth > 0 && !chance(4)) {
      const std::string joined = condition(depth - 1) + one_of({" and ", " and ", " and ", " or "}) + condition(depth - 1);
      return chance(6) ? "not (" + joined + ")" : "(" + joined + ")";
    }
    if (chance(2)) return one_of(counts_) + one_of({" >= ", " > ", " == ", " < "}) + std::to_string(random_() % (chance(3) ? 200 : 8));
    const std::string name = one_of(names_);
    return chance(5) ? name + one_of({" is present", " is missing"})
                     : name + one_of({" > ", " < "}) + one_of({"amount", one_of(names_), "20", "45.5"});
  }

  std::mt19937_64 random_;
  std::vector<std::string> names_;
  std::vector<std::string> counts_;
};

class SameDecisions : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SameDecisions, WhetherOrNotWhatNobodyReadsIsComputed) {
  RandomConditions random(GetParam());
  const std::string event = event_text.substr(0, event_text.find("feature"));
  const std::string text = event + random.rules();
  const std::vector<FakeReader::Record> records = random.records(1500);
  std::vector<std::vector<std::string>> decided;
  for (const bool every_feature_is_read : {true, false}) {
    RulesLane lane(text, 64, {}, {"score >= 0"}, every_feature_is_read);
    lane.assign();
    lane.feed(records);
    decided.push_back(lane.routed(0));
  }
  ASSERT_EQ(decided[0].size(), records.size());
  for (std::size_t row = 0; row < records.size(); ++row) ASSERT_EQ(decided[0][row], decided[1][row]) << records[row].value << "\n" << text;
}

INSTANTIATE_TEST_SUITE_P(Seeds, SameDecisions, testing::Range(std::uint64_t{1}, std::uint64_t{25}));

}  // namespace
}  // namespace weir::test
