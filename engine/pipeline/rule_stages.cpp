#include "engine/pipeline/rule_stages.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/features/feature_store.h"

namespace weir {

namespace {

// Where the state of rules that read what rules write has its columns and what it holds; patterns begin anew with every version, because
// what their steps ask is not told apart here.
std::string layout_of(const Scorer& scorer) {
  const FeedbackSpec& feedback = scorer.feedback();
  std::string text = std::to_string(scorer.features().size()) + ' ' + std::to_string(scorer.event().fields.size());
  const auto add_key = [&](const std::vector<ColumnIndex>& by) {
    for (const ColumnIndex part : by) text += ' ' + std::to_string(part) + scorer.event().fields[part].name;
  };
  for (const FactSpec& fact : feedback.facts) {
    text += "\nfact " + fact.name + ' ' + std::to_string(static_cast<int>(fact.type)) + ' ' + std::to_string(fact.scale) + ' ' +
            std::to_string(fact.longest_ms);
    add_key(fact.by);
  }
  for (FeatureIndex index = 0; index < scorer.features().size(); ++index) {
    const FeatureSpec& feature = scorer.features()[index];
    if (!feature.is_feedback()) continue;
    text += "\nfeature " + std::to_string(index) + ' ' + feature.identity + ' ' + std::to_string(feature.input.value_or(no_column)) + ' ' +
            std::to_string(feature.where.value_or(no_column));
    add_key(feature.by);
  }
  if (!feedback.patterns.empty()) text += "\npatterns of " + scorer.vocabulary().hash;
  return text;
}

}  // namespace

RuleStages::RuleStages(std::shared_ptr<const Scorer> compiled, const InputSettings& settings, std::size_t source_number,
                       OutcomeSlots* slots)
    : scorer(std::move(compiled)),
      source(source_number),
      parser(scorer->event(), settings.parse, settings.types),
      scratch(scorer->make_scratch()),
      writer(scorer->vocabulary(), scorer->event()),
      counters(std::make_shared<RuleCounters>(scorer)) {
  if (has_feedback(*scorer)) feedback_layout = layout_of(*scorer);
  const std::vector<std::string>& outcomes = scorer->vocabulary().outcomes;
  for (std::size_t index = 0; index < outcomes.size(); ++index)
    outcome_slots.push_back(slots != nullptr ? slots->slot(outcomes[index])
                                             : static_cast<std::uint8_t>(std::min(index, OutcomeSlots::slots_max - 1)));
}

void RuleStages::place(LaneIndex lanes, const InputSettings& settings) {
  placement = place_features(scorer->features(), lanes, settings.lanes_per_shard, source, settings.fed_by);
  shares = placement.has_shared() || !foreign_feedback(*scorer).empty();
  keys_of_features = keys_of(scorer->features(), placement);
  keys.clear();
  for (KeyRoute& route : placement.routes) {
    for (const ColumnIndex part : route.by) route.key += scorer->event().fields[part].name + ',';
    RouteKeys& found = *keys.emplace_back(std::make_unique<RouteKeys>(route));
    const FeatureStore windows(scorer->features(), route.features, scorer->event(), scorer->derived_columns(), settings.features);
    found.columns = windows.columns_read(scorer->event());
  }
}

}  // namespace weir
