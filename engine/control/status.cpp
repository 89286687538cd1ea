#include "engine/control/status.h"

#include <algorithm>

namespace weir {

ServiceStatus look_at(const LaneGroup& lanes, const std::vector<std::string>& outcomes) {
  ServiceStatus status;
  std::chrono::steady_clock::time_point first_dead_letter_at;
  status.taken_at = std::chrono::steady_clock::now();
  for (const std::string& name : outcomes) status.outcomes.push_back({name, 0});
  for (LaneIndex index = 0; index < lanes.lane_count(); ++index) {
    const LaneCounters& counters = lanes.lane(index).counters();
    status.records += counters.records.get();
    status.bytes += counters.bytes.get();
    status.replayed += counters.replayed.get();
    status.decided += counters.decided.get();
    if (const auto last_ms = static_cast<std::int64_t>(counters.last_event_ms.get()); last_ms != 0)
      status.last_event_ms = status.last_event_ms == 0 ? last_ms : std::max(status.last_event_ms, last_ms);
    status.filtered += counters.filtered.get();
    status.skipped += counters.skipped.get();
    status.dead_letters += counters.dead_letters.get();
    const FirstText& dead_letter = counters.first_dead_letter;
    if (!dead_letter.get().empty() && (status.first_dead_letter.empty() || dead_letter.at() < first_dead_letter_at)) {
      status.first_dead_letter = dead_letter.get();
      first_dead_letter_at = dead_letter.at();
    }
    status.duplicates += counters.duplicates.get();
    status.late_dropped += counters.late_dropped.get();
    status.rule_errors += counters.rule_errors.get();
    status.reasons_cut += counters.reasons_cut.get();
    status.updates_left_out += counters.updates_left_out.get();
    status.held += counters.held.get();
    status.fired += counters.fired.get();
    status.batches += counters.batches.get();
    status.busy_ns += counters.busy_ns.get();
    const StateGauges& state = lanes.lane(index).state();
    status.keys += state.keys.get();
    status.state_bytes += state.bytes.get();
    status.late_events += state.late_events.get();
    status.too_late_events += state.too_late_events.get();
    status.ids_forgotten += state.ids_forgotten.get();
    status.key_events_dropped += state.key_events_dropped.get();
    status.distinct_values_cut += state.distinct_values_cut.get();
    status.sums_out_of_range += state.sums_out_of_range.get();
    status.facts_refused += state.facts_refused.get();
    status.pattern_events_dropped += state.pattern_events_dropped.get();
    status.pattern_tries_reached += state.pattern_tries_reached.get();
    for (std::size_t outcome = 0; outcome < outcomes.size() && outcome < LaneCounters::outcomes_max; ++outcome)
      status.outcomes[outcome].count += counters.outcomes[outcome].get();
    const SwitchPauses& switches = counters.switches;
    status.switches.push_back({switches.us.count(), switches.last_us.get(), switches.longest_us.get(), switches.turn_longest_us.get(),
                               switches.held_longest_us.get()});
    counters.batch_us.add_to(status.batch_us);
    counters.age_ms.add_to(status.age_ms);
  }
  status.shards = lanes.shard_count();
  status.failures = lanes.failures();
  return status;
}

ServiceStatus since(const ServiceStatus& now, const ServiceStatus& before) {
  ServiceStatus difference = now;
  difference.records -= before.records;
  difference.bytes -= before.bytes;
  difference.decided -= before.decided;
  difference.replayed -= before.replayed;
  difference.batches -= before.batches;
  difference.busy_ns -= before.busy_ns;
  for (std::size_t bucket = 0; bucket < Histogram::bucket_count; ++bucket) {
    difference.batch_us[bucket] -= before.batch_us[bucket];
    difference.age_ms[bucket] -= before.age_ms[bucket];
  }
  return difference;
}

}  // namespace weir
