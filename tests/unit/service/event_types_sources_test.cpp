// Events of two types from two sources: what one source feeds, shards of the other ask for, on whichever lane the key is kept.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/app/feeding_sources.h"
#include "engine/pipeline/feature_placement.h"
#include "engine/pipeline/lane.h"
#include "rules/evaluate/rule_set.h"
#include "rules/language/check_rules.h"
#include "tests/support/fake_reader.h"
#include "tests/support/fake_sink.h"

namespace weir {
namespace {

using test::FakeReader;
using test::FakeSink;

const std::string rules_text = R"(
event payment { id string id
  t timestamp(ms) time
  card string key
  amount decimal(2) }
event login { t timestamp(ms) time
  device string key
  card string
  ok bool }
feature failed = count() from login by card over 1h where ok == false
feature spent  = sum(amount) from payment by card over 1h
rule r "R" on payment { when failed >= 2 then block reason "{failed} {spent}" }
)";

struct Checked {
  explicit Checked(const std::string& text) : files{{"test.rules", text}} {
    Diagnostics diagnostics;
    rules = check_rules(files, {}, diagnostics);
    EXPECT_TRUE(rules) << render(diagnostics, false);
  }
  std::vector<SourceFile> files;
  std::optional<CheckedRules> rules;
};

std::vector<SourceSettings> sources(const std::vector<std::string>& events) {
  std::vector<SourceSettings> made;
  for (const std::string& event : events) {
    SourceSettings& source = made.emplace_back();
    source.name = "from_" + event;
    source.event = event;
  }
  return made;
}

TEST(EventTypesSources, AFeatureBelongsToTheSourceThatFeedsIt) {
  Checked checked(rules_text);
  Diagnostics diagnostics;
  const std::vector<std::size_t> fed_by = find_feeding_sources(sources({"login", "payment"}), *checked.rules, diagnostics);
  EXPECT_EQ(fed_by, (std::vector<std::size_t>{0, 1}));
  EXPECT_TRUE(diagnostics.empty());
  EXPECT_FALSE(checked.rules->features[1].by_includes_shard_key) << "logins of any shard ask for it";
}

TEST(EventTypesSources, OneSourceKeepsWhatItFeeds) {
  Checked checked(rules_text);
  Diagnostics diagnostics;
  EXPECT_TRUE(find_feeding_sources(sources({"payment"}), *checked.rules, diagnostics).empty());
  EXPECT_TRUE(find_feeding_sources(sources({"payment", "payment"}), *checked.rules, diagnostics).empty());
  EXPECT_TRUE(diagnostics.empty());
}

TEST(EventTypesSources, AFeatureOfTwoSourcesIsRefused) {
  Checked checked(rules_text + "feature seen = count() by card over 1h\nrule s \"S\" { when seen > 1 then alert }\n");
  Diagnostics diagnostics;
  find_feeding_sources(sources({"login", "payment"}), *checked.rules, diagnostics);
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics[0].message, "feature `seen` takes events of the sources `from_login` and `from_payment`");
}

// Two sources, logins first; lanes are driven turn by turn.
struct TwoSources {
  explicit TwoSources(LaneIndex lanes) : checked(rules_text) {
    Diagnostics diagnostics;
    const std::vector<SourceSettings> settings = sources({"login", "payment"});
    std::vector<InputSettings> inputs(2);
    inputs[0].fed_by = inputs[1].fed_by = find_feeding_sources(settings, *checked.rules, diagnostics);
    inputs[1].gate = inputs[0].gate;
    for (std::size_t source = 0; source < 2; ++source) {
      inputs[source].scorer = RuleSet::compile(*checked.rules).take();
      inputs[source].types = {source == 0 ? 1U : 0U, {}, {}, false};
    }
    std::vector<Lane*> all;
    for (LaneIndex index = 0; index < lanes; ++index) {
      const std::vector<SinkBinding> bindings{
          {"decisions", &decisions[index], OutputKind::decision, FeatureSelection::all, std::nullopt},
          {"dead_letters", &dead_letters, OutputKind::dead_letter, FeatureSelection::none, std::nullopt}};
      lane.push_back(std::make_unique<Lane>(index, inputs, bindings, nullptr));
      for (std::size_t source = 0; source < 2; ++source) lane.back()->attach(source, reader[{index, source}]);
      all.push_back(lane.back().get());
    }
    for (Lane* one : all) one->connect(all);
  }

