#include "rules/testing/test_lane.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>
#include <unordered_map>
#include <utility>

#include "engine/base/arena.h"
#include "engine/pipeline/lane.h"
#include "rules/language/checked_tests.h"

namespace weir {

namespace {

constexpr std::size_t batch_records_max = 256;
constexpr std::size_t batch_records_at_first = 16;               // where somebody may give up
constexpr auto batch_time_max = std::chrono::milliseconds{100};  // a batch behind one that took longer is smaller
constexpr auto batch_time_min = std::chrono::milliseconds{10};   // and larger behind one that took less

// Hands events over in batches, as a source would.
class EventReader final : public LaneReader {
 public:
  void ask(const std::function<bool()>& give_up) { give_up_ = give_up; }

  // `events` stay where they are until they are handed over.
  void feed(const std::vector<LaneEvent>& events) {
    offset_ += static_cast<std::int64_t>(next_);
    events_ = &events;
    next_ = 0;
  }

  RecordBatch* poll(std::chrono::microseconds) override {
    if (events_ == nullptr || next_ == events_->size() || handed_over_) return nullptr;
    if (give_up_) {
      if (give_up_()) {
        next_ = events_->size();
        return nullptr;
      }
      choose_size();
    }
    handed_over_ = true;
    arena_.clear();
    batch_ = {};
    batch_.epoch = 1;
    for (; next_ < events_->size() && batch_.records.size() < batch_size_; ++next_) {
      const LaneEvent& event = (*events_)[next_];
      RecordView record;
      record.value = arena_.copy(event.document);
      record.offset = offset_ + static_cast<std::int64_t>(next_);
      record.timestamp_ms = event.time_ms;
      record.has_value = true;
      batch_.records.push_back(record);
    }
    return &batch_;
  }
  void release(RecordBatch*) override { handed_over_ = false; }
  void pause(ShardIndex) override {}
  void resume(ShardIndex) override {}
  void wake() noexcept override {}

 private:
  // Rules may be so slow that whoever gives up would wait long for the end of a batch.
  void choose_size() {
    const auto now = std::chrono::steady_clock::now();
    if (handed_over_at_ == std::chrono::steady_clock::time_point{})
      batch_size_ = batch_records_at_first;
    else if (now - handed_over_at_ > batch_time_max)
      batch_size_ = std::max<std::size_t>(batch_size_ / 8, 1);
    else if (now - handed_over_at_ < batch_time_min)
      batch_size_ = std::min(batch_size_ * 2, batch_records_max);
    handed_over_at_ = now;
  }

  std::function<bool()> give_up_;
  std::chrono::steady_clock::time_point handed_over_at_;
  std::size_t batch_size_ = batch_records_max;
  const std::vector<LaneEvent>* events_ = nullptr;
  std::int64_t offset_ = 0;
  Arena arena_;
  RecordBatch batch_;
  std::size_t next_ = 0;
  bool handed_over_ = false;
};

// Takes everything and acknowledges it at once.
class QuickSink : public Sink {
 public:
  Status open(LaneIndex, void (*)(void*, LaneIndex), void*) override { return success(); }
  std::uint32_t offer(OutputBatch& batch, std::uint32_t first) override {
    const auto count = static_cast<std::uint32_t>(batch.outputs.size()) - first;
    for (std::uint32_t index = first; index < first + count; ++index) note(batch, batch.outputs[index]);
    waiting_.push_back({&batch, first, count});
    return count;
  }
  void collect(LaneIndex, std::vector<Acknowledgement>& into) override {
    into.insert(into.end(), waiting_.begin(), waiting_.end());
    waiting_.clear();
  }
  SinkState state() const override { return {}; }
  void close(std::chrono::steady_clock::time_point) override {}

 protected:
  virtual void note(const OutputBatch&, const Output&) {}

 private:
  std::vector<Acknowledgement> waiting_;
};

// Takes dead letters, whose message says why a record is no event.
class RefusalSink final : public QuickSink {
 public:
  explicit RefusalSink(std::vector<LaneDecision>& decisions) : decisions_(decisions) {}

 private:
  void note(const OutputBatch& batch, const Output& output) override {
    std::size_t offset = decisions_.size();
    std::string message;
    for (std::uint32_t at = output.header_first; at < output.header_first + output.header_count; ++at) {
      const std::string_view name = batch.view(batch.headers[at].name);
      const std::string_view value = batch.view(batch.headers[at].value);
      if (name == "__connect.errors.offset") std::from_chars(value.data(), value.data() + value.size(), offset);
      if (name == "__connect.errors.exception.message") message = value;
    }
    if (offset < decisions_.size()) decisions_[offset].refused = message;
  }

  std::vector<LaneDecision>& decisions_;
};

// Takes decisions: the same bytes once more are those of a duplicate, which has the first one's decision.
class DuplicateSink final : public QuickSink {
 public:
  explicit DuplicateSink(std::vector<LaneDecision>& decisions) : decisions_(decisions) {}

  // Once all events are through.
  void copy_decisions() {
    for (const auto& [offset, first] : again_) {
      decisions_[offset] = decisions_[first];
      decisions_[offset].first = static_cast<std::int64_t>(first);
    }
  }

 private:
  void note(const OutputBatch& batch, const Output& output) override {
    const std::size_t offset = output.ack_sequence;
    const auto [known, added] = first_.try_emplace(std::string(batch.view(output.value)), offset);
    if (!added) again_.emplace_back(offset, known->second);
  }

  std::vector<LaneDecision>& decisions_;
  std::unordered_map<std::string, std::size_t> first_;
  std::vector<std::pair<std::size_t, std::size_t>> again_;
};

class DecisionNotes final : public DecisionWatcher {
 public:
  DecisionNotes(const std::vector<LaneEvent>& events, std::vector<LaneDecision>& decisions, std::vector<std::uint64_t>* fired)
      : events_(events), decisions_(decisions), fired_(fired) {}

