#include "engine/pipeline/lane.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/pipeline/late_rows.h"

namespace weir {
namespace {

// Adds the time of its scope to the batch's.
class BusyTime {
 public:
  explicit BusyTime(BatchInFlight& batch) : batch_(batch), begun_(std::chrono::steady_clock::now()) {}
  ~BusyTime() { batch_.busy += std::chrono::steady_clock::now() - begun_; }
  BusyTime(const BusyTime&) = delete;
  BusyTime& operator=(const BusyTime&) = delete;

 private:
  BatchInFlight& batch_;
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace

Lane::Lane(LaneIndex index, const std::vector<InputSettings>& inputs, std::vector<SinkBinding> bindings, DecisionWatcher* watcher)
    : watcher_(watcher), fan_out_(index, std::move(bindings)), exchange_(index, inputs) {
  for (const InputSettings& input : inputs) inputs_.emplace_back(input);
}

void Lane::attach(std::size_t source, LaneReader& reader) {
  inputs_.at(source).reader = &reader;
  waiting_on_.store(inputs_.front().reader, std::memory_order_release);
}

std::vector<std::shared_ptr<const RuleCounters>> Lane::rule_counters() const {
  std::vector<std::shared_ptr<const RuleCounters>> all;
  for (const LaneInput& input : inputs_) all.push_back(input.rules);
  return all;
}

bool Lane::do_work(std::chrono::microseconds wait) {
  bool moved = fan_out_.collect();
  moved |= serve_inbox();
  moved |= serve_exchange();
  moved |= fan_out_.offer();
  for (std::size_t source = 0; source < inputs_.size() && has_room(); ++source) moved |= poll(source, std::chrono::microseconds{0});
  moved |= serve_exchange();
  if (!moved && wait.count() > 0 && !inputs_.empty()) {
    // One reader can be waited on; with several sources, or with acknowledgements to fetch, look again soon.
    const bool busy = inputs_.size() > 1 || fan_out_.in_flight() > 0;
    const auto patience = busy ? std::min(wait, std::chrono::microseconds{500}) : wait;
    if (has_room()) {
      moved = poll(0, patience);
    } else {
      moved = answers_.wait_until(Clock::now() + patience);
    }
    moved |= serve_exchange();
  }
  moved |= fan_out_.offer();
  if (moved || !revokes_.empty()) {
    publish_positions();
    apply_back_pressure();
    finish_revokes();
  }
  return moved;
}

bool Lane::poll(std::size_t source, std::chrono::microseconds wait) {
  RecordBatch* records = inputs_[source].reader->poll(wait);
  if (records == nullptr) return false;
  process(source, *records);
  return true;
}

void Lane::process(std::size_t source, RecordBatch& handed_over) {
  LaneInput& input = inputs_[source];
  std::vector<RecordView>& records = handed_over.records;
  const auto found = input.shards.find(handed_over.shard);
  if (found == input.shards.end() || found->second->start.epoch != handed_over.epoch || is_revoking(input, handed_over.shard)) {
    counters_.stale.add(records.size());
    return input.reader->release(&handed_over);
  }
  Shard& shard = *found->second;
  const auto from = [&](std::int64_t offset) {
    return std::find_if(records.begin(), records.end(), [offset](const RecordView& record) { return record.offset >= offset; });
  };
  // A record that was applied already must not move the windows again, whatever the source hands over.
  if (!records.empty() && records.front().offset < shard.next_expected) {
    const auto fresh = from(shard.next_expected);
    counters_.stale.add(static_cast<std::uint64_t>(fresh - records.begin()));
    records.erase(records.begin(), fresh);
  }
  if (!records.empty()) shard.next_expected = records.back().offset + 1;
  shard.next_expected = std::max(shard.next_expected, handed_over.next_offset);
  if (records.empty()) {
    if (shard.replaying) end_replay(input, shard);
    return input.reader->release(&handed_over);
  }
  const std::int64_t live_from = shard.start.live_from;
  if (records.back().offset < live_from) {
    BatchInFlight& batch = open_batch(source, shard, handed_over);
    batch.handed_over = &handed_over;
    return begin(batch);
  }
  if (records.front().offset < live_from) {
    // Mute and live records go separate ways. The memory behind both is released with the later ones.
    const auto live = from(live_from);
    BatchInFlight& replayed = open_batch(source, shard, handed_over);
    replayed.part.shard = handed_over.shard;
    replayed.part.epoch = handed_over.epoch;
    replayed.part.records.assign(records.begin(), live);
    replayed.part.headers = handed_over.headers;
    replayed.records = &replayed.part;
    records.erase(records.begin(), live);
    begin(replayed);
  }
  begin_live(source, shard, handed_over);
}

BatchInFlight& Lane::open_batch(std::size_t source, Shard& shard, const RecordBatch& records) {
  BatchInFlight& batch = inputs_[source].batches.take();
  batch.source = source;
  batch.shard = &shard;
  batch.records = &records;
  batch.handed_over = nullptr;
  batch.answers_missing = 0;
  batch.busy = std::chrono::nanoseconds{0};
  batch.rejects.clear();
  batch.firsts.clear();
  batch.duplicates.clear();
  batch.too_late.clear();
  batch.late_records.clear();
  batch.events.arena.clear();
  batch.features.arena.clear();
  return batch;
}

void Lane::begin(BatchInFlight& batch) {
  LaneInput& input = inputs_[batch.source];
  Shard& shard = *batch.shard;
  {
    const BusyTime busy(batch);
    const std::vector<RecordView>& records = batch.records->records;
    batch.mute = records.front().offset < shard.start.live_from;
    input.parser.parse(*batch.records, batch.events, batch.rejects);
    for (std::size_t row = 0; row < batch.events.rows; ++row) {
      const std::int64_t stamped_ms = records[batch.events.record_index[row]].timestamp_ms;
      if (stamped_ms >= 0) shard.lag_ms_max = std::max(shard.lag_ms_max, stamped_ms - batch.events.time().integers[row]);
    }
    input.settings.scorer->prepare(batch.events, *input.scratch);
    if (shard.duplicates != nullptr) shard.duplicates->look(batch.events, *batch.records, batch.firsts, batch.duplicates);
    batch.judged = !batch.mute || shard.duplicates != nullptr || shard.feedback != nullptr;
    if (batch.judged) {
      shard.store.apply(batch.events, batch.features);
    } else {
      shard.store.apply(batch.events);
    }
    if (input.settings.late != LatePolicy::decide) batch.too_late = shard.store.too_late_rows();
    if (exchange_.concerns(batch.source)) exchange_.request(batch);
  }
  ++shard.batches_in_flight;
  if (batch.answers_missing == 0 && shard.batches_in_flight == 1) return finish(batch);
  in_flight_.push_back(&batch);
}

bool Lane::serve_exchange() {
  bool moved = exchange_.serve();
  if (moved) finish_answered();
  if (batches_waiting_ > 0) moved |= begin_waiting();
  return moved;
}

// Batches of one shard are finished in order; those of others do not wait for them.
void Lane::finish_answered() {
  std::size_t kept = 0;
  for (BatchInFlight* batch : in_flight_) {
    const auto same_shard = [&](const BatchInFlight* earlier) { return earlier->shard == batch->shard; };
    const auto end = in_flight_.begin() + static_cast<std::ptrdiff_t>(kept);
    if (batch->answers_missing > 0 || std::any_of(in_flight_.begin(), end, same_shard)) {
      in_flight_[kept++] = batch;
    } else {
      finish(*batch);
    }
  }
  in_flight_.resize(kept);
}

void Lane::finish(BatchInFlight& batch) {
  LaneInput& input = inputs_[batch.source];
  Shard& shard = *batch.shard;
  if (!batch.too_late.empty()) take_out_late_rows(batch, exchange_.keys_of_features(batch.source));
  const Scorer& scorer = *input.settings.scorer;
  if (batch.judged) {
    const BusyTime busy(batch);
    if (shard.feedback) {
      // Mute records, too: what was decided about them is what later ones read.
      FeedbackState* const states[] = {shard.feedback.get(), input.feedback.get()};
      const std::size_t count = input.feedback ? 2 : 1;
      input.judge.judge(scorer, batch.events, batch.features, {states, count}, batch.decisions, *input.scratch);
    } else {
      scorer.score(batch.events, batch.features, batch.decisions, *input.scratch);
    }
    if (shard.duplicates != nullptr) output_writer_.remember(batch, input.writer);
  }
  if (!batch.mute) {
    const BusyTime busy(batch);
    output_writer_.write(batch, input.writer, scorer, input.settings.late);
    input.rules->add(batch.decisions);
    if (!batch.late_records.empty())
      (input.settings.late == LatePolicy::drop ? counters_.late_dropped : counters_.dead_letters).add(batch.late_records.size());
    if (watcher_ != nullptr) watcher_->decided(batch.events, batch.decisions, scorer.vocabulary());
  }
  if (shard.duplicates != nullptr) {
    shard.duplicates->release(batch.firsts);
    shard.duplicates->release(batch.duplicates);
  }
  counters_.busy_ns.add(static_cast<std::uint64_t>(batch.busy.count()));
  counters_.add(batch);
  if (batch.handed_over != nullptr) input.reader->release(batch.handed_over);
  input.batches.give_back(batch);
  --shard.batches_in_flight;
  if (shard.replaying) end_replay(input, shard);
}

}  // namespace weir