  void assign(std::size_t source, ShardIndex shard, std::int64_t live_from = 0, AssignmentEpoch epoch = 1) {
    ShardStart start;
    start.shard = shard;
    start.name = {source == 0 ? "logins" : "payments", "topic", static_cast<std::int32_t>(shard)};
    start.epoch = epoch;
    start.live_from = live_from;
    start.lane = home(shard);
    auto answer = lane[home(shard)]->assign(source, start, std::make_shared<PublishedPosition>());
    work();
    answer.get();
  }
  void revoke(std::size_t source, ShardIndex shard) {
    auto answer = lane[home(shard)]->revoke(source, shard, false, std::chrono::steady_clock::now());
    work();
    answer.get();
    std::vector<std::future<void>> forgotten;
    for (const auto& one : lane) forgotten.push_back(one->forget_shared(source));
    work();
  }
  LaneIndex home(ShardIndex shard) const { return shard % static_cast<LaneIndex>(lane.size()); }
  void feed(std::size_t source, ShardIndex shard, const std::vector<std::string>& records, AssignmentEpoch epoch = 1) {
    std::vector<FakeReader::Record> made;
    for (const std::string& record : records) made.push_back({"", record});
    std::int64_t& offset = offsets[{source, shard, epoch}];
    reader[{home(shard), source}].feed(shard, epoch, offset, made);
    offset += static_cast<std::int64_t>(records.size());
  }
  void work() {
    for (bool moved = true; moved;) {
      moved = false;
      for (const auto& one : lane) moved |= one->do_work(std::chrono::microseconds{0});
    }
  }
  // "failed/spent" of every decision of a payment, by its id.
  std::map<std::string, std::string> seen() const {
    const auto after = [](const std::string& text, const std::string& word) {
      const std::size_t at = text.find(word) + word.size();
      return text.substr(at, text.find_first_of(",}\"", at) - at);
    };
    std::map<std::string, std::string> found;
    for (const auto& [index, sink] : decisions)
      for (const FakeSink::Taken& taken : sink.taken)
        if (taken.value.find("\"event\":\"payment\"") != std::string::npos)
          found[after(taken.value, "\"event_id\":\"")] = after(taken.value, "\"failed\":") + "/" + after(taken.value, "\"spent\":");
    return found;
  }

  Checked checked;
  std::map<std::pair<LaneIndex, std::size_t>, FakeReader> reader;
  std::map<LaneIndex, FakeSink> decisions;
  FakeSink dead_letters;
  std::vector<std::unique_ptr<Lane>> lane;
  std::map<std::tuple<std::size_t, ShardIndex, AssignmentEpoch>, std::int64_t> offsets;
};

std::string login(const std::string& card, int minute, bool ok = false) {
  return R"({"t":)" + std::to_string(minute * 60'000) + R"(,"device":"d","card":")" + card + R"(","ok":)" + (ok ? "true" : "false") + "}";
}
std::string payment(const std::string& id, const std::string& card, int minute) {
  return R"({"id":")" + id + R"(","t":)" + std::to_string(minute * 60'000) + R"(,"card":")" + card + R"(","amount":2})";
}

class AcrossSources : public testing::TestWithParam<LaneIndex> {};
INSTANTIATE_TEST_SUITE_P(Lanes, AcrossSources, testing::Values(1U, 2U, 3U));

TEST_P(AcrossSources, PaymentsReadTheLoginsOfAnotherSource) {
  TwoSources under(GetParam());
  under.assign(0, 0);
  under.assign(0, 1);
  under.assign(1, 2);
  under.assign(1, 3);
  const std::vector<std::string> cards{"c1", "c2", "c3", "c4", "c5", "c6"};
  for (std::size_t card = 0; card < cards.size(); ++card)
    for (std::size_t count = 0; count < card; ++count) under.feed(0, count % 2, {login(cards[card], 10), login(cards[card], 11, true)});
  under.work();
  for (std::size_t card = 0; card < cards.size(); ++card) {
    under.feed(1, 2, {payment("a" + cards[card], cards[card], 20), payment("late " + cards[card], cards[card], 5)});
    under.work();
    under.feed(1, 3, {payment("b" + cards[card], cards[card], 69), payment("gone " + cards[card], cards[card], 71)});
    under.work();
  }
  const std::map<std::string, std::string> seen = under.seen();
  ASSERT_EQ(seen.size(), 4 * cards.size());
  for (std::size_t card = 0; card < cards.size(); ++card) {
    const std::string failed = std::to_string(card);
    EXPECT_EQ(seen.at("a" + cards[card]), failed + "/2");
    EXPECT_EQ(seen.at("late " + cards[card]), "0/2");
    EXPECT_EQ(seen.at("b" + cards[card]), failed + "/4") << "the late one is an hour and more ago";
    EXPECT_EQ(seen.at("gone " + cards[card]), "0/6");
  }
}

TEST_P(AcrossSources, ASourceThatComesBackReplaysIntoEmptyWindows) {
  TwoSources under(GetParam());
  under.assign(0, 0);
  under.assign(1, 1);
  under.feed(0, 0, {login("c1", 1), login("c1", 2)});
  under.feed(1, 1, {payment("p1", "c1", 3)});
  under.work();
  under.revoke(0, 0);
  under.assign(0, 0, 2, 2);
  under.feed(1, 1, {payment("p2", "c1", 4)});
  under.work();
  EXPECT_FALSE(under.seen().contains("p2")) << "payments wait for the logins that are replayed";
  under.feed(0, 0, {login("c1", 1), login("c1", 2), login("c1", 3)}, 2);
  under.work();
  EXPECT_EQ(under.seen().at("p2").substr(under.seen().at("p2").find('/')), "/4") << "their own windows stayed";
  EXPECT_NE(under.seen().at("p2"), "0/4");
}

}  // namespace
}  // namespace weir
