#include "engine/features/feature_plan.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "engine/base/check.h"
#include "engine/base/decimal.h"
#include "engine/features/name_table.h"

namespace weir {
namespace {

constexpr std::size_t flags_max = 64;

struct ColumnTypes {
  const EventSchema& schema;
  std::span<const DerivedColumnSpec> derived;

  struct Entry {
    ValueType type;
    int scale;
    bool optional;
  };
  Entry at(ColumnIndex index) const {
    if (index < schema.fields.size()) {
      const FieldSpec& field = schema.fields[index];
      return {field.type, field.scale, field.optional};
    }
    const std::size_t behind = index - schema.fields.size();
    WEIR_CHECK(behind < derived.size());
    return {derived[behind].type, derived[behind].scale, true};
  }
};

bool is_number(ValueType type) {
  return type == ValueType::integer || type == ValueType::decimal || type == ValueType::floating || type == ValueType::duration ||
         type == ValueType::boolean;
}

ValueStorage storage_of(ValueType type, bool counted_distinct) {
  if (has_name(type)) return ValueStorage::name;
  if (type == ValueType::geo) return counted_distinct ? ValueStorage::name : ValueStorage::point;
  return ValueStorage::word;
}

// What the windows of time with one key ask of its events.
struct KeyReach {
  std::int64_t longest_ms = 0;
  std::int64_t reach_ms = 0;
};

// Of all features with this key, so that what is too late does not depend on who holds which.
KeyReach reach_of_key(std::span<const FeatureSpec> features, const KeyGroupPlan& plan) {
  KeyReach reach;
  for (const FeatureSpec& feature : features) {
    if (feature.by != plan.by || feature.from != plan.from || feature.last_events > 0) continue;
    reach.longest_ms = std::max(reach.longest_ms, feature.delay_ms + feature.window_ms);
    reach.reach_ms = std::max(reach.reach_ms, feature.reach_ms());
  }
  return reach;
}

void keep(KeyGroupPlan& plan, const SpanPlan& span) {
  const CountKeep wanted{span.member_flags, span.events, plan.admit_ms + span.delay_ms, plan.admit_ms + span.reach_ms};
  plan.retain_ms = std::max(plan.retain_ms, wanted.reach_ms);
  for (CountKeep& known : plan.keeps) {
    if (known.flags != wanted.flags || known.settle_ms != wanted.settle_ms || known.reach_ms != wanted.reach_ms) continue;
    known.events = std::max(known.events, wanted.events);
    return;
  }
  plan.keeps.push_back(wanted);
}

}  // namespace

void set_reach(KeyGroupPlan& plan, std::span<const FeatureSpec> features, std::int64_t late_allowed_ms) {
  const KeyReach reach = reach_of_key(features, plan);
  plan.admit_ms = reach.longest_ms + late_allowed_ms;
  plan.retain_time_ms = 2 * reach.reach_ms + late_allowed_ms;
  plan.retain_ms = plan.retain_time_ms;
  plan.keeps.clear();
  for (const SpanPlan& span : plan.spans)
    if (span.events > 0) keep(plan, span);
}

namespace {

class GroupBuilder {
 public:
  GroupBuilder(const std::vector<ColumnIndex>& by, EventTypeSet from, const ColumnTypes& types) : types_(types) {
    plan_.by = by;
    plan_.from = from;
    for (const ColumnIndex part : by) plan_.asking &= types.schema.types_with(part);
    for (const ColumnIndex part : by) plan_.by_types.push_back(types.at(part).type);
  }

  bool is_of(const FeatureSpec& feature) const { return feature.by == plan_.by && feature.from == plan_.from; }
  // A feature needs two flags at most.
  bool has_room() const { return flags_used_ + 2 <= flags_max; }

  void add(const FeatureSpec& feature, FeatureIndex index) {
    WEIR_CHECK(feature.window_ms > 0);
    TrackPlan track;
    track.excludes_this_event = feature.exclude_this_event;
    GroupFeaturePlan planned;
    double unit = 1.0;
    if (feature.input) {
      const ColumnTypes::Entry input = types_.at(*feature.input);
      const Aggregate aggregate = feature.aggregate;
      const bool adds = aggregate == Aggregate::sum || aggregate == Aggregate::avg || aggregate == Aggregate::stddev ||
                        aggregate == Aggregate::percentile;
      const bool orders = aggregate == Aggregate::min || aggregate == Aggregate::max;
      WEIR_CHECK(!adds || is_number(input.type));
      WEIR_CHECK(!orders || (is_number(input.type) && input.type != ValueType::boolean) || input.type == ValueType::timestamp);
      WEIR_CHECK(aggregate != Aggregate::mode || (input.type != ValueType::floating && input.type != ValueType::geo));
      track.column = column(*feature.input, storage_of(input.type, aggregate == Aggregate::distinct));
      track.flags |= plan_.columns[track.column].present_flag;
      track.floating = input.type == ValueType::floating;
      if (input.type == ValueType::decimal) unit = static_cast<double>(power_of_ten(input.scale));
    } else {
      WEIR_CHECK(feature.aggregate == Aggregate::count);
    }
    const std::uint64_t member_flags = feature.where ? condition(*feature.where) : 0;
    track.flags |= member_flags;
    planned.index = index;
    planned.aggregate = feature.aggregate;
    planned.type = feature.type;
    planned.scale = feature.scale;
    if (feature.is_span()) {
      add_to_span(span(feature, track, member_flags), feature, unit);
      plan_.features.push_back(planned);
      return;
    }
    const std::uint32_t known_track = track_index(track);
    need(plan_.tracks[known_track], feature.aggregate);
    CellPlan& answers = cell(known_track, window_of(feature.reach_ms()), feature.aggregate);
    answers.unit = unit;
    answers.outputs[static_cast<std::size_t>(feature.aggregate)] = static_cast<std::int32_t>(plan_.features.size());
    plan_.features.push_back(planned);
  }

