// Shards that come and go, and what a lane tells of them.
#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/pipeline/lane.h"

namespace weir {

std::future<void> Lane::assign(std::size_t source, const ShardStart& start, std::shared_ptr<PublishedPosition> position) {
  Message message;
  message.kind = Message::Kind::assign;
  message.source = source;
  message.start = start;
  message.position = std::move(position);
  std::future<void> answer = message.assigned.get_future();
  inbox_.enqueue(std::move(message));
  wake();
  return answer;
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

void Lane::wake() noexcept {
  if (LaneReader* reader = waiting_on_.load(std::memory_order_acquire)) reader->wake();
}

bool Lane::serve_inbox() {
  Message message;
  bool any = false;
  for (; inbox_.try_dequeue(message); any = true) {
    if (message.kind == Message::Kind::assign) {
      take_shard(message);
    } else {
      revokes_.push_back(std::move(message));
    }
  }
  return any;
}

void Lane::take_shard(Message& message) {
  LaneInput& input = inputs_.at(message.source);
  WEIR_CHECK(!input.shards.contains(message.start.shard));
  const Scorer& scorer = *input.settings.scorer;
  FeatureStore store(scorer.features(), held_features(scorer.features().size()), scorer.event(), scorer.derived_columns(),
                     input.settings.features);
  auto shard = std::make_unique<Shard>(message.start, std::move(message.position), std::move(store));
  shard->position->publish(position_of(*shard));
  input.shards.emplace(message.start.shard, std::move(shard));
  message.assigned.set_value();
}

bool Lane::is_revoking(const LaneInput& input, ShardIndex shard) const {
  return std::any_of(revokes_.begin(), revokes_.end(),
                     [&](const Message& message) { return &inputs_[message.source] == &input && message.start.shard == shard; });
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
    shard.ring.advance();
    if (!message.lost && shard.ring.in_flight() > 0 && Clock::now() < message.deadline) return false;
    const ShardPosition position = position_of(shard);
    fan_out_.forget(shard);
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
  if (++turns_ % turns_between_gauges == 0) publish_gauges();
}

void Lane::publish_gauges() {
  FeatureStoreCounters total;
  for (LaneInput& input : inputs_) {
    for (auto& [index, shard] : input.shards) {
      const FeatureStoreCounters counters = shard->store.totals();
      total.keys += counters.keys;
      total.bytes += counters.bytes;
      total.late_events += counters.late_events;
      total.too_late_events += counters.too_late_events;
    }
  }
  state_.keys.set(total.keys);
  state_.bytes.set(total.bytes);
  state_.late_events.set(total.late_events);
  state_.too_late_events.set(total.too_late_events);
}

void Lane::apply_back_pressure() {
  for (LaneInput& input : inputs_) {
    for (auto& [index, shard] : input.shards) {
      const std::size_t in_flight = shard->ring.in_flight();
      if (!shard->paused && in_flight >= input.settings.in_flight_max) {
        input.reader->pause(index);
        shard->paused = true;
        counters_.pauses.add(1);
      } else if (shard->paused && in_flight <= input.settings.in_flight_max / 2) {
        input.reader->resume(index);
        shard->paused = false;
      }
    }
  }
}

}  // namespace weir
