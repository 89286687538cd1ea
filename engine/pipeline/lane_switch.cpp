// Which records a lane may decide now, and by which rule set: epochs, bounds, and the switch from one set to the next.
#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/pipeline/lane.h"
#include "engine/pipeline/time_spent.h"

namespace weir {

std::future<std::vector<ProposedSwitch>> Lane::propose(SwitchProposal proposal) {
  Message message;
  message.kind = Message::Kind::propose;
  message.proposal = std::move(proposal);
  std::future<std::vector<ProposedSwitch>> answer = message.proposed.get_future();
  inbox_.enqueue(std::move(message));
  wake();
  return answer;
}

void Lane::settle(std::uint64_t version, bool durable, std::vector<std::uint64_t> never_began) {
  Message message;
  message.kind = Message::Kind::settle;
  message.version = version;
  message.durable = durable;
  message.never_began = std::move(never_began);
  post(std::move(message));
}

std::future<void> Lane::turn() {
  Message message;
  message.kind = Message::Kind::turn;
  return post(std::move(message));
}

std::future<void> Lane::quiet() {
  Message message;
  message.kind = Message::Kind::quiet;
  return post(std::move(message));
}

void Lane::forget_version(std::uint64_t version) {
  Message message;
  message.kind = Message::Kind::forget_version;
  message.version = version;
  post(std::move(message));
}

void Lane::adopt(std::size_t source, std::shared_ptr<RuleStages> stages) {
  Message message;
  message.kind = Message::Kind::adopt;
  message.source = source;
  message.rules.stages = std::move(stages);
  post(std::move(message));
}

void Lane::free_retired() {
  std::shared_ptr<void> gone;
  while (retired_.try_dequeue(gone)) gone.reset();
}

void Lane::retire(std::vector<std::shared_ptr<void>>& gone) {
  for (std::shared_ptr<void>& each : gone)
    if (each != nullptr) retired_.enqueue(std::move(each));
}

bool Lane::work_through(std::size_t source, Shard& shard, RecordBatch& handed_over) {
  std::vector<RecordView>& records = handed_over.records;
  const auto from = [&](std::int64_t offset) {
    return std::find_if(records.begin(), records.end(), [offset](const RecordView& record) { return record.offset >= offset; });
  };
  // A record that was applied already must not move the windows again, whatever the source hands over.
  if (!records.empty() && records.front().offset < shard.next_expected) {
    const auto fresh = from(shard.next_expected);
    counters_.stale.add(static_cast<std::uint64_t>(fresh - records.begin()));
    records.erase(records.begin(), fresh);
  }
  while (!records.empty()) {
    if (!has_room()) return false;
    const std::int64_t front = records.front().offset;
    const std::int64_t live_from = shard.start.live_from;
    while (!shard.coming.empty() && shard.coming.front().offset <= front) {
      if (!shard.coming.front().durable) return false;
      // What rules write is read when a batch is finished, so it changes hands when none of the shard is on its way.
      const bool feedback = shard.stages->feeds_back || shard.coming.front().stages->feeds_back;
      if (feedback && shard.batches_in_flight > 0) return false;
      take_over(source, shard);
    }
    if (front >= live_from) {
      LaneInput& input = inputs_[source];
      if (shard.replaying) end_replay(input, shard);
      if (shard.stages->shares && !input.settings.gate->is_open()) return false;
    }
    std::int64_t end = shard.position->bound();
    if (front >= end) return false;
    if (!shard.coming.empty()) end = std::min(end, shard.coming.front().offset);
    if (front < live_from) end = std::min(end, live_from);
    if (front < live_from && shard.stages->shares_feedback()) {
      const std::size_t count = replayable(source, shard, records);
      if (count == 0) return false;
      if (count < records.size()) end = std::min(end, records[count].offset);
    }
    const bool whole = records.back().offset < end;
    BatchInFlight& batch = open_batch(source, shard, handed_over);
    if (whole) {
      batch.handed_over = &handed_over;
      shard.next_expected = std::max(records.back().offset + 1, handed_over.next_offset);
    } else {
      // Mute and live records, and those of two rule sets, go separate ways. The memory behind them is released with the last ones.
      const auto cut = from(end);
      batch.part.shard = handed_over.shard;
      batch.part.epoch = handed_over.epoch;
      batch.part.records.assign(records.begin(), cut);
      batch.part.headers = handed_over.headers;
      batch.records = &batch.part;
      shard.next_expected = std::prev(cut)->offset + 1;
      records.erase(records.begin(), cut);
    }
    begin(batch);
    shard.position->set_decided_below(shard.next_expected);
    if (whole) return true;
  }
  // Nothing is left of it, or there never was anything: then it says how far the source has come.
  shard.next_expected = std::max(shard.next_expected, handed_over.next_offset);
  if (shard.replaying) end_replay(inputs_[source], shard);
  inputs_[source].reader->release(&handed_over);
  return true;
}

// Records of all shards in the order in which the broker got them, as near as their timestamps tell; of one time by source and shard.
std::size_t Lane::replayable(std::size_t source, const Shard& shard, const std::vector<RecordView>& records) const {
  if (inputs_[source].settings.gate->is_expecting()) return 0;
  using Place = std::tuple<std::int64_t, std::size_t, ShardIndex>;
  std::size_t count = records.size();
  for (std::size_t other = 0; other < inputs_.size(); ++other) {
    for (const auto& [index, each] : inputs_[other].shards) {
      if (each.get() == &shard || !each->replaying || !each->stages->shares_feedback()) continue;
      if (each->held.empty() || each->held.front()->records.empty()) return 0;
      const Place next{each->held.front()->records.front().timestamp_ms, other, index};
      const auto is_behind = [&](const RecordView& record) { return Place{record.timestamp_ms, source, shard.start.shard} > next; };
      const auto end = records.begin() + static_cast<std::ptrdiff_t>(count);
      count = static_cast<std::size_t>(std::find_if(records.begin(), end, is_behind) - records.begin());
    }
  }
  return count;
}

void Lane::hold(std::size_t source, Shard& shard, RecordBatch& handed_over) {
  if (shard.held.empty()) ++shards_holding_;
  const bool on_disk = inputs_[source].settings.gate->is_open() && has_room();
  if (on_disk) counters_.held.add(handed_over.records.size());
  if (on_disk && shard.held.empty()) shard.held_since = Clock::now();
  shard.held.push_back(&handed_over);
}

bool Lane::serve_held() {
  bool moved = false;
  for (std::size_t source = 0; source < inputs_.size(); ++source) {
    for (auto& [index, shard] : inputs_[source].shards) {
      if (shard->held.empty() || is_revoking(inputs_[source], index)) continue;
      while (!shard->held.empty() && work_through(source, *shard, *shard->held.front())) {
        shard->held.pop_front();
        moved = true;
      }
      if (!shard->held.empty()) continue;
      --shards_holding_;
      if (shard->held_since == Clock::time_point{}) continue;
      const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - shard->held_since);
      Gauge& longest_us = counters_.switches.held_longest_us;
      longest_us.set(std::max(longest_us.get(), static_cast<std::uint64_t>(waited.count())));
      shard->held_since = {};
    }
  }
  return moved;
}

