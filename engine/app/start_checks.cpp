#include "engine/app/start_checks.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/feedback/feedback_state.h"
#include "engine/settings/config_errors.h"
#include "rules/evaluate/rule_set.h"

namespace weir {
namespace {

std::string needs_text(const std::string& name) {
  return fmt::format("`{}` is kept from earlier decisions or events, and its key is not that of the shard", name);
}

std::string refusal_text(const std::string& name, LaneIndex lanes) {
  return fmt::format("{}: with {} lanes, events of one key could be decided at the same time", needs_text(name), lanes);
}

// As foreign_feedback of the scorer that is compiled from them.
std::string foreign_feedback(const CheckedRules& rules) {
  for (const CheckedFact& fact : rules.facts)
    if (fact.read && !fact.spec.by_includes_shard_key) return fact.spec.name;
  for (const PatternSpec& pattern : rules.sequences)
    if (!pattern.by_includes_shard_key) return pattern.name;
  for (const FeatureSpec& feature : rules.features)
    if (feature.is_feedback() && !feature.by_includes_shard_key) return feature.name;
  return {};
}

constexpr std::string_view help = "set `runtime.lanes: 1` or leave it out, or add the event's `key` field to its key";

}  // namespace

LaneChoice choose_lanes(const std::optional<std::uint32_t>& given, const std::string& needs_one_lane, std::uint32_t cores) {
  if (given) return {*given, {}};
  const LaneIndex usual = std::max<std::uint32_t>(2, cores) - 1;
  if (needs_one_lane.empty() || usual == 1) return {usual, {}};
  return {1, needs_text(needs_one_lane) + ": one lane decides all events (`runtime.lanes` is not set)"};
}

Status refuse_lanes(const Scorer& scorer, LaneIndex lanes) {
  const std::string name = foreign_feedback(scorer);
  if (lanes <= 1 || name.empty()) return success();
  return Error{ErrorKind::configuration, refusal_text(name, lanes) + "; " + std::string(help)};
}

void check_lanes(CheckedSet& set, const ServiceSettings& settings) {
  const std::optional<std::uint32_t>& lanes = settings.runtime.lanes;
  if (!lanes || *lanes <= 1) return;
  const std::string name = foreign_feedback(*set.rules);
  if (name.empty()) return;
  set.diagnostics.push_back(config_diagnostic(config_error::contradiction, settings.runtime.lanes_place, refusal_text(name, *lanes),
                                              "more than one lane", {std::string(help)}));
}

void check_compiles(CheckedSet& set) {
  if (const auto compiled = RuleSet::compile(*set.rules, {}); !compiled)
    set.diagnostics.push_back(config_diagnostic(config_error::contradiction, {}, compiled.error().text));
}

}  // namespace weir
