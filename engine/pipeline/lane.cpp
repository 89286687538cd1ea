#include "engine/pipeline/lane.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/pipeline/late_rows.h"
#include "engine/pipeline/time_spent.h"

namespace weir {

Lane::Lane(LaneIndex index, const std::vector<InputSettings>& inputs, std::vector<SinkBinding> bindings, DecisionWatcher* watcher)
    : watcher_(watcher), fan_out_(index, std::move(bindings)), exchange_(index, inputs) {
  for (const InputSettings& input : inputs) inputs_.emplace_back(input, inputs_.size());
}

void Lane::attach(std::size_t source, LaneReader& reader) {
  inputs_.at(source).reader = &reader;
  waiting_on_.store(inputs_.front().reader, std::memory_order_release);
}

void Lane::connect(const std::vector<Lane*>& lanes) {
  exchange_.connect(lanes);
  for (LaneInput& input : inputs_) input.place(static_cast<LaneIndex>(lanes.size()));
}

std::vector<std::shared_ptr<const RuleCounters>> Lane::rule_counters() const {
  std::vector<std::shared_ptr<const RuleCounters>> all;
  for (const LaneInput& input : inputs_) all.push_back(input.stages->counters);
  return all;
}

bool Lane::do_work(std::chrono::microseconds wait) {
  if (turns_watched_ == 0) [[likely]]
    return take_turn(wait);
  --turns_watched_;
  const std::chrono::nanoseconds begun = thread_cpu_time();
  const bool moved = take_turn(wait);
  counters_.switches.saw_turn(thread_cpu_time() - begun);
  return moved;
}

bool Lane::take_turn(std::chrono::microseconds wait) {
  bool moved = fan_out_.collect();
  moved |= serve_inbox();
  moved |= serve_exchange();
  moved |= fan_out_.offer();
  if (shards_holding_ > 0) moved |= serve_held();
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
  } else if (turns_ % turns_between_gauges != 0) {
    count_turn();  // a lane that has little to do shows it soon, too
  }
  if (!quiet_wanted_.empty()) answer_when_quiet();
  switching_ += exchange_.owned().take_switching_time();
  if (switching_.count() > 0) {
    counters_.switches.add(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(switching_).count()));
    switching_ = std::chrono::nanoseconds{0};
    turns_watched_ = turns_watched_about_switches;
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
  if (!shard.held.empty() || !work_through(source, shard, handed_over)) hold(source, shard, handed_over);
}

BatchInFlight& Lane::open_batch(std::size_t source, Shard& shard, const RecordBatch& records) {
  BatchInFlight& batch = shard.stages->batches.take();
  batch.source = source;
  batch.shard = &shard;
  batch.stages = shard.stages;
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
  RuleStages& stages = *batch.stages;
  Shard& shard = *batch.shard;
  {
    const TimeSpent busy(batch.busy);
    const std::vector<RecordView>& records = batch.records->records;
    batch.mute = records.front().offset < shard.start.live_from;
    stages.parser.parse(*batch.records, batch.events, batch.rejects);
    for (std::size_t row = 0; row < batch.events.rows; ++row) {
      const std::int64_t stamped_ms = records[batch.events.record_index[row]].timestamp_ms;
      if (stamped_ms >= 0) shard.lag_ms_max = std::max(shard.lag_ms_max, stamped_ms - batch.events.time().integers[row]);
    }
    stages.scorer->prepare(batch.events, *stages.scratch);
    if (shard.duplicates != nullptr) shard.duplicates->look(batch.events, *batch.records, batch.firsts, batch.duplicates);
    batch.judged = !batch.mute || shard.duplicates != nullptr || shard.feedback != nullptr;
    if (batch.judged) {
      shard.store.apply(batch.events, batch.features);
    } else {
      shard.store.apply(batch.events);
    }
    if (inputs_[batch.source].settings.late != LatePolicy::decide) batch.too_late = shard.store.too_late_rows();
    if (!stages.placement.routes.empty()) exchange_.request(batch);
  }
  ++shard.batches_in_flight;
  if (batch.answers_missing == 0 && shard.batches_in_flight == 1) return finish(batch);
  in_flight_.push_back(&batch);
}

bool Lane::serve_exchange() {
  bool moved = exchange_.serve();
  if (moved) finish_answered();
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
  RuleStages& stages = *batch.stages;
  LaneInput& input = inputs_[batch.source];
  Shard& shard = *batch.shard;
  if (!batch.too_late.empty()) take_out_late_rows(batch, stages.keys_of_features);
  const Scorer& scorer = *stages.scorer;
  if (batch.judged) {
    const TimeSpent busy(batch.busy);
    if (shard.feedback) {
      // Mute records, too: what was decided about them is what later ones read.
      FeedbackState* states[3] = {shard.feedback.get()};
      std::size_t count = 1;
      for (FeedbackState* state : {stages.feedback.get(), stages.joint_feedback.get()})
        if (state != nullptr) states[count++] = state;
      stages.judge.judge(scorer, batch.events, batch.features, {states, count}, batch.decisions, *stages.scratch);
    } else {
      scorer.score(batch.events, batch.features, batch.decisions, *stages.scratch);
    }
    if (shard.duplicates != nullptr) output_writer_.remember(batch, stages.writer);
  }
  if (!batch.mute) {
    const TimeSpent busy(batch.busy);
    output_writer_.write(batch, stages.writer, scorer, input.settings.late);
    stages.counters->add(batch.decisions);
    counters_.add_late(batch, input.settings.late);
    if (watcher_ != nullptr) watcher_->decided(batch.events, batch.decisions, scorer.vocabulary());
  }
  if (shard.duplicates != nullptr) {
    shard.duplicates->release(batch.firsts);
    shard.duplicates->release(batch.duplicates);
  }
  counters_.busy_ns.add(static_cast<std::uint64_t>(batch.busy.count()));
  counters_.add(batch);
  if (batch.handed_over != nullptr) input.reader->release(batch.handed_over);
  --shard.batches_in_flight;
  if (shard.replaying) end_replay(input, shard);
  std::shared_ptr<RuleStages> kept = std::move(batch.stages);
  kept->batches.give_back(batch);
  // The last batch of a rule set that is gone takes it along, elsewhere.
  if (kept != shard.stages) retired_.enqueue(std::move(kept));
}

}  // namespace weir
