#include "engine/app/feeding_sources.h"

#include <utility>

#include "engine/app/configuration.h"
#include "engine/pipeline/feature_placement.h"
#include "engine/settings/config_errors.h"
#include "rules/language/event_types.h"

namespace weir {
namespace {

EventTypeSet types_of(const RecordTypes& records) {
  if (records.field.empty()) return EventTypeSet{1} << records.type;
  EventTypeSet types = 0;
  for (const auto& [says, type] : records.told) types |= EventTypeSet{1} << type;
  return types;
}

std::vector<std::size_t> sources_with(const std::vector<EventTypeSet>& types, EventTypeSet wanted) {
  std::vector<std::size_t> found;
  for (std::size_t source = 0; source < types.size(); ++source)
    if ((types[source] & wanted) != 0) found.push_back(source);
  return found;
}

}  // namespace

std::vector<std::size_t> find_feeding_sources(const std::vector<SourceSettings>& sources, CheckedRules& rules, Diagnostics& diagnostics) {
  const EventSchema& schema = rules.event;
  if (!schema.has_several_types() || sources.size() < 2) return {};
  std::vector<EventTypeSet> types;
  for (const SourceSettings& source : sources) types.push_back(types_of(record_types(schema, source)));
  std::vector<std::size_t> fed_by(rules.features.size(), own_source);
  bool across = false;
  for (std::size_t index = 0; index < rules.features.size(); ++index) {
    FeatureSpec& feature = rules.features[index];
    const EventTypeSet with_key = types_with_key(schema, feature.by);
    const std::vector<std::size_t> reading = sources_with(types, with_key);
    const std::vector<std::size_t> feeding = sources_with(types, feature.from == 0 ? with_key : feature.from & with_key);
    if (feeding.size() == 1) fed_by[index] = feeding.front();
    if (reading.size() < 2 || feeding.empty()) continue;
    if (feeding.size() == 1) {
      feature.by_includes_shard_key = false;
      across = true;
      continue;
    }
    // Sources of the same events are apart, as they are where there is one event type.
    bool alike = reading == feeding;
    for (const std::size_t source : feeding) alike = alike && types[source] == types[feeding.front()];
    if (alike) continue;
    diagnostics.push_back(
        config_diagnostic(config_error::contradiction, sources[feeding[1]].event_place,
                          "feature `" + feature.name + "` takes events of the sources `" + sources[feeding[0]].name + "` and `" +
                              sources[feeding[1]].name + "`",
                          "one source has to bring all events of a feature",
                          {"bring these events through one source, or declare a feature for each event type, as in `count() from " +
                           schema.type_name(0) + " by ...`"}));
  }
  if (!across) fed_by.clear();
  return fed_by;
}

}  // namespace weir
