#include "engine/pipeline/rule_stages.h"

#include <algorithm>
#include <utility>

#include "engine/features/feature_store.h"

namespace weir {

RuleStages::RuleStages(std::shared_ptr<const Scorer> compiled, const InputSettings& settings, std::size_t source_number,
                       OutcomeSlots* slots)
    : scorer(std::move(compiled)),
      source(source_number),
      parser(scorer->event(), settings.parse, settings.types),
      scratch(scorer->make_scratch()),
      writer(scorer->vocabulary(), scorer->event()),
      counters(std::make_shared<RuleCounters>(scorer)),
      feeds_back(has_feedback(*scorer)) {
  const std::vector<std::string>& outcomes = scorer->vocabulary().outcomes;
  for (std::size_t index = 0; index < outcomes.size(); ++index)
    outcome_slots.push_back(slots != nullptr ? slots->slot(outcomes[index])
                                             : static_cast<std::uint8_t>(std::min(index, OutcomeSlots::slots_max - 1)));
}

void RuleStages::place(LaneIndex lanes, const InputSettings& settings) {
  placement = place_features(scorer->features(), lanes, settings.lanes_per_shard, source, settings.links);
  shares = placement.has_shared() || !foreign_feedback(*scorer).empty();
  keys_of_features = keys_of(scorer->features(), placement);
  keys.clear();
  for (KeyRoute& route : placement.routes) {
    const std::vector<FieldSpec>& fields = scorer->event().fields;
    for (const ColumnIndex part : route.by)
      route.key += (part < fields.size() ? fields[part].name : scorer->derived_columns()[part - fields.size()].name) + ',';
    RouteKeys& found = *keys.emplace_back(std::make_unique<RouteKeys>(route));
    const FeatureStore windows(scorer->features(), route.features, scorer->event(), scorer->derived_columns(), settings.features);
    found.columns = windows.columns_read(scorer->event());
  }
}

}  // namespace weir
