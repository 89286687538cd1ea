// What a store has to keep and to answer, compiled once from the feature specifications to a compact description.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "engine/event/event_schema.h"
#include "engine/event/feature_spec.h"

namespace weir {

using FeatureIndex = std::uint32_t;

// How a ring keeps one value.
enum class ValueStorage : std::uint8_t {
  word,   // 8 bytes: integers, decimals, timestamps, durations, booleans as 0 and 1, the bits of a double
  point,  // 16 bytes: latitude and longitude
  name,   // 4 bytes: the number of an interned string (or of the 16 bytes of an address, or of a point whose distinct values are counted)
};

constexpr std::size_t width_of(ValueStorage storage) {
  return storage == ValueStorage::point ? 16 : storage == ValueStorage::name ? 4 : 8;
}

// A field of the event that some aggregate of the key needs, one array of the ring.
struct RingColumnPlan {
  ColumnIndex source = 0;
  ValueType type = ValueType::integer;
  int scale = 0;
  ValueStorage storage = ValueStorage::word;
  std::uint64_t present_flag = 0;  // one bit; 0: the value is never missing
  std::size_t bytes_before = 0;    // bytes of an entry in the arrays in front of this one
};

// A `where` of one or more features: one bit of an entry.
struct ConditionPlan {
  ColumnIndex source = 0;
  std::uint64_t flag = 0;
};

constexpr std::uint32_t no_ring_column = ~std::uint32_t{0};

// The values that features look at: one input under one condition, with or without the event at hand. An entry belongs to the track when
// all bits of `flags` are set in its own flags. What the features of the track need is computed for all their windows at once.
struct TrackPlan {
  std::uint32_t column = no_ring_column;
  std::uint64_t flags = 0;
  bool excludes_this_event = false;
  bool floating = false;
  bool needs_sum = false;
  bool needs_squares = false;
  bool needs_min = false;
  bool needs_max = false;
};

constexpr FeatureIndex no_feature = ~FeatureIndex{0};  // the rule set has it no more: its answers go nowhere

struct GroupFeaturePlan {
  FeatureIndex index = 0;
  Aggregate aggregate = Aggregate::count;
  ValueType type = ValueType::integer;  // of the result
  int scale = 0;                        // of a decimal result
};

constexpr std::size_t aggregate_count = 9;  // those that a cell answers; percentile and mode belong to spans
constexpr std::int32_t no_output = -1;

// A cell's numbers are wanted where this window holds at least so many entries, the event at hand counted.
struct EntryFloor {
  std::uint32_t window = 0;
  std::uint32_t entries = 0;
};

// One track in one window: what is known about it answers all its aggregates at once.
struct CellPlan {
  std::uint32_t track = 0;
  std::uint32_t window = 0;
  std::array<std::int32_t, aggregate_count> outputs;  // by Aggregate: a place in KeyGroupPlan::features
  double unit = 1.0;                                  // avg and stddev: 10^scale of the input
  std::int32_t totals = no_output;                    // place among the totals that a hot key keeps
  std::uint32_t floors_begin = 0;                     // among KeyGroupPlan::floors; none: the numbers are always wanted
  std::uint32_t floors_end = 0;

  std::int32_t output(Aggregate aggregate) const { return outputs[static_cast<std::size_t>(aggregate)]; }
  bool has(Aggregate aggregate) const { return output(aggregate) != no_output; }
};

// What a hot key keeps of a cell, with all that it takes to bring it up to date.
struct TotalsPlan {
  std::uint64_t flags = 0;       // as the track's
  std::size_t bytes_before = 0;  // as the column's
  bool adds = false;             // integers to a sum
  bool is_name = false;          // of 4 bytes, else of 8
};

// A window with two ends of its own (delayed, or of a number of events), or one that asks for the order of its values. An entry is inside
// when its age against the event at hand is at least `delay_ms` and below `reach_ms`, of a count window among the newest such.
struct SpanPlan {
  TrackPlan track;
  CellPlan cell;                   // outputs of all aggregates but percentile and mode; `track` and `window` mean nothing
  std::uint64_t member_flags = 0;  // what a count window counts: the condition, whether or not the value is there
  std::int64_t delay_ms = 0;
  std::int64_t reach_ms = 0;
  std::uint32_t events = 0;  // of a count window; 0: a window of time
  struct Percentile {
    std::int32_t output = no_output;
    std::uint32_t parts = 0;
  };
  std::vector<Percentile> percentiles;
  std::int32_t mode = no_output;