  KeyGroupPlan finish(std::span<const FeatureSpec> features, std::int64_t late_allowed_ms) {
    std::vector<std::int64_t> sorted = plan_.reaches_ms;
    std::sort(sorted.begin(), sorted.end());
    for (CellPlan& known : plan_.cells) {
      const auto at = std::lower_bound(sorted.begin(), sorted.end(), plan_.reaches_ms[known.window]);
      known.window = static_cast<std::uint32_t>(at - sorted.begin());
    }
    plan_.reaches_ms = sorted;
    const auto in_order = [](const CellPlan& left, const CellPlan& right) {
      return left.track != right.track ? left.track < right.track : left.window < right.window;
    };
    std::stable_sort(plan_.cells.begin(), plan_.cells.end(), in_order);
    set_reach(plan_, features, late_allowed_ms);
    std::int64_t reach_ms = reach_of_key(features, plan_).reach_ms;
    for (const SpanPlan& known : plan_.spans) reach_ms = std::max(reach_ms, known.reach_ms);
    plan_.longest_reach_ms = reach_ms;
    plan_.wide_time = plan_.retain_ms + reach_ms + 2 > std::int64_t{std::numeric_limits<std::uint32_t>::max()};
    lay_out();
    plan_totals();
    set_demand(plan_, features);
    return std::move(plan_);
  }

 private:
  // Counts, sums and distinct values can be undone entry by entry; floating sums and the ends of a window are read off the ring. Where
  // every entry belongs to the track, its place in the ring says the count.
  bool keeps_totals(const CellPlan& cell) const {
    if (cell.has(Aggregate::distinct)) return true;
    if (plan_.tracks[cell.track].floating) return false;
    return (cell.has(Aggregate::count) && plan_.tracks[cell.track].flags != 0) || cell.has(Aggregate::sum) || cell.has(Aggregate::avg) ||
           cell.has(Aggregate::stddev);
  }

  std::uint64_t new_flag() { return std::uint64_t{1} << flags_used_++; }

  std::uint32_t column(ColumnIndex source, ValueStorage storage) {
    for (std::uint32_t index = 0; index < plan_.columns.size(); ++index)
      if (plan_.columns[index].source == source && plan_.columns[index].storage == storage) return index;
    const ColumnTypes::Entry type = types_.at(source);
    RingColumnPlan column;
    column.source = source;
    column.type = type.type;
    column.scale = type.scale;
    column.storage = storage;
    if (type.optional) column.present_flag = new_flag();
    plan_.columns.push_back(column);
    return static_cast<std::uint32_t>(plan_.columns.size() - 1);
  }

  std::uint64_t condition(ColumnIndex source) {
    for (const ConditionPlan& known : plan_.conditions)
      if (known.source == source) return known.flag;
    plan_.conditions.push_back({source, new_flag()});
    return plan_.conditions.back().flag;
  }

  std::uint32_t track_index(const TrackPlan& wanted) {
    for (std::uint32_t index = 0; index < plan_.tracks.size(); ++index) {
      const TrackPlan& known = plan_.tracks[index];
      if (known.column == wanted.column && known.flags == wanted.flags && known.excludes_this_event == wanted.excludes_this_event)
        return index;
    }
    plan_.tracks.push_back(wanted);
    return static_cast<std::uint32_t>(plan_.tracks.size() - 1);
  }

  // As `cell`.
  SpanPlan& span(const FeatureSpec& feature, const TrackPlan& track, std::uint64_t member_flags) {
    for (SpanPlan& known : plan_.spans) {
      const bool same_values = known.track.column == track.column && known.track.flags == track.flags &&
                               known.track.excludes_this_event == track.excludes_this_event && known.member_flags == member_flags;
      const bool same_window =
          known.delay_ms == feature.delay_ms && known.reach_ms == feature.reach_ms() && known.events == feature.last_events;
      if (same_values && same_window && has_room_for(known, feature.aggregate)) return known;
    }
    SpanPlan& added = plan_.spans.emplace_back();
    added.track = track;
    added.cell.outputs.fill(no_output);
    added.member_flags = member_flags;
    added.delay_ms = feature.delay_ms;
    added.reach_ms = feature.reach_ms();
    added.events = feature.last_events;
    return added;
  }