// Between two batches of the shard.
void Lane::take_over(std::size_t source, Shard& shard) {
  const TimeSpent switching(switching_);
  const std::shared_ptr<RuleStages> before = std::move(shard.stages);
  shard.stages = std::move(shard.coming.front().stages);
  shard.coming.pop_front();
  const Scorer& next = *shard.stages->scorer;
  std::vector<std::shared_ptr<void>> retired;
  shard.store.switch_to(before->scorer->features(), next.features(), shard.stages->placement.with_shard, next.event(),
                        next.derived_columns(), retired);
  const InputSettings& settings = inputs_[source].settings;
  std::unique_ptr<FeedbackState> feedback = make_shard_feedback(next, settings, {shard.feedback.get(), before->scorer.get()});
  if (shard.feedback) {
    shard.feedback->end();
    retired.push_back(std::shared_ptr<FeedbackState>(std::move(shard.feedback)));
  }
  shard.feedback = std::move(feedback);
  if (shard.feedback) shard.feedback->forget_ended(retired);
  feedback_.provide(*shard.stages, settings);
  retired.push_back(before);
  retire(retired);
  shard.position->set_version(shard.stages->version());
  inputs_[source].stages = shard.stages;
}

std::vector<ProposedSwitch> Lane::answer_proposal(const SwitchProposal& proposal) {
  const TimeSpent switching(switching_);
  std::vector<ProposedSwitch> answer;
  proposed_ = proposal.stages;
  for (std::size_t source = 0; source < inputs_.size(); ++source) {
    const std::shared_ptr<RuleStages>& stages = proposal.stages[source];
    for (auto& [index, shard] : inputs_[source].shards) {
      if (shard->stages->version() == stages->version() && shard->coming.empty()) continue;
      const auto margin = proposal.margins.find({source, index});
      const std::int64_t undecided =
          shard->held.empty() || shard->held.front()->records.empty() ? shard->next_expected : shard->held.front()->records.front().offset;
      const std::int64_t offset =
          std::max({undecided + (margin == proposal.margins.end() ? 0 : margin->second), shard->start.live_from, shard->earliest_switch});
      const auto same = [&](const ComingStages& each) { return each.stages->version() == stages->version() && each.offset <= offset; };
      if (std::any_of(shard->coming.begin(), shard->coming.end(), same)) continue;
      shard->before_proposal = shard->coming;
      while (!shard->coming.empty() && shard->coming.back().offset >= offset) shard->coming.pop_back();
      shard->coming.push_back({offset, stages, false});
      answer.push_back({source, index, offset});
    }
  }
  return answer;
}

void Lane::forget_version_here(std::uint64_t version) {
  const TimeSpent switching(switching_);
  std::vector<std::shared_ptr<void>> retired;
  for (std::size_t source = 0; source < inputs_.size(); ++source) exchange_.owned().forget_version(source, version, retired);
  exchange_.owned().forget_version(joint_keeper, version, retired);
  feedback_.forget_version(version, retired);
  retire(retired);
}

void Lane::settle_shards(const Message& message) {
  const TimeSpent switching(switching_);
  const std::uint64_t version = message.version;
  const bool durable = message.durable;
  for (const std::uint64_t gone : message.never_began) exchange_.owned().leave_out(gone);
  for (std::size_t source = 0; durable && source < proposed_.size(); ++source) exchange_.owned().adopt(*proposed_[source]);
  proposed_.clear();
  for (LaneInput& input : inputs_) {
    for (auto& [index, shard] : input.shards) {
      const auto proposed = [&](const ComingStages& each) { return !each.durable && each.stages->version() == version; };
      const auto found = std::find_if(shard->coming.begin(), shard->coming.end(), proposed);
      if (found == shard->coming.end()) continue;
      if (durable) {
        found->durable = true;
      } else {
        // What the proposal replaced comes back, less what has been taken over in the meantime.
        while (!shard->before_proposal.empty() && shard->before_proposal.front().offset < shard->next_expected)
          shard->before_proposal.pop_front();
        shard->coming = std::move(shard->before_proposal);
      }
      shard->before_proposal.clear();
    }
  }
}

}  // namespace weir
