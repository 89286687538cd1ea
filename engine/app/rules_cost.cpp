#include "engine/app/rules_cost.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include <fmt/format.h>

#include "engine/features/feature_plan.h"
#include "engine/settings/quantity.h"

namespace weir {
namespace {

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string reach_text(const KeyCost& key) {
  if (key.window_ms == 0) return fmt::format("each of the last {} events", key.last_events);
  const std::string text = "each event of the last " + duration_text(std::chrono::milliseconds(key.window_ms));
  return key.last_events == 0 ? text : text + fmt::format(" and the last {}", key.last_events);
}

}  // namespace

RulesCost rules_cost(const CheckedRules& rules, std::int64_t late_allowed_ms) {
  RulesCost cost;
  cost.rules = rules.rules.size();
  cost.features = rules.features.size();
  std::vector<FeatureIndex> held(rules.features.size());
  std::iota(held.begin(), held.end(), FeatureIndex{0});
  std::vector<DerivedColumnSpec> derived;
  for (const DerivedColumn& column : rules.derived) derived.push_back(column.spec);
  for (const KeyGroupPlan& plan : plan_features(rules.features, held, rules.event, derived, late_allowed_ms)) {
    KeyCost key;
    for (const ColumnIndex column : plan.by) key.by.push_back(rules.event.fields[column].name);
    key.features = plan.features.size();
    key.event_bytes = plan.entry_bytes;
    for (const FeatureSpec& feature : rules.features)
      if (feature.by == plan.by && feature.last_events == 0) key.window_ms = std::max(key.window_ms, feature.delay_ms + feature.window_ms);
    for (const CountKeep& keep : plan.keeps) key.last_events = std::max(key.last_events, keep.events);
    cost.keys.push_back(std::move(key));
  }
  return cost;
}

std::string cost_text(const RulesCost& cost) {
  std::string out = fmt::format("{}, {}", counted(cost.rules, "rule"), counted(cost.features, "feature"));
  if (cost.keys.empty()) return out + "\n";
  out += ":";
  for (const KeyCost& key : cost.keys) {
    out += fmt::format("\n  by {}: {}, {} for {}", fmt::join(key.by, ", "), counted(key.features, "feature"),
                       counted(key.event_bytes, "byte"), reach_text(key));
  }
  return out + "\n";
}

std::string cost_json(const RulesCost& cost) {
  std::string keys;
  for (const KeyCost& key : cost.keys) {
    keys += fmt::format("{}{{\"by\": [\"{}\"], \"features\": {}, \"event_bytes\": {}, \"window_ms\": {}}}", keys.empty() ? "" : ", ",
                        fmt::join(key.by, "\", \""), key.features, key.event_bytes, key.window_ms);
  }
  return fmt::format("{{\"rules\": {}, \"features\": {}, \"keys\": [{}]}}", cost.rules, cost.features, keys);
}

}  // namespace weir
