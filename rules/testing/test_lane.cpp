#include "rules/testing/test_lane.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "engine/base/arena.h"
#include "engine/pipeline/lane.h"

namespace weir {

namespace {

constexpr std::size_t batch_records_max = 256;

// Hands the events over in batches, as a source would.
class EventReader final : public LaneReader {
 public:
  explicit EventReader(const std::vector<LaneEvent>& events) : events_(events) {}

  RecordBatch* poll(std::chrono::microseconds) override {
    if (next_ == events_.size() || handed_over_) return nullptr;
    handed_over_ = true;
    arena_.clear();
    batch_ = {};
    batch_.epoch = 1;
    for (; next_ < events_.size() && batch_.records.size() < batch_records_max; ++next_) {
      RecordView record;
      record.value = arena_.copy(events_[next_].document);
      record.offset = static_cast<std::int64_t>(next_);
      record.timestamp_ms = events_[next_].time_ms;
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
  const std::vector<LaneEvent>& events_;
  Arena arena_;
  RecordBatch batch_;
  std::size_t next_ = 0;
  bool handed_over_ = false;
};

// Takes dead letters, whose message says why a record is no event.
class RefusalSink final : public Sink {
 public:
  explicit RefusalSink(std::vector<LaneDecision>& decisions) : decisions_(decisions) {}

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

 private:
  void note(const OutputBatch& batch, const Output& output) {
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
  std::vector<Acknowledgement> waiting_;
};

class DecisionNotes final : public DecisionWatcher {
 public:
  explicit DecisionNotes(std::vector<LaneDecision>& decisions) : decisions_(decisions) {}

  void decided(const EventBatch& events, const DecisionBatch& batch, const DecisionVocabulary&) override {
    const auto of = [&](std::uint32_t row) -> LaneDecision& { return decisions_[static_cast<std::size_t>(events.offsets[row])]; };
    for (std::uint32_t row = 0; row < events.rows; ++row) {
      LaneDecision& decision = of(row);
      decision.decided = events.active.test(row);
      decision.outcome = batch.outcomes[row];
      decision.score = batch.scores[row];
    }
    for (const FiredRule& fired : batch.fired)
      of(fired.row).fired.push_back({fired.rule, std::string(batch.text.view(fired.text_begin, fired.text_size)), false});
    for (const ShadowHit& hit : batch.shadows) of(hit.row).fired.push_back({hit.rule, {}, true});
    for (const RuleError& error : batch.errors)
      of(error.row).errors.push_back({error.rule, std::string(batch.text.view(error.text_begin, error.text_size)), false});
  }

 private:
  std::vector<LaneDecision>& decisions_;
};

}  // namespace

bool LaneDecision::has_fired(std::uint32_t rule) const {
  return std::any_of(fired.begin(), fired.end(), [rule](const RuleNote& note) { return note.rule == rule; });
}

std::vector<LaneDecision> decide_events(const std::shared_ptr<const Scorer>& scorer, const std::vector<LaneEvent>& events) {
  std::vector<LaneDecision> decisions(events.size());
  EventReader reader(events);
  RefusalSink refusals(decisions);
  DecisionNotes notes(decisions);
  InputSettings input;
  input.scorer = scorer;
  input.in_flight_max = events.size() + batch_records_max;
  SinkBinding dead_letters;
  dead_letters.name = "dead_letters";
  dead_letters.sink = &refusals;
  dead_letters.takes = OutputKind::dead_letter;
  dead_letters.features = FeatureSelection::none;
  Lane lane(0, {input}, {dead_letters}, &notes);
  lane.attach(0, reader);
  ShardStart start;
  start.name = {"test", "test", 0};
  start.epoch = 1;
  lane.assign(0, start, std::make_shared<PublishedPosition>());
  while (lane.do_work(std::chrono::microseconds{0})) {
  }
  return decisions;
}

}  // namespace weir
