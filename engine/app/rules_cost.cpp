#include "engine/app/rules_cost.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include <fmt/format.h>

#include "engine/base/counted.h"
#include "engine/base/json_text.h"
#include "engine/features/feature_plan.h"
#include "engine/settings/quantity.h"
#include "rules/evaluate/fact_chains.h"

namespace weir {
namespace {

std::string reach_text(const KeyCost& key) {
  if (key.window_ms == 0) return fmt::format("each of the last {} events", key.last_events);
  const std::string text = "each event of the last " + duration_text(std::chrono::milliseconds(key.window_ms));
  return key.last_events == 0 ? text : text + fmt::format(" and the last {}", key.last_events);
}

// Nanoseconds, rounded: what `bench/calibrate_cost` finds with a release build, one core of a server of 2024. `weir check --measure` says
// what a rule set costs here.
constexpr double document_ns = 300;    // framing, dispatch, and the decision's text
constexpr double field_ns = 38;        // to find and read one in a document
constexpr double key_ns = 200;         // to hash a key, and to find and fill its state among 20 000
constexpr double feature_ns = 7;       // to answer one
constexpr double expression_ns = 0.5;  // of a condition, over a batch
constexpr double feedback_ns = 180;    // to judge in waves, where rules read what rules write
constexpr double fact_ns = 45;         // to read and write one
constexpr double pattern_ns = 95;      // to remember a step and to look for the others

double estimated_ns(const CheckedRules& rules, const RulesCost& cost) {
  const bool in_waves = cost.facts > 0 || std::any_of(rules.features.begin(), rules.features.end(),
                                                      [](const FeatureSpec& feature) { return feature.is_feedback(); });
  return document_ns + field_ns * static_cast<double>(rules.event.fields.size()) + key_ns * static_cast<double>(cost.keys.size()) +
         feature_ns * static_cast<double>(cost.features) + expression_ns * static_cast<double>(rules.expressions.size()) +
         (in_waves ? feedback_ns : 0) + fact_ns * static_cast<double>(cost.facts) + pattern_ns * static_cast<double>(cost.patterns);
}

// A block is whole cache lines: the header, the key, the ring.
std::size_t bytes_of_key(std::size_t parts, std::size_t event_bytes) {
  constexpr std::size_t slot_bytes = 8;
  constexpr std::size_t header_bytes = 24;
  constexpr std::size_t part_bytes = 16;  // of a usual key
  constexpr std::size_t line_bytes = 64;
  const std::size_t block = header_bytes + part_bytes * parts + shown_events * event_bytes;
  return slot_bytes + (block + line_bytes - 1) / line_bytes * line_bytes;
}

std::size_t untested_rules(const CheckedRules& rules) {
  std::vector<bool> named(rules.rules.size(), false);
  for (const CheckedTest& test : rules.tests)
    for (const TestExpectation& expectation : test.expectations)
      if (expectation.kind == TestExpectation::Kind::rule || expectation.kind == TestExpectation::Kind::no_rule)
        named[expectation.index] = true;
  return static_cast<std::size_t>(std::count(named.begin(), named.end(), false));
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
    const std::size_t fields = rules.event.fields.size();
    for (const ColumnIndex column : plan.by)
      key.by.push_back(column < fields ? rules.event.fields[column].name : derived[column - fields].name);
    key.features = plan.features.size();
    key.event_bytes = plan.entry_bytes;
    for (const FeatureSpec& feature : rules.features)
      if (feature.by == plan.by && feature.last_events == 0) key.window_ms = std::max(key.window_ms, feature.delay_ms + feature.window_ms);
    for (const CountKeep& keep : plan.keeps) key.last_events = std::max(key.last_events, keep.events);
    key.key_bytes = bytes_of_key(key.by.size(), key.event_bytes);
    cost.keys.push_back(std::move(key));
  }
  cost.lists = rules.lists.size();
  const auto read = [](const CheckedFact& fact) { return fact.read; };
  cost.facts = static_cast<std::size_t>(std::count_if(rules.facts.begin(), rules.facts.end(), read));
  cost.patterns = rules.sequences.size();
  const auto decides = [](const FeatureSpec& feature) { return feature.is_feedback(); };
  const std::vector<std::optional<std::int64_t>> chains = evaluate::fact_chains(rules);
  cost.endless = std::any_of(rules.features.begin(), rules.features.end(), decides);
  for (std::size_t fact = 0; fact < chains.size(); ++fact) cost.endless = cost.endless || (rules.facts[fact].read && !chains[fact]);
  cost.event_ns = estimated_ns(rules, cost);
  cost.untested = untested_rules(rules);
  return cost;
}

std::string cost_text(const RulesCost& cost) {
  std::string out = fmt::format("{}, {}, {} an event, {} {:.1f} us{}", counted(cost.rules, "rule"), counted(cost.features, "feature"),
                                counted(cost.keys.size(), "key lookup"), cost.measured ? "measured:" : "about", cost.event_ns / 1000,
                                cost.measured ? " an event on one core of this machine" : "");
  for (const KeyCost& key : cost.keys) {
    out += fmt::format("\n  by {}: {}, {} for {}; {} bytes a key with {} events", fmt::join(key.by, ", "), counted(key.features, "feature"),
                       counted(key.event_bytes, "byte"), reach_text(key), key.key_bytes, shown_events);
  }
  if (cost.facts > 0 || cost.patterns > 0)
    out += fmt::format("\n  {}, {} kept from earlier events", counted(cost.facts, "profile fact"), counted(cost.patterns, "pattern"));
  if (cost.endless)
    out += "\n  a restart replays each shard from its beginning, because what is decided depends on earlier decisions without end";
  if (cost.untested > 0 && cost.rules > 0) out += fmt::format("\n{} of {} named in no test", cost.untested, counted(cost.rules, "rule"));
  return out + "\n";
}

std::string cost_json(const RulesCost& cost) {
  std::string keys;
  for (const KeyCost& key : cost.keys) {
    keys += fmt::format("{}{{\"by\": [\"{}\"], \"features\": {}, \"event_bytes\": {}, \"window_ms\": {}, \"key_bytes\": {}}}",
                        keys.empty() ? "" : ", ", fmt::join(key.by, "\", \""), key.features, key.event_bytes, key.window_ms, key.key_bytes);
  }
  return fmt::format(
      "{{\"name\": {}, \"rules\": {}, \"features\": {}, \"lists\": {}, \"event_ns\": {:.0f}, \"measured\": {}, \"untested\": {}, "
      "\"facts\": {}, \"patterns\": {}, \"replays_all\": {}, \"keys\": [{}]}}",
      json_of(cost.name), cost.rules, cost.features, cost.lists, cost.event_ns, cost.measured, cost.untested, cost.facts, cost.patterns,
      cost.endless, keys);
}

}  // namespace weir
