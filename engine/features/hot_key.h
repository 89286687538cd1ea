// The state of a key with many events: totals kept up to date per window, so that an answer does not depend on how many events there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "engine/features/answers.h"
#include "engine/features/distinct_counts.h"
#include "engine/features/exact_totals.h"
#include "engine/features/feature_plan.h"
#include "engine/features/name_table.h"
#include "engine/features/ring_view.h"
#include "engine/features/span_cells.h"
#include "engine/features/suffix_extremes.h"

namespace weir {

// Every window has a cursor at its oldest entry, all share the head `head_`; cells hold the totals of [cursor, head). An event moves the
// cursors to its own time, in either direction, so a late event costs as many steps as there are entries between it and the newest.
// Positions are counted from the key's first entry on and do not change when the front is dropped. One thread.
class HotKey {
 public:
  // Takes over `count` entries of `from`, beginning at `begin`. `names` outlives the key.
  HotKey(const KeyGroupPlan& plan, const NameTable& names, const RingView& from, std::size_t begin, std::size_t count, std::int64_t newest);

  std::size_t entries() const { return end_ - begin_; }
  const RingView& ring() const { return ring_; }
  std::size_t front() const { return index_of(begin_); }

  // The time of the oldest entry, known without a look at the ring.
  std::int64_t oldest() const { return oldest_; }

  // Drops the oldest entry of a key whose newest event is of that time.
  void drop_front(std::int64_t newest, NameTable& names);

  // Of a key that is nobody's any more: gives back the names of up to so many entries, and says whether there are others.
  bool let_go(std::size_t entries_max, NameTable& names);

  // All entries leave the windows that are not spans at once, because the next event is later than the longest of them reaches.
  void leave_windows();

  // Of a key that keeps by count, before its newest event of the time `newest` is `advance_ms` younger: drops what nothing that is still
  // admitted can see.
  void drop_unneeded(std::int64_t newest, std::uint64_t advance_ms, NameTable& names);

  // Three steps ahead of `add`: what this object points to, then the entries at the cursors, then where distinct values are counted, of
  // what leaves and of what comes (the value of a ring's column).
  void prefetch_state() const;
  void prefetch_cursors() const;
  void prefetch_leaving() const;
  void prefetch_entering(std::uint32_t column, std::uint64_t value) const;

  // Adds an event of this age (0: the newest) and answers as of it; `answers` may be null. An event that is too late is judged and taken
  // out again.
  void add(const RingEvent& event, std::uint64_t age, std::int64_t newest, bool too_late, Answers* answers);

  // Answers as of an event of this age that is not added; `newest` may be newer than the newest entry.
  void ask(std::uint64_t age, std::int64_t newest, Answers& answers);

  std::size_t bytes() const;

 private:
  // What is kept of a cell: one line of the cache.
  struct alignas(64) CellState {
    ExactTotals totals;
    std::uint64_t count = 0;  // where some entries do not belong to the track
    DistinctCounts* distinct = nullptr;
  };

  // A large ring moves to other memory a few entries an event: those below `copied` are in both.
  struct Move {
    std::unique_ptr<char[]> memory;
    RingView ring;
    std::uint64_t origin = 0;
    std::uint64_t copied = 0;
  };

  std::size_t index_of(std::uint64_t position) const { return position - origin_; }
  std::uint64_t age_at(std::uint64_t position, std::int64_t newest) const { return ring_.age(index_of(position), newest); }
  HotEntries entries_of(std::int64_t newest) const { return {ring_, origin_, begin_, end_, newest}; }
  std::uint64_t distinct_value(const TotalsPlan& planned, std::size_t index) const {
    return planned.is_name ? ring_.load<NameNumber>(planned.bytes_before, index) : ring_.load<std::uint64_t>(planned.bytes_before, index);
  }
  // Where the entry's values are counted.
  void prefetch_count(std::size_t window, std::uint64_t position) const;
  void prefetch_entry(std::uint64_t position) const;
  void make_room() {
    if (index_of(end_) >= room_) find_room();
  }
  void find_room();
  void move_on();
  void seek(std::uint64_t position, std::uint64_t age, std::int64_t newest);
  void enter(std::size_t window, std::uint64_t position);
  // Of the totals [begin, end) those that the entry belongs to.
  void enter(std::uint32_t begin, std::uint32_t end, std::uint64_t position);
  template <typename Change>
  void change(std::uint32_t begin, std::uint32_t end, std::uint64_t position, Change change);
  void leave(std::size_t window, std::uint64_t position);
  void answer(bool excluding, bool in_extremes, Answers& answers);
  bool is_wanted(const CellPlan& cell, bool excluding) const;
  void answer_cell(const CellPlan& cell, bool in_extremes, bool wanted, Answers& answers);
  std::uint64_t count_of(const CellPlan& cell) const;
  void answer_totals(const CellPlan& cell, Answers& answers);
  void put_extreme(const CellPlan& cell, Aggregate aggregate, bool in_extremes, Answers& answers);

  const KeyGroupPlan& plan_;
  std::unique_ptr<char[]> memory_;
  RingView ring_;
  std::uint64_t origin_ = 0;  // position of the arrays' first place
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t head_ = 0;
  std::int64_t oldest_ = 0;
  std::size_t room_;                                                // the place from which on more room has to be found
  std::int64_t sought_ = std::numeric_limits<std::int64_t>::min();  // the time that head and cursors stand at
  std::vector<std::uint64_t> cursors_;                              // by window
  std::vector<CellState> cells_;                                    // by CellPlan::totals
  std::vector<std::unique_ptr<DistinctCounts>> distincts_;
  std::vector<SuffixExtremes> largest_;   // by track; empty where no track needs it
  std::vector<SuffixExtremes> smallest_;  // likewise, of complemented values
  std::unique_ptr<SpanCells> spans_;      // null: the plan has none
  std::unique_ptr<Move> move_;            // null: the ring stays where it is
};

// Gives back the names that an entry holds.
void release_names(const RingView& ring, std::size_t index, NameTable& names);

}  // namespace weir
