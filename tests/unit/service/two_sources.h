// Lanes over two sources, logins and payments, driven turn by turn.
#pragma once

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

namespace weir::test {

inline const std::string rules_text = R"(
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

inline std::vector<SourceSettings> sources(const std::vector<std::string>& events) {
  std::vector<SourceSettings> made;
  for (const std::string& event : events) {
    SourceSettings& source = made.emplace_back();
    source.name = "from_" + event;
    source.event = event;
  }
  return made;
}

// Two sources, logins first; lanes are driven turn by turn.
struct TwoSources {
  explicit TwoSources(LaneIndex lanes, const std::string& rules = rules_text, std::size_t batch = 256) : checked(rules) {
    Diagnostics diagnostics;
    const std::vector<SourceSettings> settings = sources({"login", "payment"});
    std::vector<InputSettings> inputs(2);
    inputs[0].links = inputs[1].links = find_feeding_sources(settings, *checked.rules, {});
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
      for (std::size_t source = 0; source < 2; ++source)
        lane.back()->attach(source, reader.try_emplace({index, source}, batch).first->second);
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
    forget(source);
  }
  void forget(std::size_t keeper) {
    std::vector<std::future<void>> forgotten;
    for (const auto& one : lane) forgotten.push_back(one->forget_shared(keeper));
    work();
  }
  LaneIndex home(ShardIndex shard) const { return shard % static_cast<LaneIndex>(lane.size()); }
  void feed(std::size_t source, ShardIndex shard, const std::vector<std::string>& records, AssignmentEpoch epoch = 1) {
    std::vector<FakeReader::Record> made;
    for (const std::string& record : records) made.push_back({"", record, std::stoll(record.substr(record.find("\"t\":") + 4))});
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

  // Of all lanes, in no order.
  std::vector<std::string> values() const {
    std::vector<std::string> all;
    for (const auto& [index, sink] : decisions)
      for (const FakeSink::Taken& taken : sink.taken) all.push_back(taken.value);
    return all;
  }

  Checked checked;
  std::map<std::pair<LaneIndex, std::size_t>, FakeReader> reader;
  std::map<LaneIndex, FakeSink> decisions;
  FakeSink dead_letters;
  std::vector<std::unique_ptr<Lane>> lane;
  std::map<std::tuple<std::size_t, ShardIndex, AssignmentEpoch>, std::int64_t> offsets;
};

inline std::string login(const std::string& card, int minute, bool ok = false) {
  return R"({"t":)" + std::to_string(minute * 60'000) + R"(,"device":"d","card":")" + card + R"(","ok":)" + (ok ? "true" : "false") + "}";
}
inline std::string payment(const std::string& id, const std::string& card, int minute) {
  return R"({"id":")" + id + R"(","t":)" + std::to_string(minute * 60'000) + R"(,"card":")" + card + R"(","amount":2})";
}

}  // namespace weir::test
