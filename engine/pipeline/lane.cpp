#include "engine/pipeline/lane.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "engine/base/check.h"
#include "engine/event/dead_letter.h"

namespace weir {
namespace {

std::uint64_t nanoseconds_since(std::chrono::steady_clock::time_point begun) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begun).count());
}

}  // namespace

std::vector<FeatureIndex> held_features(std::size_t count) {
  std::vector<FeatureIndex> all(count);
  std::iota(all.begin(), all.end(), FeatureIndex{0});
  return all;
}

Lane::Input::Input(const InputSettings& input_settings)
    : settings(input_settings),
      parser(settings.scorer->event(), settings.parse),
      scratch(settings.scorer->make_scratch()),
      writer(settings.scorer->vocabulary(), settings.scorer->event()) {}

Lane::Lane(LaneIndex index, const std::vector<InputSettings>& inputs, std::vector<SinkBinding> bindings, DecisionWatcher* watcher)
    : watcher_(watcher), fan_out_(index, std::move(bindings)) {
  for (const InputSettings& input : inputs) inputs_.emplace_back(input);
}

void Lane::attach(std::size_t source, LaneReader& reader) {
  inputs_.at(source).reader = &reader;
  waiting_on_.store(inputs_.front().reader, std::memory_order_release);
}

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

bool Lane::do_work(std::chrono::microseconds wait) {
  bool moved = fan_out_.collect();
  moved |= serve_inbox();
  moved |= fan_out_.offer();
  for (std::size_t source = 0; source < inputs_.size(); ++source) {
    if (RecordBatch* records = inputs_[source].reader->poll(std::chrono::microseconds{0})) {
      process(inputs_[source], *records);
      inputs_[source].reader->release(records);
      moved = true;
    }
  }
  if (!moved && wait.count() > 0 && !inputs_.empty()) {
    // One reader can be waited on; with several sources, or with acknowledgements to fetch, look again soon.
    const bool busy = inputs_.size() > 1 || fan_out_.in_flight() > 0;
    const auto patience = busy ? std::min(wait, std::chrono::microseconds{500}) : wait;
    if (RecordBatch* records = inputs_.front().reader->poll(patience)) {
      process(inputs_.front(), *records);
      inputs_.front().reader->release(records);
      moved = true;
    }
  }
  moved |= fan_out_.offer();
  if (moved || !revokes_.empty()) {
    publish_positions();
    apply_back_pressure();
    finish_revokes();
  }
  return moved;
}

bool Lane::serve_inbox() {
  Message message;
  bool any = false;
  while (inbox_.try_dequeue(message)) {
    any = true;
    Input& input = inputs_.at(message.source);
    if (message.kind == Message::Kind::assign) {
      WEIR_CHECK(!input.shards.contains(message.start.shard));
      const Scorer& scorer = *input.settings.scorer;
      FeatureStore store(scorer.features(), held_features(scorer.features().size()), scorer.event(), scorer.derived_columns(),
                         input.settings.features);
      auto shard = std::make_unique<Shard>(message.start, std::move(message.position), std::move(store));
      shard->position->publish(position_of(*shard));
      input.shards.emplace(message.start.shard, std::move(shard));
      message.assigned.set_value();
    } else {
      revokes_.push_back(std::move(message));
    }
  }
  return any;
}

