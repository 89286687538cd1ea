// What windows need to go on when another version of the rule set takes over.
#include <algorithm>
#include <limits>

#include "engine/features/feature_plan.h"

namespace weir {
namespace {

constexpr std::int64_t narrow_time_max = std::numeric_limits<std::uint32_t>::max();

void map_columns(const FeatureSpec& before, const FeatureSpec& after, std::map<ColumnIndex, ColumnIndex>& columns) {
  if (before.input && after.input) columns[*before.input] = *after.input;
  if (before.where && after.where) columns[*before.where] = *after.where;
  for (std::size_t part = 0; part < before.by.size() && part < after.by.size(); ++part) columns[before.by[part]] = after.by[part];
}

}  // namespace

FeatureMapping map_features(std::span<const FeatureSpec> before, std::span<const FeatureIndex> before_held,
                            std::span<const FeatureSpec> features, std::span<const FeatureIndex> held) {
  std::multimap<std::string_view, FeatureIndex> known;  // by identity; equal ones in the order of `before_held`
  for (const FeatureIndex index : before_held)
    if (!before[index].identity.empty()) known.emplace(before[index].identity, index);
  FeatureMapping mapping;
  const auto take = [&](FeatureIndex index, bool by_name) {
    const auto [first, last] = known.equal_range(features[index].identity);
    const auto found =
        std::find_if(first, last, [&](const auto& each) { return !by_name || before[each.second].name == features[index].name; });
    if (found == last) return false;
    mapping.features[found->second] = index;
    map_columns(before[found->second], features[index], mapping.columns);
    known.erase(found);
    return true;
  };
  std::vector<FeatureIndex> renamed;
  for (const FeatureIndex index : held)
    if (!take(index, true)) renamed.push_back(index);
  for (const FeatureIndex index : renamed) take(index, false);
  return mapping;
}

void show_plan(KeyGroupPlan& plan, const KeyGroupPlan& view) {
  plan.by = view.by;
  plan.from = view.from;
  plan.asking = view.asking;
  plan.features = view.features;
  plan.admit_ms = view.admit_ms;
  plan.retain_time_ms = view.retain_time_ms;
  plan.retain_ms = view.retain_ms;
  plan.keeps = view.keeps;
  plan.floors = view.floors;
  for (std::size_t index = 0; index < plan.cells.size(); ++index) {
    plan.cells[index].floors_begin = view.cells[index].floors_begin;
    plan.cells[index].floors_end = view.cells[index].floors_end;
  }
  for (std::size_t index = 0; index < plan.columns.size(); ++index) plan.columns[index].source = view.columns[index].source;
  for (std::size_t index = 0; index < plan.conditions.size(); ++index) plan.conditions[index].source = view.conditions[index].source;
}

bool remap_plan(KeyGroupPlan& plan, const FeatureMapping& mapping, std::span<const FeatureSpec> features, const EventSchema& schema,
                std::int64_t late_allowed_ms) {
  bool any = false;
  for (GroupFeaturePlan& feature : plan.features) {
    const auto found = mapping.features.find(feature.index);
    feature.index = found == mapping.features.end() ? no_feature : found->second;
    any |= feature.index != no_feature;
  }
  if (!any) return false;
  const auto renamed = [&](ColumnIndex column) {
    const auto found = mapping.columns.find(column);
    return found == mapping.columns.end() ? no_column : found->second;
  };
  for (ColumnIndex& part : plan.by) part = renamed(part);
  // Types of events may have other numbers now.
  const auto any_kept = std::find_if(plan.features.begin(), plan.features.end(), [](const auto& each) { return each.index != no_feature; });
  plan.from = features[any_kept->index].from;
  plan.asking = ~EventTypeSet{0};
  for (const ColumnIndex part : plan.by) plan.asking &= schema.types_with(part);
  for (RingColumnPlan& column : plan.columns) column.source = renamed(column.source);
  for (ConditionPlan& condition : plan.conditions) condition.source = renamed(condition.source);
  set_reach(plan, features, late_allowed_ms);
  set_demand(plan, features);
  if (!plan.wide_time) {
    // The times of the rings at hand have 32 bits. What cannot be told apart in them counts as too late.
    std::int64_t reach_ms = plan.reaches_ms.empty() ? 0 : plan.reaches_ms.back();
    for (const SpanPlan& span : plan.spans) reach_ms = std::max(reach_ms, span.reach_ms);
    plan.retain_ms = std::min(plan.retain_ms, narrow_time_max - reach_ms - 2);
    plan.retain_time_ms = std::min(plan.retain_time_ms, plan.retain_ms);
    plan.admit_ms = std::min(plan.admit_ms, plan.retain_ms);
    for (CountKeep& kept : plan.keeps) kept.reach_ms = std::min(kept.reach_ms, plan.retain_ms);
  }
  return true;
}

}  // namespace weir
