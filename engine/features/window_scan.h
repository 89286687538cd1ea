// Answers of a key with few events: one walk from the newest to the oldest, all windows at once, nothing kept between events.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/features/answers.h"
#include "engine/features/feature_plan.h"
#include "engine/features/range_answers.h"
#include "engine/features/ring_view.h"

namespace weir {

// Most cards have a handful of events in a day; walking over them costs less than keeping totals up to date, and takes no memory.
// The walk notes the running totals after each step; a window then picks the note of its oldest event, so there is no branch per window.
class WindowScan {
 public:
  static constexpr std::size_t entries_max = 128;

  explicit WindowScan(const KeyGroupPlan& plan) : plan_(plan), limits_((plan.reaches_ms.size() + 3) / 4 * 4), inside_(limits_.size()) {}

  // Answers every cell as of entry `own` of a ring that begins at `begin` and has at most `entries_max` entries.
  void answer(const RingView& ring, std::size_t begin, std::size_t own, std::int64_t newest, Answers& answers);

  // Answers every cell as of an event of age `age` that is no entry and would stand at `end`.
  void ask(const RingView& ring, std::size_t begin, std::size_t end, std::uint64_t age, std::int64_t newest, Answers& answers);

 private:
  static constexpr std::size_t distinct_places = 512;
  static_assert(entries_max < 256 && entries_max * 2 <= distinct_places);

  struct Note {
    std::int64_t sum = 0;
    std::uint64_t squares = 0;
    std::int64_t min = 0;
    std::int64_t max = 0;
  };

  // The event at hand is entry `place`, or it is none, of the age `asked_age_`, and would stand there.
  template <bool is_entry>
  void scan(const RingView& ring, std::size_t begin, std::size_t place, std::int64_t newest, Answers& answers);
  template <bool is_entry>
  void count_inside(const RingView& ring, std::size_t begin, std::size_t place, std::int64_t newest);
  void count_belonging(const RingView& ring, const TrackPlan& track, std::size_t end, std::size_t entries);
  template <bool all_belong>
  std::uint64_t note_totals(const RingView& ring, const TrackPlan& track, std::size_t end, std::size_t entries);
  void answer_noted(const CellPlan& cell, const RingRange& range, std::uint64_t count, bool exact, Answers& answers);
  std::uint64_t distinct(const RingView& ring, const TrackPlan& track, std::size_t begin, std::size_t end);

  const KeyGroupPlan& plan_;
  std::uint64_t asked_age_ = 0;
  std::vector<std::uint64_t> limits_;                    // by window: entries younger than this are inside
  std::vector<std::uint32_t> inside_;                    // by window: entries inside, the own event's counted
  std::array<Note, entries_max + 1> notes_;              // [n]: the newest n entries
  std::array<std::uint32_t, entries_max + 1> counts_{};  // likewise, those that belong to a track with conditions
  std::array<std::uint8_t, distinct_places> places_{};   // a hash table over the entries at hand: 0 or an index counted from 1
};

}  // namespace weir
