#include "tests/support/rules_lane.h"

#include <cstdio>

#include "engine/base/check.h"
#include "rules/evaluate/rule_set.h"
#include "rules/language/check_rules.h"

namespace weir::test {

CheckedRules check_or_abort(const std::string& rules_text) {
  static std::vector<std::unique_ptr<std::vector<SourceFile>>> kept;  // diagnostics and expressions point into them
  kept.push_back(std::make_unique<std::vector<SourceFile>>(std::vector<SourceFile>{{"test.rules", rules_text}}));
  Diagnostics diagnostics;
  std::optional<CheckedRules> rules = check_rules(*kept.back(), {}, diagnostics);
  if (!rules) std::fputs(render(diagnostics, false).c_str(), stderr);
  WEIR_CHECK(rules.has_value());
  return std::move(*rules);
}

RulesLane::RulesLane(const std::string& rules_text, std::size_t batch_size, InputSettings input, const std::vector<std::string>& routes,
                     bool every_feature_is_read)
    : reader_(batch_size) {
  CheckedRules rules = check_or_abort(rules_text);
  RuleSetOptions options;
  options.every_feature_is_read = every_feature_is_read;
  std::vector<SourceFile> conditions;
  for (const std::string& route : routes) conditions.push_back({"when", route});
  for (const SourceFile& condition : conditions) {
    Diagnostics diagnostics;
    const auto route = check_expression(condition, ExpressionScope::decision, rules, diagnostics);
    WEIR_CHECK(route.has_value());
    options.routes.push_back(*route);
  }
  input.scorer = RuleSet::compile(rules, options).take();
  std::vector<SinkBinding> bindings{{"decisions", &decisions_, OutputKind::decision, FeatureSelection::all, std::nullopt},
                                    {"updates", &updates_, OutputKind::profile_update, FeatureSelection::none, std::nullopt}};
  for (std::uint32_t route = 0; route < routes.size(); ++route) {
    routed_.push_back(std::make_unique<FakeSink>());
    bindings.push_back({"routed", routed_.back().get(), OutputKind::decision, FeatureSelection::fired, route});
  }
  bindings.push_back({"dead_letters", &dead_letters_, OutputKind::dead_letter, FeatureSelection::none, std::nullopt});
  input_ = input;
  lane_ = std::make_unique<Lane>(0, std::vector<InputSettings>{input}, std::move(bindings), nullptr);
  lane_->attach(0, reader_);
}

void RulesLane::assign(std::int64_t live_from) {
  assign(live_from, ShardRules{}, 0);
}

void RulesLane::assign(std::int64_t live_from, const std::vector<std::pair<std::int64_t, std::string>>& coming, ShardIndex shard) {
  ShardRules rules;
  RuleSetOptions options;
  options.version = 1;
  rules.stages = stages_of(1, input_.scorer);
  for (const auto& [offset, text] : coming) {
    ++options.version;
    rules.coming.push_back({offset, stages_of(options.version, RuleSet::compile(check_or_abort(text), options).take()), true});
  }
  assign(live_from, std::move(rules), shard);
}

std::shared_ptr<RuleStages> RulesLane::stages_of(std::size_t version, std::shared_ptr<const Scorer> scorer) {
  std::shared_ptr<RuleStages>& stages = stages_[version];
  if (stages == nullptr) {
    InputSettings input = input_;
    input.scorer = std::move(scorer);
    stages = std::make_shared<RuleStages>(input.scorer, input);
    stages->place(1, input);
  }
  return stages;
}

void RulesLane::assign(std::int64_t live_from, ShardRules rules, ShardIndex shard) {
  ShardStart start;
  start.shard = shard;
  start.name = {"payments", "payments", static_cast<std::int32_t>(shard)};
  start.epoch = 1;
  start.live_from = live_from;
  auto answer = lane_->assign(0, start, std::make_shared<PublishedPosition>(), std::move(rules));
  while (lane_->do_work(std::chrono::microseconds{0})) {
  }
  answer.get();
}

void RulesLane::feed(const std::vector<FakeReader::Record>& records, std::int64_t offset, ShardIndex shard) {
  reader_.feed(shard, 1, offset, records);
  while (lane_->do_work(std::chrono::microseconds{0})) {
  }
  WEIR_CHECK(dead_letters_.taken.empty());
}

std::vector<std::string> RulesLane::values(const FakeSink& sink) {
  std::vector<std::string> all;
  for (const FakeSink::Taken& taken : sink.taken) all.push_back(taken.value);
  return all;
}

std::vector<std::string> RulesLane::outcomes() const {
  std::vector<std::string> all;
  for (const FakeSink::Taken& taken : decisions_.taken) {
    const std::string mark = "\"outcome\":\"";
    const std::size_t begin = taken.value.find(mark) + mark.size();
    all.push_back(taken.value.substr(begin, taken.value.find('"', begin) - begin));
  }
  return all;
}

}  // namespace weir::test
