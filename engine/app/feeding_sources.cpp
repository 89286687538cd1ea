#include "engine/app/feeding_sources.h"

#include <algorithm>

#include "engine/app/configuration.h"
#include "rules/language/event_types.h"
#include "rules/language/expression_walk.h"

namespace weir {
namespace {

EventTypeSet types_of(const RecordTypes& records) {
  if (records.field.empty()) return EventTypeSet{1} << records.type;
  EventTypeSet types = 0;
  for (const auto& [says, type] : records.told) types |= EventTypeSet{1} << type;
  return types;
}

// Whether an expression reads the fact or pattern, through lets too.
bool reads(const CheckedRules& rules, ExpressionIndex root, ExpressionKind kind, std::uint32_t index) {
  return holds_for_any_part(rules, root, [&](const Expression& part) { return part.kind == kind && part.index == index; });
}

bool is_asked_by(const CheckedRules& rules, const std::vector<ExpressionIndex>& routes, ExpressionKind kind, std::uint32_t index) {
  return std::any_of(routes.begin(), routes.end(),
                     [&](ExpressionIndex route) { return route != no_expression && reads(rules, route, kind, index); });
}

class Finder {
 public:
  Finder(const std::vector<SourceSettings>& sources, CheckedRules& rules, const std::vector<ExpressionIndex>& routes)
      : rules_(rules), routes_(routes) {
    for (const SourceSettings& source : sources) types_.push_back(types_of(record_types(rules.event, source)));
    links_.fed_by.assign(rules.features.size(), own_source);
    links_.joint.assign(sources.size(), false);
  }

  SourceLinks find() {
    for (std::size_t index = 0; index < rules_.features.size(); ++index) look_at(index);
    for (std::uint32_t index = 0; index < rules_.facts.size(); ++index)
      if (rules_.facts[index].read) look_at_fact(index);
    for (std::uint32_t index = 0; index < rules_.sequences.size(); ++index) look_at_pattern(index);
    if (!across_) return {};
    return links_;
  }

 private:
  using Sources = std::vector<std::size_t>;

  Sources sources_with(EventTypeSet wanted) const {
    Sources found;
    for (std::size_t source = 0; source < types_.size(); ++source)
      if ((types_[source] & wanted) != 0) found.push_back(source);
    return found;
  }

  // Sources of the same events are apart, as they are where there is one event type.
  bool are_apart(const Sources& feeding, const Sources& reading) const {
    const auto is_alike = [&](std::size_t source) { return types_[source] == types_[feeding.front()]; };
    return feeding == reading && std::all_of(feeding.begin(), feeding.end(), is_alike);
  }

  template <typename Spec>
  void join(Spec& spec, const Sources& feeding) {
    spec.by_includes_shard_key = false;
    spec.spans_sources = true;
    for (const std::size_t source : feeding) links_.joint[source] = true;
    across_ = true;
  }

  void look_at(std::size_t index) {
    FeatureSpec& feature = rules_.features[index];
    const EventTypeSet with_key = types_with_key(rules_.event, feature.by);
    const Sources reading = sources_with(with_key);
    const Sources feeding = sources_with(feature.from == 0 ? with_key : feature.from & with_key);
    if (feeding.size() == 1) links_.fed_by[index] = feeding.front();
    if (reading.size() < 2 || feeding.empty() || are_apart(feeding, reading)) return;
    // What depends on decisions is written where they are made, and read there too.
    if (feeding.size() == 1 && !feature.is_feedback()) {
      feature.by_includes_shard_key = false;
      across_ = true;
      return;
    }
    join(feature, feeding);
    links_.fed_by[index] = joint_keeper;
    if (!feature.identity.empty()) feature.identity += "; of several sources";
  }

  void look_at_fact(std::uint32_t index) {
    FactSpec& fact = rules_.facts[index].spec;
    EventTypeSet written = 0;
    EventTypeSet read = 0;
    for (const CheckedRule& rule : rules_.rules) {
      const EventTypeSet on = rule.on == 0 ? ~EventTypeSet{0} : rule.on;
      if (std::find(rule.facts.begin(), rule.facts.end(), index) != rule.facts.end()) read |= on;
      for (const CheckedUpdate& update : rule.updates)
        if (update.fact == index) written |= on;
    }
    if (is_asked_by_routes(ExpressionKind::fact, index)) read = ~EventTypeSet{0};
    join_if_several(fact, written, read);
    if (fact.spans_sources) fact.read_by = 0;  // one state for all, so all read the same
  }

  void look_at_pattern(std::uint32_t index) {
    PatternSpec& pattern = rules_.sequences[index];
    EventTypeSet fitting = 0;
    for (const PatternStep& step : pattern.steps) fitting |= types_fitting(rules_, step);
    EventTypeSet read = 0;
    for (const CheckedRule& rule : rules_.rules)
      if (std::find(rule.sequences.begin(), rule.sequences.end(), index) != rule.sequences.end())
        read |= rule.on == 0 ? ~EventTypeSet{0} : rule.on;
    if (is_asked_by_routes(ExpressionKind::matched, index)) read = ~EventTypeSet{0};
    // It holds only at events that fit the last step.
    join_if_several(pattern, fitting, read & types_fitting(rules_, pattern.steps.back()));
    if (pattern.spans_sources && !pattern.identity.empty()) pattern.identity += "; of several sources";
  }

  bool is_asked_by_routes(ExpressionKind kind, std::uint32_t index) const { return is_asked_by(rules_, routes_, kind, index); }

  template <typename Spec>
  void join_if_several(Spec& spec, EventTypeSet feeding_types, EventTypeSet reading_types) {
    const EventTypeSet with_key = types_with_key(rules_.event, spec.by);
    const Sources feeding = sources_with(feeding_types & with_key);
    const Sources reading = sources_with(reading_types & with_key);
    Sources all = feeding;
    all.insert(all.end(), reading.begin(), reading.end());
    const bool several = std::any_of(all.begin(), all.end(), [&](std::size_t source) { return source != all.front(); });
    if (several && !are_apart(feeding, reading)) join(spec, feeding);
  }

  CheckedRules& rules_;
  const std::vector<ExpressionIndex>& routes_;
  std::vector<EventTypeSet> types_;  // by source
  SourceLinks links_;
  bool across_ = false;
};

}  // namespace

SourceLinks find_feeding_sources(const std::vector<SourceSettings>& sources, CheckedRules& rules,
                                 const std::vector<ExpressionIndex>& routes) {
  if (!rules.event.has_several_types()) return {};
  tie_facts_to_shards(rules, [&](std::uint32_t fact) { return is_asked_by(rules, routes, ExpressionKind::fact, fact); });
  if (sources.size() < 2) return {};
  return Finder(sources, rules, routes).find();
}

}  // namespace weir
