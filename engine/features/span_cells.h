// What a key with many events keeps up to date for its spans: both ends of each window, the totals in between, the values in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/features/answers.h"
#include "engine/features/distinct_counts.h"
#include "engine/features/exact_totals.h"
#include "engine/features/feature_plan.h"
#include "engine/features/ordered_values.h"
#include "engine/features/ring_view.h"

namespace weir {

// The entries [begin, end) of a hot key by position; `origin` is the position of the ring's first place.
struct HotEntries {
  const RingView& ring;
  std::uint64_t origin = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::int64_t newest = 0;

  std::size_t index(std::uint64_t position) const { return position - origin; }
  std::uint64_t age(std::uint64_t position) const { return ring.age(index(position), newest); }
};

// Each span covers [begin, end) of the entries and moves with the events, in either direction, as the cursors of a hot key do. One thread.
class SpanCells {
 public:
  SpanCells(const KeyGroupPlan& plan, const NameTable& names);

  // Moves every window to where it stands for an event of this age that belongs at `position` and is not there yet.
  void seek(const HotEntries& entries, std::uint64_t position, std::uint64_t age);
  // The event is there now: windows that end at it take it in; with `leave`, it goes again.
  void enter(const HotEntries& entries, std::uint64_t position);
  void leave(const HotEntries& entries, std::uint64_t position);
  // Spans that exclude the event at hand, before `enter`; the others after it.
  void answer(const HotEntries& entries, bool excluding, Answers& answers);

  // The entry at the front goes.
  void drop_front(const HotEntries& entries);
  // For keys that keep by count, before the newest event is `advance_ms` younger: entries that settle are counted; then, as long as
  // `needs_front` is false, the front may be dropped.
  void settle(const HotEntries& entries, std::uint64_t advance_ms);
  bool needs_front(const HotEntries& entries, std::uint64_t advance_ms) const;

  std::size_t bytes() const;

 private:
  struct State {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t members = 0;  // of a count window
    std::uint64_t count = 0;    // entries with a value
    ExactTotals totals;
    std::unique_ptr<DistinctCounts> distinct;
    std::unique_ptr<OrderedValues> ordered;
  };
  // A CountKeep at work: entries in front of `end` are settled, `members` of them count.
  struct Settled {
    std::uint64_t end = 0;
    std::uint64_t members = 0;
  };

  std::uint64_t value_of(const SpanPlan& span, const RingView& ring, std::size_t index) const;
  void take(const SpanPlan& span, State& state, const RingView& ring, std::size_t index);
  void give(const SpanPlan& span, State& state, const RingView& ring, std::size_t index);
  void seek_end(const SpanPlan& span, State& state, const HotEntries& entries, std::uint64_t position, std::uint64_t age);
  void seek_time(const SpanPlan& span, State& state, const HotEntries& entries, std::uint64_t position, std::uint64_t age);
  void seek_count(const SpanPlan& span, State& state, const HotEntries& entries, std::uint64_t position, std::uint64_t age);
  void trim(const SpanPlan& span, State& state, const HotEntries& entries);
  void answer_span(const SpanPlan& span, const State& state, const HotEntries& entries, Answers& answers);
  void answer_ordered(const SpanPlan& span, const OrderedValues& values, Answers& answers);

  const KeyGroupPlan& plan_;
  std::vector<State> states_;     // by span
  std::vector<Settled> settled_;  // by keep
};

}  // namespace weir
