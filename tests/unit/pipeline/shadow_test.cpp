// Rules in shadow on their way through a lane: what decisions say about them, and what is counted.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/control/rule_status.h"
#include "engine/pipeline/lane.h"
#include "rules/evaluate/rule_set.h"
#include "rules/language/check_rules.h"
#include "tests/support/fake_reader.h"
#include "tests/support/fake_sink.h"
#include "tests/support/rules_lane.h"

namespace weir {
namespace {

const char* const rules_text = R"(
event payment {
  id          string     id
  at          timestamp  time
  card        string     key
  account     string?
  amount      decimal
}
feature payments_10m = count() by card over 10m
feature spent_10m    = sum(amount) by card over 10m
rule large "Large" { when amount > 100 score 40 reason "{amount}" }
rule many "Many" mode shadow { when payments_10m >= 3 then block score 35 }
rule tried "Tried" mode canary 50% by account { when spent_10m > 10 then alert }
rule quiet "Quiet" mode shadow { when amount > 1000 score 0.5 }
policy {
  precedence block, alert, allow
  score >= 40 -> alert
  otherwise   -> allow
}
)";

std::shared_ptr<const Scorer> compiled() {
  static const std::vector<SourceFile> files = {{"shadow.rules", rules_text}};
  Diagnostics diagnostics;
  const std::optional<CheckedRules> rules = check_rules(files, {}, diagnostics);
  EXPECT_TRUE(rules) << render(diagnostics, false);
  return RuleSet::compile(*rules, {}).take();
}

struct LaneRun {
  explicit LaneRun(std::size_t batch_size, FeatureSelection selection = FeatureSelection::fired) : reader(batch_size), features(selection) {
    InputSettings settings;
    settings.scorer = compiled();
    const std::vector<SinkBinding> bindings{{"decisions", &decisions, OutputKind::decision, features, std::nullopt},
                                            {"dead", &dead, OutputKind::dead_letter, FeatureSelection::none, std::nullopt}};
    lane = std::make_unique<Lane>(0, std::vector<InputSettings>{settings}, bindings, nullptr);
    lane->attach(0, reader);
  }

  void feed(const std::vector<std::string>& events, std::int64_t live_from = 0) {
    ShardStart start;
    start.name = {"payments", "payments", 0};
    start.epoch = 1;
    start.live_from = live_from;
    auto assigned = lane->assign(0, start, std::make_shared<PublishedPosition>());
    work();
    assigned.get();
    std::vector<test::FakeReader::Record> records;
    for (const std::string& event : events) records.push_back({"k", event});
    reader.feed(0, 1, 0, records);
    work();
  }
  void work() {
    while (lane->do_work(std::chrono::microseconds{0})) {
    }
  }
  std::vector<std::string> values() const {
    std::vector<std::string> all;
    for (const auto& taken : decisions.taken) all.push_back(taken.value.substr(taken.value.find(",\"event_id\"")));
    return all;
  }