bool Lane::finish_revokes() {
  const auto finished = [this](Message& message) {
    Input& input = inputs_.at(message.source);
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
  for (Input& input : inputs_)
    for (auto& [index, shard] : input.shards)
      if (shard->ring.advance()) shard->position->publish(position_of(*shard));
  if (++turns_ % turns_between_gauges != 0) return;
  FeatureStoreCounters total;
  for (Input& input : inputs_) {
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
  for (Input& input : inputs_) {
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

void Lane::process(Input& input, RecordBatch& records) {
  const auto found = input.shards.find(records.shard);
  const bool revoking = std::any_of(revokes_.begin(), revokes_.end(), [&](const Message& message) {
    return &inputs_[message.source] == &input && message.start.shard == records.shard;
  });
  if (found == input.shards.end() || found->second->start.epoch != records.epoch || revoking) {
    counters_.stale.add(records.records.size());
    return;
  }
  Shard& shard = *found->second;
  // A record that was applied already must not move the windows again, whatever the source hands over.
  if (!records.records.empty() && records.records.front().offset < shard.next_expected) {
    const auto fresh = std::find_if(records.records.begin(), records.records.end(),
                                    [&](const RecordView& record) { return record.offset >= shard.next_expected; });
    counters_.stale.add(static_cast<std::uint64_t>(fresh - records.records.begin()));
    records.records.erase(records.records.begin(), fresh);
  }
  if (records.records.empty()) return;
  shard.next_expected = records.records.back().offset + 1;
  decide(input, shard, records);
}

void Lane::decide(Input& input, Shard& shard, const RecordBatch& records) {
  const Clock::time_point begun = Clock::now();
  input.rejects.clear();
  input.events.arena.clear();
  input.features.arena.clear();
  input.parser.parse(records, input.events, input.rejects);
  for (std::size_t row = 0; row < input.events.rows; ++row) {
    const std::int64_t stamped_ms = records.records[input.events.record_index[row]].timestamp_ms;
    if (stamped_ms >= 0) shard.lag_ms_max = std::max(shard.lag_ms_max, stamped_ms - input.events.time().integers[row]);
  }
  input.settings.scorer->prepare(input.events, *input.scratch);

  const auto first_live =
      static_cast<std::size_t>(std::partition_point(records.records.begin(), records.records.end(),
                                                    [&](const RecordView& record) { return record.offset < shard.start.live_from; }) -
                               records.records.begin());
  if (first_live == records.records.size()) {
    shard.store.apply(input.events);
  } else {
    shard.store.apply(input.events, input.features);
    input.settings.scorer->score(input.events, input.features, input.decisions, *input.scratch);
    write_outputs(input, shard, records, first_live);
    if (watcher_ != nullptr) watcher_->decided(input.events, input.decisions, input.settings.scorer->vocabulary());
  }
  count(input, records, first_live, begun);
}

void Lane::write_outputs(Input& input, Shard& shard, const RecordBatch& records, std::size_t first_live) {
  // Sequence of record r in the ack ring: base + r - first_live. Outputs are written first, so that each record is added with its count.
  const std::uint64_t sequence_base = shard.ring.tail() - first_live;
  pending_.assign(records.records.size(), 0);
  std::size_t first_row = 0;
  while (first_row < input.events.rows && input.events.record_index[first_row] < first_live) ++first_row;

  const std::size_t dead_letters = fan_out_.sink_count() - 1;
  written_.clear();
  for (std::uint32_t sink = 0; sink < dead_letters; ++sink) {
    const SinkBinding& binding = fan_out_.binding(sink);
    OutputBatch& out = fan_out_.open(sink, binding.takes, shard);
    written_.push_back(&out);
    const auto add = [&](std::size_t row, Slice key, Slice value, bool has_key) {
      const std::uint32_t record = input.events.record_index[row];
      out.outputs.push_back({key, value, 0, 0, has_key, true, -1, sequence_base + record});
      ++pending_[record];
    };
    const std::uint64_t* route = binding.route ? input.decisions.routes[*binding.route].words() : nullptr;
    if (binding.takes == OutputKind::profile_update) {
      for (const ProfileUpdate& update : input.decisions.updates) {
        if (update.row < first_row || (route != nullptr && !input.decisions.routes[*binding.route].test(update.row))) continue;
        const auto key_begin = static_cast<std::uint32_t>(out.bytes.size());
        out.bytes.append(input.decisions.text.view(update.key_begin, update.key_size));
        const auto value_begin = static_cast<std::uint32_t>(out.bytes.size());
        input.writer.write_profile_update(out.bytes, {input.events, input.features, input.decisions, update.row}, update, shard.identity);
        add(update.row, {key_begin, update.key_size}, {value_begin, static_cast<std::uint32_t>(out.bytes.size()) - value_begin}, true);
      }
      continue;
    }
    for (std::size_t word = 0; word < input.events.active.word_count(); ++word) {
      std::uint64_t bits = input.events.active.words()[word];
      if (route != nullptr) bits &= route[word];
      for (; bits != 0; bits &= bits - 1) {
        const std::size_t row = word * BitMask::word_bits + static_cast<std::size_t>(std::countr_zero(bits));
        if (row < first_row) continue;
        const RecordView& record = records.records[input.events.record_index[row]];
        const auto key_begin = static_cast<std::uint32_t>(out.bytes.size());
        out.bytes.append(record.key);
        const auto value_begin = static_cast<std::uint32_t>(out.bytes.size());
        input.writer.write_decision(out.bytes, {input.events, input.features, input.decisions, row}, shard.identity, binding.features);
        add(row, {key_begin, value_begin - key_begin}, {value_begin, static_cast<std::uint32_t>(out.bytes.size()) - value_begin},
            record.has_key);
      }
    }
  }
  write_dead_letters(input, shard, records, first_live, sequence_base);
  for (std::size_t record = first_live; record < records.records.size(); ++record)
    shard.ring.add(records.records[record].offset, records.records[record].timestamp_ms, pending_[record]);
  for (OutputBatch* batch : written_) fan_out_.submit(*batch);
}

void Lane::write_dead_letters(Input& input, Shard& shard, const RecordBatch& records, std::size_t first_live, std::uint64_t sequence_base) {
  OutputBatch& dead = fan_out_.open(static_cast<std::uint32_t>(fan_out_.sink_count() - 1), OutputKind::dead_letter, shard);
  written_.push_back(&dead);
  const Scorer& scorer = *input.settings.scorer;
  for (const Reject& reject : input.rejects) {
    if (reject.record < first_live) continue;
    append_dead_letter(dead, records, records.records[reject.record], shard.start.name,
                       {"parse", reject_code(reject.reason), reject_message(reject, scorer.event()), scorer.vocabulary().hash,
                        sequence_base + reject.record});
    ++pending_[reject.record];
  }
}

void Lane::count(const Input& input, const RecordBatch& records, std::size_t first_live, Clock::time_point begun) {
  const std::uint64_t busy_ns = nanoseconds_since(begun);
  counters_.busy_ns.add(busy_ns);
  counters_.batches.add(1);
  counters_.replayed.add(first_live);
  const std::size_t live = records.records.size() - first_live;
  if (live == 0) return;
  counters_.records.add(live);
  const std::int64_t now_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  std::uint64_t bytes = 0;
  for (std::size_t record = first_live; record < records.records.size(); ++record) bytes += records.records[record].value.size();
  counters_.bytes.add(bytes);
  counters_.batch_us.record(busy_ns / 1000, live);
  // One age a batch: that of its oldest record, for all of them.
  if (const std::int64_t stamped_ms = records.records[first_live].timestamp_ms; stamped_ms >= 0)
    counters_.age_ms.record(static_cast<std::uint64_t>(std::max<std::int64_t>(0, now_ms - stamped_ms)), live);
  std::uint64_t decided = 0;
  std::array<std::uint64_t, LaneCounters::outcomes_max> outcomes{};
  std::uint64_t filtered = 0;
  for (std::size_t row = 0; row < input.events.rows; ++row) {
    if (input.events.record_index[row] < first_live) continue;
    if (!input.events.active.test(row)) {
      ++filtered;
      continue;
    }
    ++decided;
    ++outcomes[std::min<std::size_t>(input.decisions.outcomes[row], LaneCounters::outcomes_max - 1)];
  }
  counters_.decided.add(decided);
  counters_.filtered.add(filtered);
  for (std::size_t outcome = 0; outcome < outcomes.size(); ++outcome)
    if (outcomes[outcome] > 0) counters_.outcomes[outcome].add(outcomes[outcome]);
  counters_.fired.add(input.decisions.fired.size());
  counters_.rule_errors.add(input.decisions.errors.size());
  counters_.dead_letters.add(static_cast<std::uint64_t>(
      std::count_if(input.rejects.begin(), input.rejects.end(), [&](const Reject& reject) { return reject.record >= first_live; })));
}

}  // namespace weir
