#include "engine/pipeline/lane_counters.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "engine/parse/reject.h"
#include "engine/pipeline/batch_in_flight.h"
#include "engine/pipeline/late_rows.h"
#include "engine/pipeline/rule_stages.h"

namespace weir {
namespace {

std::string place_of(const BatchInFlight& batch, std::uint32_t record) {
  const ShardName& shard = batch.shard->start.name;
  return shard.topic + "/" + std::to_string(shard.partition) + " at " + std::to_string(batch.records->records[record].offset) + ": ";
}

}  // namespace

void LaneCounters::add(const BatchInFlight& batch) {
  const std::vector<RecordView>& all = batch.records->records;
  batches.add(1);
  if (batch.mute) {
    replayed.add(all.size());
    return;
  }
  records.add(all.size());
  std::uint64_t bytes_in_all = 0;
  for (const RecordView& record : all) bytes_in_all += record.value.size();
  bytes.add(bytes_in_all);
  batch_us.record(static_cast<std::uint64_t>(batch.busy.count()) / 1000, all.size());
  // One age a batch: that of its oldest record, for all of them.
  if (const std::int64_t stamped_ms = all.front().timestamp_ms; stamped_ms >= 0) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    age_ms.record(static_cast<std::uint64_t>(std::max<std::int64_t>(0, now_ms - stamped_ms)), all.size());
  }
  std::array<std::uint64_t, outcomes_max> by_outcome{};
  const std::vector<std::uint8_t>& slots = batch.stages->outcome_slots;
  std::uint64_t judged = 0;
  for (std::size_t row = 0; row < batch.events.rows; ++row) {
    if (!batch.events.active.test(row)) continue;
    ++judged;
    ++by_outcome[slots[batch.decisions.outcomes[row]]];
  }
  decided.add(judged);
  if (batch.events.rows > 0) last_event_ms.set(static_cast<std::uint64_t>(batch.events.time().integers[batch.events.rows - 1]));
  filtered.add(batch.events.rows - judged - batch.late_records.size() - batch.duplicates.size());
  duplicates.add(batch.duplicates.size());
  skipped.add(all.size() - batch.events.rows - batch.rejects.size());
  for (std::size_t outcome = 0; outcome < by_outcome.size(); ++outcome)
    if (by_outcome[outcome] > 0) outcomes[outcome].add(by_outcome[outcome]);
  fired.add(batch.decisions.fired.size());
  rule_errors.add(batch.decisions.errors.size());
  reasons_cut.add(batch.decisions.reasons_cut);
  updates_left_out.add(batch.decisions.updates_left_out);
  if (batch.rejects.empty()) return;
  dead_letters.add(batch.rejects.size());
  if (!first_dead_letter.get().empty()) return;
  const Reject& reject = batch.rejects.front();
  first_dead_letter.say(place_of(batch, reject.record) + reject_message(reject, batch.stages->scorer->event()));
}

void LaneCounters::add_late(const BatchInFlight& batch, LatePolicy late) {
  if (batch.late_records.empty()) return;
  if (late == LatePolicy::drop) return late_dropped.add(batch.late_records.size());
  dead_letters.add(batch.late_records.size());
  if (first_dead_letter.get().empty()) first_dead_letter.say(place_of(batch, batch.late_records.front()) + std::string(too_late_text));
}

}  // namespace weir