  test::FakeReader reader;
  test::FakeSink decisions;
  test::FakeSink dead;
  FeatureSelection features;
  std::unique_ptr<Lane> lane;
};

std::string payment(int number, const std::string& amount, const std::string& account = "") {
  return R"({"id":"p)" + std::to_string(number) + R"(","at":)" + std::to_string(1'000'000 + number * 1000) + R"(,"card":"c","amount":)" +
         amount + (account.empty() ? "" : R"(,"account":")" + account + '"') + "}";
}

std::string without_tail(const std::string& decision) {
  return decision.substr(0, decision.find(",\"ruleset\""));
}

TEST(Shadow, StandsBehindTheReasonsAndOnlyWhereSomethingIsInShadow) {
  LaneRun run(256);
  run.feed({payment(1, "5"), payment(2, "200"), payment(3, "2000")});
  ASSERT_EQ(run.values().size(), 3U);
  EXPECT_EQ(without_tail(run.values()[0]), R"(,"event_id":"p1","outcome":"allow","score":0,"reasons":[],"features":{})");
  EXPECT_EQ(without_tail(run.values()[1]),
            R"(,"event_id":"p2","outcome":"alert","score":40,"reasons":[{"rule":"large","text":"200","score":40}],)"
            R"("shadow":[{"rule":"tried","score":0,"outcome":"alert"}],"features":{"spent_10m":205})");
  EXPECT_EQ(without_tail(run.values()[2]),
            R"(,"event_id":"p3","outcome":"alert","score":40,"reasons":[{"rule":"large","text":"2000","score":40}],)"
            R"("shadow":[{"rule":"many","score":35,"outcome":"block"},{"rule":"tried","score":0,"outcome":"alert"},)"
            R"({"rule":"quiet","score":0.5}],"features":{"payments_10m":3,"spent_10m":2205})");
}

std::vector<std::string> mixed_stream() {
  std::vector<std::string> events;
  for (int number = 0; number < 400; ++number)
    events.push_back(
        payment(number * 97, std::to_string(number % 7 == 0 ? 150 : 3), number % 5 == 0 ? "" : "a" + std::to_string(number % 40)));
  return events;
}

TEST(Shadow, GivesTheSameBytesWhateverTheBatchSize) {
  LaneRun whole(256);
  whole.feed(mixed_stream());
  for (const std::size_t batch_size : {1U, 3U, 64U, 100U}) {
    LaneRun run(batch_size);
    run.feed(mixed_stream());
    EXPECT_EQ(run.values(), whole.values()) << batch_size;
  }
}

TEST(Shadow, ACanaryKeepsItsSidesOverARestart) {
  LaneRun whole(256);
  whole.feed(mixed_stream());
  LaneRun restarted(50);
  restarted.feed(mixed_stream(), 230);
  const std::vector<std::string> all = whole.values();
  EXPECT_EQ(restarted.values(), std::vector<std::string>(all.begin() + 230, all.end()));
}

// The counters against the decisions themselves: outcomes that one more rule would have changed.
TEST(Shadow, CountsHitsByModeAndFlipsByOutcome) {
  for (const std::size_t batch_size : {1U, 64U, 256U}) {
    LaneRun run(batch_size);
    run.feed(mixed_stream(), 100);
    const std::vector<RuleStatus> rules = look_at_rules(run.lane->rule_counters());
    ASSERT_EQ(rules.size(), 4U);
    std::size_t large = 0;
    std::size_t many = 0;
    std::size_t tried_live = 0;
    std::size_t tried_shadow = 0;
    std::size_t allow_block = 0;
    std::size_t alert_block = 0;
    std::size_t tried_flips = 0;
    for (const std::string& value : run.values()) {
      const auto has = [&](const char* part) { return value.find(part) != std::string::npos; };
      const std::size_t shadow_at = value.find("\"shadow\":");
      const std::size_t tried_at = value.find("\"rule\":\"tried\"");
      large += has("\"rule\":\"large\"") ? 1 : 0;
      if (tried_at != std::string::npos) ++(tried_at > shadow_at ? tried_shadow : tried_live);
      if (tried_at != std::string::npos && tried_at > shadow_at && has("\"outcome\":\"allow\",\"score\":0")) ++tried_flips;
      if (!has("\"rule\":\"many\"")) continue;
      ++many;
      ++(has("\"p") && value.find("\"outcome\":\"allow\",\"score\"") != std::string::npos ? allow_block : alert_block);
    }
    EXPECT_EQ(rules[0].fired, large);
    EXPECT_EQ(rules[0].in_shadow, 0U);
    EXPECT_EQ(rules[1].fired, 0U);
    EXPECT_EQ(rules[1].in_shadow, many);
    EXPECT_EQ(rules[2].fired, tried_live);
    EXPECT_EQ(rules[2].in_shadow, tried_shadow);
    EXPECT_GT(tried_live, 10U);
    EXPECT_GT(tried_shadow, 10U);
    ASSERT_EQ(rules[1].flips.size(), 2U);
    EXPECT_EQ(rules[1].flips[0].from + ">" + rules[1].flips[0].to, "alert>block");
    EXPECT_EQ(rules[1].flips[0].count, alert_block);
    EXPECT_EQ(rules[1].flips[1].from + ">" + rules[1].flips[1].to, "allow>block");
    EXPECT_EQ(rules[1].flips[1].count, allow_block);
    ASSERT_EQ(rules[2].flips.size(), 1U);
    EXPECT_EQ(rules[2].flips[0].count, tried_flips);
    EXPECT_TRUE(rules[3].flips.empty());
  }
}

TEST(Shadow, TheStatusIsTextAndJson) {
  const RuleStatus rule{"tried", RuleMode::canary, 550, 1'806'451'200'000, 3, 40, 1, {{"allow", "alert", 7}}};
  EXPECT_EQ(rule_text(rule), "tried  canary 5.5%  fired 3  in shadow 40  allow -> alert 7  errors 1  expires 2027-03-31T00:00:00Z");
  RuleStatus plain;
  plain.name = "plain";
  EXPECT_EQ(
      rules_json({rule, plain}),
      R"({"rules":[{"rule":"tried","mode":"canary","share":"5.5%","expires":"2027-03-31T00:00:00Z","fired":3,"shadow":40,"errors":1,"undecided":0,)"
      R"("flips":[{"from":"allow","to":"alert","count":7}]},)"
      R"({"rule":"plain","mode":"live","fired":0,"shadow":0,"errors":0,"undecided":0,"flips":[]}]})");
}

TEST(RulesThatAreOff, FindTheirWindowsFullWhenTheyAreTurnedOn) {
  const auto rules = [](const std::string& mode) {
    return "event payment {\n id string id\n at timestamp(ms) time\n card string key\n}\n"
           "rule many \"Many\" " +
           mode + " { when count() by card over 1h >= 3 then block }\n";
  };
  test::RulesLane lane(rules("mode off"), 256, {}, {}, false);
  lane.assign(0, {{3, rules("mode live")}});
  std::vector<test::FakeReader::Record> records;
  for (const char* id : {"1", "2", "3", "4"}) records.push_back({"c", R"({"id":")" + std::string(id) + R"(","at":1,"card":"c"})"});
  lane.feed(records);
  EXPECT_EQ(lane.outcomes(), (std::vector<std::string>{"allow", "allow", "allow", "block"}));
}

}  // namespace
}  // namespace weir
