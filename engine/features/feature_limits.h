// Limits and counters of a feature store. Every limit has a counter that says how often it was reached.
#pragma once

#include <cstdint>

namespace weir {

struct FeatureStoreLimits {
  std::int64_t late_allowed_ms = 30'000;              // beyond the longest window of a key; an event later than both is not added
  std::uint32_t distinct_values_max = 65'536;         // a `distinct` never says more than this
  std::uint32_t events_a_key_max = 16 * 1024 * 1024;  // the oldest events of a key beyond this are dropped
};

struct FeatureStoreCounters {
  std::uint64_t keys = 0;                    // held now
  std::uint64_t bytes = 0;                   // of memory for keys, their events and interned strings, now
  std::uint64_t events = 0;                  // entries in all rings, now
  std::uint64_t late_events = 0;             // added behind a newer event of their key
  std::uint64_t too_late_events = 0;         // later than the longest window plus late_allowed_ms: judged, not added
  std::uint64_t missing_keys = 0;            // events without a part of a key
  std::uint64_t distinct_bound_reached = 0;  // answers cut to distinct_values_max
  std::uint64_t events_bound_reached = 0;    // events dropped for events_a_key_max
  std::uint64_t out_of_range = 0;            // sums that do not fit their type: the feature is missing
  std::uint64_t keys_forgotten = 0;          // idle beyond what any window reaches, memory given back

  FeatureStoreCounters& operator+=(const FeatureStoreCounters& other) {
    keys += other.keys;
    bytes += other.bytes;
    events += other.events;
    late_events += other.late_events;
    too_late_events += other.too_late_events;
    missing_keys += other.missing_keys;
    distinct_bound_reached += other.distinct_bound_reached;
    events_bound_reached += other.events_bound_reached;
    out_of_range += other.out_of_range;
    keys_forgotten += other.keys_forgotten;
    return *this;
  }
};

}  // namespace weir
