// What a feature is, independent of the syntax that declares it. The contract of a window is in engine/features/README.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/value_type.h"

namespace weir {

// `median` is a percentile of 5,000 parts.
enum class Aggregate : std::uint8_t { count, sum, avg, min, max, stddev, distinct, first, last, percentile, mode };

// A column that the scorer computes from the event alone, before features: a `where` condition, an aggregate's argument or a part of a key.
struct DerivedColumnSpec {
  ValueType type = ValueType::boolean;
  int scale = 0;
  std::string name = {};  // of a part of a key
};

// A condition under which the values of other features are read: this count is at least so high.
struct CountFloor {
  std::uint32_t feature = 0;  // place of the count among the features
  std::int64_t at_least = 0;

  bool operator==(const CountFloor&) const = default;
};

struct FeatureSpec {
  std::string name;
  Aggregate aggregate = Aggregate::count;
  std::optional<ColumnIndex> input;  // the argument; none only for count()
  std::vector<ColumnIndex> by;       // key parts, in order; a missing part means: no key, the feature is missing
  std::int64_t window_ms = 0;        // length W > 0; of a count window: how far back it looks at most
  bool inclusive = false;            // [t - W, t] instead of (t - W, t]
  bool exclude_this_event = false;
  std::optional<ColumnIndex> where;  // boolean column; judged when the event is added
  // Result: count and distinct integer; sum as the input (integer, decimal, floating); avg, stddev and percentile floating;
  // min, max, first, last, mode as the input.
  ValueType type = ValueType::integer;
  int scale = 0;                       // of a decimal result
  bool by_includes_shard_key = true;   // false: the key is not tied to a shard
  bool spans_sources = false;          // events of several sources feed it; then the key is not tied to a shard either
  std::int64_t delay_ms = 0;           // D: (t - D - W, t - D] instead
  std::uint32_t last_events = 0;       // a count window of that many events that satisfy `where`; 0: a window of time
  std::uint32_t percentile_parts = 0;  // which percentile, in ten-thousandths: 0 to 10,000
  // Only events of these types are added; 0: of all. Those of other types that have the key ask for the value as of their own time.
  EventTypeSet from = 0;
  bool after_decision = false;  // `where` reads the event's decision: judged after it, and the event at hand is never in the window
  bool resettable = false;      // some rule empties the window of a key
  // The events on which its value is read: those where one of these holds, counts by the same key. None: all events; empty: no event.
  // On other events the value may be anything. Whether it is there is told for all.
  std::optional<std::vector<CountFloor>> demand{};
  // Equal in two versions of a rule set: the same feature, whose windows go on when one replaces the other. Empty: like no other.
  std::string identity{};

  // Entries younger than this are in the window.
  std::int64_t reach_ms() const { return delay_ms + window_ms + (inclusive ? 1 : 0); }
  // A window that does not end at the event, or asks for the order of its values.
  bool is_span() const { return delay_ms > 0 || last_events > 0 || aggregate == Aggregate::percentile || aggregate == Aggregate::mode; }
  // Its value depends on what earlier events of the same batch decided.
  bool is_feedback() const { return after_decision || resettable; }
};

}  // namespace weir
