// Shards that come and go, and what a lane tells of them.
#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/pipeline/lane.h"

namespace weir {

std::future<void> Lane::post(Message message) {
  std::future<void> answer = message.done.get_future();
  inbox_.enqueue(std::move(message));
  wake();
  return answer;
}

std::future<void> Lane::assign(std::size_t source, const ShardStart& start, std::shared_ptr<PublishedPosition> position, ShardRules rules) {
  Message message;
  message.kind = Message::Kind::assign;
  message.rules = std::move(rules);
  message.source = source;
  message.start = start;
  message.position = std::move(position);
  const bool shares = message.rules.stages == nullptr
                          ? inputs_[source].shares_at_start
                          : message.rules.stages->shares || std::any_of(message.rules.coming.begin(), message.rules.coming.end(),
                                                                        [](const ComingStages& each) { return each.stages->shares; });
  message.replays = shares && start.replay_from < start.live_from;
  // Before the shard is known, so that no other one goes live in between.
  if (message.replays) inputs_[source].settings.gate->close();
  return post(std::move(message));
}

std::future<ShardPosition> Lane::revoke(std::size_t source, ShardIndex shard, bool lost, std::chrono::steady_clock::time_point deadline) {
  Message message;
  message.kind = Message::Kind::revoke;
  message.source = source;
  message.start.shard = shard;
  message.lost = lost;
  message.deadline = deadline;
  std::future<ShardPosition> answer = message.revoked.get_future();
  inbox_.enqueue(std::move(message));
  wake();
  return answer;
}

std::future<void> Lane::forget_shared(std::size_t keeper) {
  Message message;
  message.kind = Message::Kind::forget_shared;
  message.keeper = keeper;
  return post(std::move(message));
}

std::future<void> Lane::forget_shard(std::size_t source, ShardIndex shard) {
  Message message;
  message.kind = Message::Kind::forget_shard;
  message.source = source;
  message.start.shard = shard;
  return post(std::move(message));
}

void Lane::give_up(std::size_t source, ShardIndex shard) {
  Message message;
  message.kind = Message::Kind::give_up;
  message.source = source;
  message.start.shard = shard;
  post(std::move(message));
}

void Lane::wake() noexcept {
  if (LaneReader* reader = waiting_on_.load(std::memory_order_acquire)) reader->wake();
  answers_.notify();
}

bool Lane::serve_inbox() {
  Message message;
  bool any = false;
  for (; inbox_.try_dequeue(message); any = true) {
    LaneInput& input = inputs_.at(message.source);
    switch (message.kind) {
      case Message::Kind::assign:
        take_shard(message);
        break;
      case Message::Kind::revoke:
        revokes_.push_back(std::move(message));
        continue;
      case Message::Kind::forget_shared:
        forget_keeper(message.keeper);
        break;
      case Message::Kind::forget_shard:
        forget_shard_here(message.source, message.start.shard);
        break;
      case Message::Kind::give_up:
        if (const auto found = input.shards.find(message.start.shard); found != input.shards.end()) stop_replay(input, *found->second);
        break;
      case Message::Kind::propose:
        message.proposed.set_value(answer_proposal(message.proposal));
        break;
      case Message::Kind::settle:
        settle_shards(message);
        break;
      case Message::Kind::adopt:
        exchange_.owned().adopt(*message.rules.stages);
        break;
      case Message::Kind::forget_version:
        forget_version_here(message.version);
        break;
      case Message::Kind::turn:
        break;
      case Message::Kind::quiet:
        quiet_wanted_.push_back(std::move(message.done));
        continue;
    }
    message.done.set_value();
  }
  return any;
}

void Lane::take_shard(Message& message) {
  LaneInput& input = inputs_.at(message.source);
  WEIR_CHECK(!input.shards.contains(message.start.shard));
  std::shared_ptr<RuleStages> stages = message.rules.stages ? std::move(message.rules.stages) : input.stages;
  const Scorer& scorer = *stages->scorer;
  FeatureStore store(scorer.features(), stages->placement.with_shard, scorer.event(), scorer.derived_columns(), input.settings.features);
  auto shard = std::make_unique<Shard>(message.start, std::move(message.position), std::move(stages), std::move(store));
  shard->coming.assign(message.rules.coming.begin(), message.rules.coming.end());
  shard->earliest_switch = message.rules.earliest_switch;
  shard->position->set_version(shard->stages->version());
  if (input.settings.duplicates.horizon_ms > 0) shard->duplicates = std::make_unique<Duplicates>(input.settings.duplicates);
  shard->replaying = message.replays;
  shard->feedback = make_shard_feedback(scorer, input.settings);
  feedback_.provide(*shard->stages, input.settings);
  input.stages = shard->stages;
  shard->position->publish(position_of(*shard));
  input.shards.emplace(message.start.shard, std::move(shard));
}

// The replay is over when everything below the live records has been added, here and at the owners of its keys.
void Lane::end_replay(LaneInput& input, Shard& shard) {
  if (shard.next_expected >= shard.start.live_from && shard.batches_in_flight == 0) stop_replay(input, shard);
}

void Lane::stop_replay(LaneInput& input, Shard& shard) {
  if (shard.replaying && input.settings.gate->open()) exchange_.wake_all();
  shard.replaying = false;
}

void Lane::forget_shard_here(std::size_t source, ShardIndex shard) {
  std::vector<std::shared_ptr<void>> retired;
  exchange_.owned().forget_shard(source, shard, retired);
  retire(retired);
}

void Lane::forget_keeper(std::size_t keeper) {
  std::vector<std::shared_ptr<void>> retired;
  exchange_.owned().forget_shared(keeper, retired);
  feedback_.forget(keeper, retired);
  for (LaneInput& input : inputs_) {
    std::shared_ptr<FeedbackState>& held = keeper == joint_keeper ? input.stages->joint_feedback : input.stages->feedback;
    if (keeper == joint_keeper || keeper == input.stages->source) retired.push_back(std::move(held));
  }
  retire(retired);
}

bool Lane::is_revoking(const LaneInput& input, ShardIndex shard) const {
  return std::any_of(revokes_.begin(), revokes_.end(),
                     [&](const Message& message) { return &inputs_[message.source] == &input && message.start.shard == shard; });
}

void Lane::answer_when_quiet() {
  const auto is_asking = [](const BatchInFlight* batch) { return !batch->mute && batch->stages->shares; };
  if (std::any_of(in_flight_.begin(), in_flight_.end(), is_asking)) return;
  for (std::promise<void>& wanted : quiet_wanted_) wanted.set_value();
  quiet_wanted_.clear();
}

bool Lane::finish_revokes() {
  const auto finished = [this](Message& message) {
    LaneInput& input = inputs_.at(message.source);
    const auto found = input.shards.find(message.start.shard);
    if (found == input.shards.end()) {
      message.revoked.set_value({});
      return true;
    }
    Shard& shard = *found->second;
    // Other lanes have blocks of it, which come back whatever the deadline is.
    if (shard.batches_in_flight > 0) return false;
    shard.ring.advance();
    if (!message.lost && shard.ring.in_flight() > 0 && Clock::now() < message.deadline) return false;
    const ShardPosition position = position_of(shard);
    if (!shard.held.empty()) --shards_holding_;
    for (RecordBatch* held : shard.held) input.reader->release(held);
    fan_out_.forget(shard);
    stop_replay(input, shard);
    retired_.enqueue(std::shared_ptr<Shard>(std::move(found->second)));  // all its windows
    input.shards.erase(found);
    message.revoked.set_value(position);
    return true;
  };
  return std::erase_if(revokes_, finished) > 0;
}

ShardPosition Lane::position_of(Shard& shard) const {
  ShardPosition position;
  position.next_offset = shard.ring.next_offset();
  position.timestamp_ms = shard.ring.timestamp_ms();
  position.lag_ms_max = shard.lag_ms_max;
  return position;
}

void Lane::publish_positions() {
  for (LaneInput& input : inputs_)
    for (auto& [index, shard] : input.shards)
      if (shard->ring.advance()) shard->position->publish(position_of(*shard));
  count_turn();
}

void Lane::count_turn() {
  if (++turns_ % turns_between_gauges == 0) publish_gauges();
}

void Lane::publish_gauges() {
  FeatureStoreCounters total;
  const auto add = [&total](const FeatureStore& store) { total += store.totals(); };
  exchange_.owned().for_each(add);
  std::uint64_t ids_forgotten = 0;
  FeedbackCounters feedback;
  feedback_.add_counters(feedback);
  for (LaneInput& input : inputs_) {
    for (auto& [index, shard] : input.shards) {
      add(shard->store);
      if (shard->feedback) shard->feedback->add_counters(feedback);
      if (shard->duplicates != nullptr) ids_forgotten += shard->duplicates->bound_reached();
    }
  }
  total += feedback.windows;
  state_.keys.set(total.keys + feedback.fact_keys + feedback.pattern_keys);
  state_.bytes.set(total.bytes + feedback.bytes);
  state_.key_events_dropped.set(total.events_bound_reached);
  state_.distinct_values_cut.set(total.distinct_bound_reached);
  state_.sums_out_of_range.set(total.out_of_range);
  state_.facts_refused.set(feedback.facts_refused);
  state_.pattern_events_dropped.set(feedback.pattern_events_dropped);
  state_.pattern_tries_reached.set(feedback.pattern_tries_reached);
  state_.late_events.set(total.late_events);
  state_.too_late_events.set(total.too_late_events);
  state_.ids_forgotten.set(ids_forgotten);
}

void Lane::apply_back_pressure() {
  for (LaneInput& input : inputs_) {
    for (auto& [index, shard] : input.shards) {
      const std::size_t in_flight = shard->ring.in_flight();
      const bool waits = !shard->held.empty();
      if (!shard->paused && (in_flight >= input.settings.in_flight_max || waits)) {
        input.reader->pause(index);
        shard->paused = true;
        counters_.pauses.add(1);
      } else if (shard->paused && in_flight <= input.settings.in_flight_max / 2 && !waits) {
        input.reader->resume(index);
        shard->paused = false;
      }
    }
  }
}

}  // namespace weir