  static bool has_room_for(const SpanPlan& span, Aggregate aggregate) {
    if (aggregate == Aggregate::percentile) return true;
    return aggregate == Aggregate::mode ? span.mode == no_output : !span.cell.has(aggregate);
  }

  void add_to_span(SpanPlan& span, const FeatureSpec& feature, double unit) const {
    const auto output = static_cast<std::int32_t>(plan_.features.size());
    if (feature.aggregate == Aggregate::percentile) {
      span.percentiles.push_back({output, feature.percentile_parts});
    } else if (feature.aggregate == Aggregate::mode) {
      span.mode = output;
    } else {
      span.cell.outputs[static_cast<std::size_t>(feature.aggregate)] = output;
    }
    span.cell.unit = unit;
    need(span.track, feature.aggregate);
  }

  // Two features that ask for the very same thing get a cell each.
  CellPlan& cell(std::uint32_t track, std::uint32_t window, Aggregate aggregate) {
    for (CellPlan& known : plan_.cells)
      if (known.track == track && known.window == window && !known.has(aggregate)) return known;
    CellPlan& added = plan_.cells.emplace_back();
    added.track = track;
    added.window = window;
    added.outputs.fill(no_output);
    return added;
  }

  std::uint32_t window_of(std::int64_t reach_ms) {
    for (std::uint32_t index = 0; index < plan_.reaches_ms.size(); ++index)
      if (plan_.reaches_ms[index] == reach_ms) return index;
    plan_.reaches_ms.push_back(reach_ms);
    return static_cast<std::uint32_t>(plan_.reaches_ms.size() - 1);
  }

  static void need(TrackPlan& track, Aggregate aggregate) {
    track.needs_sum |= aggregate == Aggregate::sum || aggregate == Aggregate::avg || aggregate == Aggregate::stddev;
    track.needs_squares |= aggregate == Aggregate::stddev;
    track.needs_min |= aggregate == Aggregate::min;
    track.needs_max |= aggregate == Aggregate::max;
  }

  // Arrays follow each other by falling width, so that each is aligned whatever the number of entries.
  void lay_out() {
    std::size_t before = 0;
    for (const std::size_t width : {std::size_t{16}, std::size_t{8}, std::size_t{4}}) {
      if (width == (plan_.wide_time ? std::size_t{8} : std::size_t{4})) {
        plan_.time_before = before;
        before += width;
      }
      for (RingColumnPlan& column : plan_.columns) {
        if (width_of(column.storage) != width) continue;
        column.bytes_before = before;
        before += width;
      }
    }
    plan_.flag_bytes = flags_used_ == 0 ? 0 : flags_used_ <= 8 ? 1 : flags_used_ <= 16 ? 2 : flags_used_ <= 32 ? 4 : 8;
    plan_.flags_before = before;
    plan_.entry_bytes = before + plan_.flag_bytes;
  }

  void plan_totals() {
    for (std::uint32_t window = 0; window < plan_.reaches_ms.size(); ++window) {
      plan_.totals_before.push_back(static_cast<std::uint32_t>(plan_.totals.size()));
      for (CellPlan& cell : plan_.cells) {
        if (cell.window != window || !keeps_totals(cell)) continue;
        cell.totals = static_cast<std::int32_t>(plan_.totals.size());
        const TrackPlan& track = plan_.tracks[cell.track];
        TotalsPlan& totals = plan_.totals.emplace_back();
        totals.flags = track.flags;
        totals.adds = track.needs_sum && !track.floating;
        if (track.column == no_ring_column) continue;
        totals.bytes_before = plan_.columns[track.column].bytes_before;
        totals.is_name = plan_.columns[track.column].storage == ValueStorage::name;
      }
    }
    plan_.totals_before.push_back(static_cast<std::uint32_t>(plan_.totals.size()));
  }

  const ColumnTypes& types_;
  KeyGroupPlan plan_;
  std::size_t flags_used_ = 0;
};

}  // namespace

std::vector<KeyGroupPlan> plan_features(std::span<const FeatureSpec> features, std::span<const FeatureIndex> held,
                                        const EventSchema& schema, std::span<const DerivedColumnSpec> derived,
                                        std::int64_t late_allowed_ms) {
  const ColumnTypes types{schema, derived};
  std::vector<GroupBuilder> builders;
  for (const FeatureIndex index : held) {
    const FeatureSpec& feature = features[index];
    const auto fits = [&](const GroupBuilder& builder) { return builder.is_of(feature) && builder.has_room(); };
    auto at = std::find_if(builders.begin(), builders.end(), fits);
    if (at == builders.end()) {
      builders.emplace_back(feature.by, feature.from, types);
      at = builders.end() - 1;
    }
    at->add(feature, index);
  }
  std::vector<KeyGroupPlan> groups;
  for (GroupBuilder& builder : builders) groups.push_back(builder.finish(features, late_allowed_ms));
  return groups;
}

}  // namespace weir
