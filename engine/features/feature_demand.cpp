// On which events the numbers of a cell are wanted, in terms of the entries that a key's windows hold.
#include <algorithm>
#include <limits>
#include <optional>

#include "engine/features/feature_plan.h"

namespace weir {
namespace {

constexpr std::uint32_t entries_never = std::numeric_limits<std::uint32_t>::max();

// The window that holds whatever the count counts: of time and ending at the event, it has no more members than entries. None where the
// count is not of these rings, which may have begun later than those that it is of.
std::optional<std::uint32_t> window_of(const KeyGroupPlan& plan, FeatureIndex index, const FeatureSpec& count) {
  const auto is_count = [index](const GroupFeaturePlan& held) { return held.index == index; };
  if (count.aggregate != Aggregate::count || count.is_span() || std::none_of(plan.features.begin(), plan.features.end(), is_count))
    return std::nullopt;
  const auto at = std::lower_bound(plan.reaches_ms.begin(), plan.reaches_ms.end(), count.reach_ms());
  if (at == plan.reaches_ms.end()) return std::nullopt;
  return static_cast<std::uint32_t>(at - plan.reaches_ms.begin());
}

// How many entries each window must hold at least; none: wanted always.
std::optional<std::vector<std::uint32_t>> floors_of(const KeyGroupPlan& plan, const CellPlan& cell, std::span<const FeatureSpec> features) {
  const TrackPlan& track = plan.tracks[cell.track];
  // Without its numbers it must still be known whether the window is empty.
  if (track.floating || (track.flags != 0 && cell.totals == no_output)) return std::nullopt;
  std::vector<std::uint32_t> floors(plan.reaches_ms.size(), entries_never);
  for (const Aggregate aggregate :
       {Aggregate::sum, Aggregate::avg, Aggregate::min, Aggregate::max, Aggregate::stddev, Aggregate::distinct}) {
    if (!cell.has(aggregate)) continue;
    const FeatureIndex index = plan.features[static_cast<std::size_t>(cell.output(aggregate))].index;
    if (index == no_feature) continue;
    if (!features[index].demand) return std::nullopt;
    for (const CountFloor& floor : *features[index].demand) {
      const std::optional<std::uint32_t> window = window_of(plan, floor.feature, features[floor.feature]);
      if (!window) return std::nullopt;
      const std::int64_t entries = std::clamp(floor.at_least, std::int64_t{0}, std::int64_t{entries_never});
      floors[*window] = std::min(floors[*window], static_cast<std::uint32_t>(entries));
    }
  }
  return floors;
}

}  // namespace

void set_demand(KeyGroupPlan& plan, std::span<const FeatureSpec> features) {
  plan.floors.clear();
  for (CellPlan& cell : plan.cells) {
    cell.floors_begin = static_cast<std::uint32_t>(plan.floors.size());
    if (const auto floors = floors_of(plan, cell, features)) {
      // A longer window holds what a shorter one does: where it needs no more, it speaks for both.
      std::uint32_t least = entries_never;
      for (std::size_t window = floors->size(); window-- > 0;) {
        if ((*floors)[window] >= least) continue;
        least = (*floors)[window];
        plan.floors.push_back({static_cast<std::uint32_t>(window), least});
      }
      if (least == entries_never) plan.floors.push_back({0, entries_never});
    }
    cell.floors_end = static_cast<std::uint32_t>(plan.floors.size());
  }
}

}  // namespace weir