  void decided(const EventBatch& events, const DecisionBatch& batch, const DecisionVocabulary&) override {
    const auto of = [&](std::uint32_t row) { return static_cast<std::size_t>(events.offsets[row]); };
    const auto text = [&](const auto& note) { return std::string(batch.text.view(note.text_begin, note.text_size)); };
    for (std::uint32_t row = 0; row < events.rows; ++row) {
      LaneDecision& decision = decisions_[of(row)];
      decision.decided = events.active.test(row);
      decision.first = events.offsets[row];
      decision.outcome = batch.outcomes[row];
      decision.score = batch.scores[row];
    }
    for (const FiredRule& fired : batch.fired) {
      count(fired.rule);
      if (const std::size_t event = of(fired.row); events_[event].is_asked_about)
        decisions_[event].fired.push_back({fired.rule, text(fired), false});
    }
    for (const ShadowHit& hit : batch.shadows) {
      count(hit.rule);
      if (const std::size_t event = of(hit.row); events_[event].is_asked_about) decisions_[event].fired.push_back({hit.rule, {}, true});
    }
    for (const RuleError& error : batch.errors)
      if (const std::size_t event = of(error.row); events_[event].is_asked_about)
        decisions_[event].errors.push_back({error.rule, text(error), false});
  }

 private:
  void count(std::uint32_t rule) {
    if (fired_ != nullptr) ++(*fired_)[rule];
  }

  const std::vector<LaneEvent>& events_;
  std::vector<LaneDecision>& decisions_;
  std::vector<std::uint64_t>* fired_;
};

}  // namespace

bool LaneDecision::has_fired(std::uint32_t rule) const {
  return std::any_of(fired.begin(), fired.end(), [rule](const RuleNote& note) { return note.rule == rule; });
}

namespace {

SinkBinding binding(const std::string& name, OutputKind takes, FeatureSelection features, Sink& sink) {
  SinkBinding made;
  made.name = name;
  made.sink = &sink;
  made.takes = takes;
  made.features = features;
  return made;
}

// A lane of its own with one shard.
struct OneShard {
  OneShard(const std::shared_ptr<const Scorer>& scorer, const TestTerms& terms, std::size_t in_flight_max,
           const std::vector<SinkBinding>& bindings, DecisionWatcher* watcher)
      : lane(0, {input(scorer, terms, in_flight_max)}, bindings, watcher) {
    lane.attach(0, reader);
    ShardStart start;
    start.name = {"test", "test", 0};
    start.epoch = 1;
    lane.assign(0, start, std::make_shared<PublishedPosition>());
    work();
  }

  static InputSettings input(const std::shared_ptr<const Scorer>& scorer, const TestTerms& terms, std::size_t in_flight_max) {
    InputSettings settings;
    settings.scorer = scorer;
    settings.in_flight_max = in_flight_max;
    settings.parse = terms.parse;
    settings.late = terms.late;
    settings.features.late_allowed_ms = terms.late_allowed_ms;
    settings.feedback.late_allowed_ms = terms.late_allowed_ms;
    settings.duplicates = terms.duplicates;
    const EventSchema& schema = scorer->event();
    if (schema.has_several_types()) {
      settings.types.field = test_type_member;
      for (std::size_t type = 0; type < schema.type_count(); ++type) settings.types.told.emplace_back(schema.type_name(type), type);
    }
    return settings;
  }

  void work() {
    while (lane.do_work(std::chrono::microseconds{0})) {
    }
  }

  EventReader reader;
  Lane lane;
};

}  // namespace

std::vector<LaneDecision> decide_events(const std::shared_ptr<const Scorer>& scorer, const std::vector<LaneEvent>& events,
                                        const TestTerms& terms, const std::function<bool()>& give_up, std::vector<std::uint64_t>* fired) {
  std::vector<LaneDecision> decisions(events.size());
  RefusalSink refusals(decisions);
  DuplicateSink duplicates(decisions);
  DecisionNotes notes(events, decisions, fired);
  std::vector<SinkBinding> sinks;
  if (terms.duplicates.horizon_ms > 0) sinks.push_back(binding("decisions", OutputKind::decision, FeatureSelection::none, duplicates));
  sinks.push_back(binding("dead_letters", OutputKind::dead_letter, FeatureSelection::none, refusals));  // the last, as a lane has it
  OneShard shard(scorer, terms, events.size() + batch_records_max, sinks, &notes);
  shard.reader.ask(give_up);
  shard.reader.feed(events);
  shard.work();
  duplicates.copy_decisions();
  return decisions;
}

double measure_event_ns(const std::shared_ptr<const Scorer>& scorer, std::chrono::milliseconds at_least,
                        const std::function<std::vector<LaneEvent>()>& next_events) {
  QuickSink decisions;
  QuickSink dead_letters;
  OneShard shard(scorer, {}, std::size_t{1} << 30,
                 {binding("decisions", OutputKind::decision, FeatureSelection::fired, decisions),
                  binding("dead_letters", OutputKind::dead_letter, FeatureSelection::none, dead_letters)},
                 nullptr);
  std::chrono::nanoseconds spent{0};
  std::size_t count = 0;
  bool warm = false;
  while (spent < at_least) {
    const std::vector<LaneEvent> events = next_events();
    shard.reader.feed(events);
    const auto begun = std::chrono::steady_clock::now();
    shard.work();
    if (warm) {
      spent += std::chrono::steady_clock::now() - begun;
      count += events.size();
    }
    warm = true;
  }
  return static_cast<double>(spent.count()) / static_cast<double>(count);
}

}  // namespace weir
