// What a lane counts. The lane writes, any thread reads.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "engine/base/counter.h"
#include "engine/base/first_text.h"
#include "engine/base/histogram.h"
#include "engine/pipeline/input_settings.h"
#include "engine/pipeline/outcome_slots.h"

namespace weir {

struct BatchInFlight;

// What changes of the rule set cost a lane, in microseconds.
struct SwitchPauses {
  Histogram us;  // of a lane's turn in which a set took over, was taken in or left
  Gauge last_us;
  Gauge longest_us;
  Gauge held_longest_us;  // records that waited for an epoch or a bound to be on disk, from the first of them to none
  Gauge turn_longest_us;  // whole turns by the lane's CPU time, from a proposal until long after the last shard has taken over

  void saw_turn(std::chrono::nanoseconds cpu) {
    const auto us_of_turn = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(cpu).count());
    if (us_of_turn > turn_longest_us.get()) turn_longest_us.set(us_of_turn);
  }
  void add(std::uint64_t microseconds) {
    us.record(microseconds);
    last_us.set(microseconds);
    if (microseconds > longest_us.get()) longest_us.set(microseconds);
  }
};

struct LaneCounters {
  static constexpr std::size_t outcomes_max = OutcomeSlots::slots_max;

  Counter records;   // handed over by sources, mute ones left out
  Counter bytes;     // of their values
  Counter replayed;  // mute: rebuilt windows only
  Counter batches;
  Counter decided;
  Gauge last_event_ms;  // time of the last event of a batch, since 1970; 0: none yet
  Counter filtered;
  Counter skipped;  // of no event type, and told to be passed over
  Counter dead_letters;
  FirstText first_dead_letter;  // "payments/3 at 17: field `amount`: expected decimal, found string at byte 83"
  Counter duplicates;           // records that got what the first with their id got
  Counter late_dropped;         // too late for all their keys
  Counter rule_errors;
  Counter reasons_cut;       // texts of fired rules that are not whole
  Counter updates_left_out;  // of fired rules
  Counter fired;             // rules that fired
  Counter stale;             // dropped: below the position or of an older assignment
  Counter pauses;            // back-pressure: shards paused
  Counter held;              // waited for an epoch or a bound to be on disk
  Counter busy_ns;           // time in batches
  std::array<Counter, outcomes_max> outcomes;
  Histogram batch_us;  // a lane's time in a batch, once for each of its records
  Histogram age_ms;    // broker's timestamp to decision

  SwitchPauses switches;

  // A batch that is finished: mute, or live and handed out.
  void add(const BatchInFlight& batch);
  // Of a live one: records that are too late for all their keys.
  void add_late(const BatchInFlight& batch, LatePolicy late);
};

// The size of a lane's windows, looked up now and then.
struct StateGauges {
  Gauge keys;
  Gauge bytes;
  Gauge late_events;
  Gauge too_late_events;
  Gauge ids_forgotten;  // within the horizon of duplicates, for its bound
  // What met a limit of windows or feedback (see FeatureStoreLimits, FeedbackLimits), of shards that are there.
  Gauge key_events_dropped;
  Gauge distinct_values_cut;
  Gauge sums_out_of_range;
  Gauge facts_refused;
  Gauge pattern_events_dropped;
  Gauge pattern_tries_reached;
};

}  // namespace weir
