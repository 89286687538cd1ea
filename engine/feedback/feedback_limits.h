// Limits and counters of what rules write and read again. Every limit has a counter that says how often it was reached.
#pragma once

#include <cstdint>

#include "engine/features/feature_limits.h"

namespace weir {

struct FeedbackLimits {
  std::int64_t late_allowed_ms = 30'000;           // beyond a pattern's length; a step later than both is not remembered
  std::uint32_t fact_keys_max = 16 * 1024 * 1024;  // keys with facts, of one kind of key; updates of further ones are not kept
  std::uint32_t pattern_events_a_key_max = 1'024;  // steps of one pattern that are remembered for one key; the oldest is forgotten
  std::uint32_t pattern_tries_max = 65'536;        // combinations of steps that one event is compared with; then it does not match
};

struct FeedbackCounters {
  std::uint64_t fact_keys = 0;               // held now
  std::uint64_t pattern_keys = 0;            // held now
  std::uint64_t bytes = 0;                   // of facts and patterns, now
  std::uint64_t facts_refused = 0;           // writes that met fact_keys_max
  std::uint64_t pattern_events_dropped = 0;  // steps forgotten for pattern_events_a_key_max
  std::uint64_t pattern_events_too_late = 0;
  std::uint64_t pattern_tries_reached = 0;  // events given up at pattern_tries_max
  std::uint64_t waves = 0;                  // judged so far
  FeatureStoreCounters windows;             // of features that are held apart: over own decisions, or reset by rules
};

}  // namespace weir
