// One look at the running service: counters of all lanes added up, sinks, sources, failures. For the live view, the log and the summary.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/histogram.h"
#include "engine/control/rule_status.h"
#include "engine/pipeline/lane_group.h"
#include "engine/ports/sink.h"
#include "engine/ports/source.h"

namespace weir {

struct SinkStatus {
  std::string name;
  std::uint64_t outputs = 0;  // handed over
  SinkState state;
};

struct SourceStatus {
  std::string name;
  std::int64_t lag = -1;  // records behind its end; -1: unknown
  std::uint64_t hand_overs = 0;
  bool awaited = false;  // it has no assignment yet, and live records of sources that read what it feeds wait for that
};

struct OutcomeCount {
  std::string name;
  std::uint64_t count = 0;
};

// What changes of the rule set cost one lane.
struct LaneSwitches {
  std::uint64_t pauses = 0;
  std::uint64_t last_us = 0;
  std::uint64_t longest_us = 0;
  std::uint64_t turn_longest_us = 0;  // CPU time of the longest whole turn about a change
  std::uint64_t held_longest_us = 0;  // records waited so long for an epoch or a bound to be on disk
};

struct ServiceStatus {
  std::chrono::steady_clock::time_point taken_at;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t replayed = 0;
  std::uint64_t decided = 0;
  std::int64_t last_event_ms = 0;  // since 1970, the newest of all lanes' last ones; 0: none yet
  std::uint64_t filtered = 0;
  std::uint64_t skipped = 0;  // of no event type, and told to be passed over
  std::uint64_t dead_letters = 0;
  std::string first_dead_letter;  // where it lay and what was wrong with it; empty: there is none
  std::uint64_t duplicates = 0;
  std::uint64_t late_dropped = 0;
  std::uint64_t ids_forgotten = 0;
  std::uint64_t key_events_dropped = 0;
  std::uint64_t distinct_values_cut = 0;
  std::uint64_t sums_out_of_range = 0;
  std::uint64_t facts_refused = 0;
  std::uint64_t pattern_events_dropped = 0;
  std::uint64_t pattern_tries_reached = 0;
  std::uint64_t held = 0;  // records that waited for an epoch or a bound to be on disk
  std::uint64_t rule_errors = 0;
  std::uint64_t reasons_cut = 0;
  std::uint64_t updates_left_out = 0;
  std::uint64_t fired = 0;
  std::uint64_t late_events = 0;
  std::uint64_t too_late_events = 0;
  std::uint64_t batches = 0;
  std::uint64_t busy_ns = 0;
  std::uint64_t keys = 0;
  std::uint64_t state_bytes = 0;
  std::size_t shards = 0;
  std::int64_t lag = -1;  // records behind the end of the sources; -1: unknown
  std::vector<OutcomeCount> outcomes;
  std::vector<RuleStatus> rules;       // see look_at_rules
  std::vector<LaneSwitches> switches;  // by lane
  std::vector<SinkStatus> sinks;
  std::vector<ShardFailure> failures;
  std::array<std::uint64_t, Histogram::bucket_count> batch_us{};
  std::array<std::uint64_t, Histogram::bucket_count> age_ms{};
};

// Adds up what the lanes count. Any thread.
ServiceStatus look_at(const LaneGroup& lanes, const std::vector<std::string>& outcomes);

// What happened between two looks: histograms of `now` less those of `before`.
ServiceStatus since(const ServiceStatus& now, const ServiceStatus& before);

}  // namespace weir