  bool ends_at_event() const { return delay_ms == 0; }
};

// What a count window makes its key keep: the newest `events` entries with these flags among those that are at least `settle_ms` old (no
// event that is still admitted comes in front of them), and everything younger; nothing of `reach_ms` and above.
struct CountKeep {
  std::uint64_t flags = 0;
  std::uint32_t events = 0;
  std::int64_t settle_ms = 0;
  std::int64_t reach_ms = 0;
};

constexpr ColumnIndex no_column = ~ColumnIndex{0};  // what a ring keeps for features that are gone: missing in every new event

// All features with the same `by` and `from`: they share one ring a key.
struct KeyGroupPlan {
  std::vector<ColumnIndex> by;
  EventTypeSet from = 0;                   // events of these types are added, others only ask; 0: all are added
  EventTypeSet asking = ~EventTypeSet{0};  // types that have the key at all
  std::vector<ValueType> by_types;
  std::vector<RingColumnPlan> columns;
  std::vector<ConditionPlan> conditions;
  std::vector<std::int64_t> reaches_ms;  // distinct windows, ascending: an entry is in a window when its age is less than its reach
  std::vector<TrackPlan> tracks;
  std::vector<CellPlan> cells;               // by track, the shortest window first
  std::vector<EntryFloor> floors;            // of the cells
  std::vector<TotalsPlan> totals;            // by window, the shortest first
  std::vector<std::uint32_t> totals_before;  // by window: how many there are of shorter ones; then of all
  std::vector<SpanPlan> spans;               // beside the cells
  std::vector<CountKeep> keeps;              // empty: age alone decides what is kept
  std::int64_t longest_reach_ms = 0;         // of any window: older entries are seen by no event
  std::vector<GroupFeaturePlan> features;
  std::int64_t admit_ms = 0;        // an event older than this against its key's newest is not added
  std::int64_t retain_time_ms = 0;  // entries below this age are kept
  std::int64_t retain_ms = 0;       // entries of this age and above are dropped; in between, `keeps` decide
  bool wide_time = false;           // times as 8 bytes, because `retain_ms` and a window do not fit into 32 bits
  std::size_t time_before = 0;      // as RingColumnPlan::bytes_before
  std::size_t flag_bytes = 0;       // 0, 1, 2, 4 or 8
  std::size_t flags_before = 0;
  std::size_t entry_bytes = 0;
};

// Groups of the features named by `held`, in order of first appearance. Column types behind the schema's fields come from `derived`.
// Precondition (the language checks it): sum, avg and stddev have numbers as input, min and max numbers or timestamps.
std::vector<KeyGroupPlan> plan_features(std::span<const FeatureSpec> features, std::span<const FeatureIndex> held,
                                        const EventSchema& schema, std::span<const DerivedColumnSpec> derived,
                                        std::int64_t late_allowed_ms);

// What is too late for a key and what is kept of it: from all `features` with the plan's `by`, whoever holds them.
void set_reach(KeyGroupPlan& plan, std::span<const FeatureSpec> features, std::int64_t late_allowed_ms);

// Where somebody reads what the cells answer, from FeatureSpec::demand.
void set_demand(KeyGroupPlan& plan, std::span<const FeatureSpec> features);

// Makes `plan`, whose rings stay as they are, read and answer as `view` does: the same plan under another rule set's numbers.
void show_plan(KeyGroupPlan& plan, const KeyGroupPlan& view);

// How the features and columns of one rule set are called in the next one; what is not named there is gone.
struct FeatureMapping {
  std::map<FeatureIndex, FeatureIndex> features;
  std::map<ColumnIndex, ColumnIndex> columns;  // of those features
};

// By identity, and where several have the same, by name first. Looks at the features that `before_held` and `held` name.
FeatureMapping map_features(std::span<const FeatureSpec> before, std::span<const FeatureIndex> before_held,
                            std::span<const FeatureSpec> features, std::span<const FeatureIndex> held);

// The plan for the next rule set over the same rings. Features that are gone keep their places, answered or not.
// False when no feature is left.
bool remap_plan(KeyGroupPlan& plan, const FeatureMapping& mapping, std::span<const FeatureSpec> features, const EventSchema& schema,
                std::int64_t late_allowed_ms);

}  // namespace weir
