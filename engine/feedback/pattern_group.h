// One pattern: the recent events of each key that fit one of its steps, and whether an event completes it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/bit_mask.h"
#include "engine/base/chunked_array.h"
#include "engine/event/batch.h"
#include "engine/event/feedback_spec.h"
#include "engine/features/name_table.h"
#include "engine/features/recent_past.h"
#include "engine/feedback/batch_keys.h"
#include "engine/feedback/feedback_limits.h"

namespace weir {

// An event at time `t` completes the pattern when it fits the last step and there are earlier events of its key that fit the other steps,
// in their order, all with times in (t - within, t]. Earlier is what has an earlier time, or the same time and arrived before; events that
// have not arrived yet do not count, events in between do not matter, and an event serves one step of a match only. An event that comes
// later than `within` plus `late_allowed_ms` against the newest remembered of its key is judged, not remembered. Exact within the limits. A
// key that is idle for longer than an event can be late against the recent past is not there any more; its memory is given back later, a
// few keys with each one that comes. One thread.
class PatternGroup {
 public:
  // `column`: where the answer goes in FeatureColumns.
  PatternGroup(const PatternSpec& spec, std::size_t column, const FeedbackLimits& limits);

  // The same events as a later rule set asks for them: `spec` has the identity of that of `before`. Both groups may be used in turns.
  PatternGroup(const PatternGroup& before, const PatternSpec& spec, std::size_t column);
  // Whether `spec` keeps of an event just what this group does.
  bool fits(const PatternSpec& spec) const;

  const PatternSpec& spec() const { return spec_; }

  // For every active row in order: answers, then remembers.
  void apply(const EventBatch& batch, const BatchKeys& keys, FeatureColumns& out);

  std::int64_t retain_ms() const { return retain_ms_; }
  void add_counters(FeedbackCounters& total) const;

 private:
  static constexpr std::size_t sweep_looks = 16;  // a new key
  static constexpr std::size_t sweep_drops_max = 8;

  // What a later step's comparison reads of an earlier event.
  struct KeptColumn {
    ColumnIndex source = 0;
    ValueType type = ValueType::integer;
  };
  struct StepTest {
    Comparison comparison = Comparison::equal;
    ValueType type = ValueType::integer;
    std::uint32_t step = 0;
    std::uint32_t kept_own = 0;  // of the later event: it is kept too, for it may be an earlier step's event itself
    std::uint32_t kept_earlier = 0;
  };
  // The events of one key, by time and then by arrival.
  struct History {
    std::vector<std::int64_t> times;
    std::vector<std::uint32_t> fits;     // one bit a step
    std::vector<std::uint64_t> present;  // one bit a kept column
    std::vector<std::int64_t> words;     // kept_.size() an event
    std::int64_t newest_ms = 0;
    bool held = false;
  };

  // What stays when another rule set takes over.
  struct Memory {
    NameTable keys;
    NameTable texts;
    ChunkedArray<History> histories;  // by number of the key
    RecentPast past;
    std::size_t swept = 0;  // the key that is looked at next
    std::uint64_t dropped = 0;
    std::uint64_t too_late = 0;
    std::uint64_t tries_reached = 0;
  };

  PatternGroup(const PatternSpec& spec, std::size_t column, const FeedbackLimits& limits, std::shared_ptr<Memory> memory);

  bool completes(const History& history, std::size_t begin, std::size_t end);
  bool place_step(const History& history, std::uint32_t step, std::size_t from, std::size_t end);
  bool agrees(const History& history, std::uint32_t step, std::size_t event) const;
  void read_event(const EventBatch& batch, std::size_t row);
  void remember(History& history, std::int64_t time, std::uint32_t fits);
  void drop(History& history, std::size_t count);
  bool is_over(const History& history) const;
  History* history_of(const BatchKeys& keys, std::size_t row, bool add);
  void sweep();
  bool holds(const StepTest& test, std::int64_t own, std::int64_t earlier) const;

  PatternSpec spec_;
  std::size_t column_;
  FeedbackLimits limits_;
  std::int64_t admit_ms_;
  std::int64_t retain_ms_;
  std::vector<KeptColumn> kept_;
  std::vector<std::vector<StepTest>> tests_;  // by step
  std::vector<bool> referred_;                // by step: a later step reads it

  std::shared_ptr<Memory> memory_;

  // The event at hand.
  std::vector<std::int64_t> own_words_;
  std::uint64_t own_present_ = 0;
  std::vector<std::size_t> chosen_;  // by step: the event of the combination that is being tried
  std::uint64_t tries_ = 0;
};

}  // namespace weir
