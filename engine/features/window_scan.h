// Answers of a key with few events: one walk from the newest to the oldest, all windows at once, nothing kept between events.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/features/answers.h"
#include "engine/features/feature_plan.h"
#include "engine/features/range_answers.h"
#include "engine/features/ring_vectors.h"
#include "engine/features/ring_view.h"

namespace weir {

// Most cards have a handful of events in a day; walking over them costs less than keeping totals up to date, and takes no memory.
// The walk goes from the shortest window of a track to the longest: each adds what the one before it does not have.
class WindowScan {
 public:
  static constexpr std::size_t entries_max = 128;

  explicit WindowScan(const KeyGroupPlan& plan);

  // Answers every cell as of entry `own` of a ring that begins at `begin` and has at most `entries_max` entries.
  void answer(const RingView& ring, std::size_t begin, std::size_t own, std::int64_t newest, Answers& answers);

  // Answers every cell as of an event of age `age` that is no entry and would stand at `end`.
  void ask(const RingView& ring, std::size_t begin, std::size_t end, std::uint64_t age, std::int64_t newest, Answers& answers);

 private:
  static constexpr std::size_t distinct_places = 512;
  static_assert(entries_max < 256 && entries_max * 2 <= distinct_places);

  // The newest `entries` entries in front of a track's end.
  struct Walked {
    std::size_t entries = 0;
    std::uint64_t count = 0;  // those that belong to the track
    StretchTotals totals;     // where the track asks for any
    // Windows with equally many values have the same answers: computed for the last one, which had that many.
    std::uint64_t averaged = 0;
    std::uint64_t spread = 0;
    double average = 0;
    double deviation = 0;
  };

  // The event at hand is entry `place`, or it is none, of the age `asked_age_`, and would stand there.
  template <bool is_entry>
  void scan(const RingView& ring, std::size_t begin, std::size_t place, std::int64_t newest, Answers& answers);
  template <bool is_entry>
  void count_inside(const RingView& ring, std::size_t begin, std::size_t place, std::int64_t newest);
  // Whether somebody reads more than its count, as of the event at hand.
  bool is_wanted(const CellPlan& cell) const;
  void widen(const RingRange& range, const TrackPlan& track, bool adds);
  void answer_numbers(const CellPlan& cell, const RingRange& range, Answers& answers);
  std::uint64_t distinct(const RingView& ring, const TrackPlan& track, std::size_t begin, std::size_t end);

  const KeyGroupPlan& plan_;
  std::uint64_t asked_age_ = 0;
  std::vector<std::uint32_t> reaches_;       // by window, the longest repeated until there are four or eight, and so on
  std::vector<std::uint64_t> wide_reaches_;  // likewise, for times of 64 bits
  std::vector<std::uint32_t> inside_;        // likewise: entries inside, the own event's counted
  Walked walked_;
  std::array<std::uint8_t, distinct_places> places_{};  // a hash table over the entries at hand: 0 or an index counted from 1
};

}  // namespace weir
