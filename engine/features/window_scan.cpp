#include "engine/features/window_scan.h"

#include <bit>
#include <cstring>
#include <limits>

#include "engine/features/count_distinct.h"
#include "engine/features/exact_totals.h"

namespace weir {
namespace {

// Values of up to this many bits in amount can be squared and added up `entries_max` times within 64 bits.
constexpr int plain_bits_max = 28;
static_assert(WindowScan::entries_max <= std::size_t{1} << (64 - 2 * plain_bits_max));

// Four windows at a time, without a branch a window. Ends at the first entry that is outside the longest of them.
template <typename Time>
[[gnu::always_inline]] inline void count_four(const RingView& ring, std::size_t begin, std::size_t end, std::int64_t newest,
                                              const std::uint64_t* limits, std::uint32_t* inside) {
  const Time* times = reinterpret_cast<const Time*>(ring.base + ring.capacity * ring.plan->time_before);
  const Time now = static_cast<Time>(newest);
  const Time limit[4] = {static_cast<Time>(limits[0]), static_cast<Time>(limits[1]), static_cast<Time>(limits[2]),
                         static_cast<Time>(limits[3])};
  std::uint32_t count[4] = {0, 0, 0, 0};
  for (std::size_t index = end; index > begin; --index) {
    const Time age = static_cast<Time>(now - times[index - 1]);
    if (age >= limit[3]) break;
    count[0] += age < limit[0] ? 1 : 0;
    count[1] += age < limit[1] ? 1 : 0;
    count[2] += age < limit[2] ? 1 : 0;
    ++count[3];
  }
  for (std::size_t window = 0; window < 4; ++window) inside[window] = count[window];
}

}  // namespace

template <bool is_entry>
void WindowScan::count_inside(const RingView& ring, std::size_t begin, std::size_t place, std::int64_t newest) {
  const std::uint64_t age = is_entry ? ring.age(place, newest) : asked_age_;
  const std::size_t end = is_entry ? place + 1 : place;
  const std::size_t windows = plan_.reaches_ms.size();
  for (std::size_t window = 0; window < limits_.size(); ++window)
    limits_[window] = age + static_cast<std::uint64_t>(plan_.reaches_ms[window < windows ? window : windows - 1]);
  for (std::size_t window = 0; window < limits_.size(); window += 4) {
    if (plan_.wide_time) {
      count_four<std::uint64_t>(ring, begin, end, newest, &limits_[window], &inside_[window]);
    } else {
      count_four<std::uint32_t>(ring, begin, end, newest, &limits_[window], &inside_[window]);
    }
  }
}

void WindowScan::count_belonging(const RingView& ring, const TrackPlan& track, std::size_t end, std::size_t entries) {
  counts_[0] = 0;
  for (std::size_t step = 1; step <= entries; ++step) counts_[step] = counts_[step - 1] + (ring.belongs(end - step, track) ? 1 : 0);
}

// Returns the bits that occur in the amounts of the values.
template <bool all_belong>
std::uint64_t WindowScan::note_totals(const RingView& ring, const TrackPlan& track, std::size_t end, std::size_t entries) {
  Note note{0, 0, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
  std::uint64_t bits = 0;
  Note* noted = notes_.data();
  *noted = note;
  const std::int64_t* value_at =
      reinterpret_cast<const std::int64_t*>(ring.base + ring.capacity * plan_.columns[track.column].bytes_before) + end;
  for (std::size_t step = 1; step <= entries; ++step) {
    const std::int64_t value = *--value_at;
    if (all_belong || ring.belongs(end - step, track)) {
      bits |= static_cast<std::uint64_t>(value ^ (value >> 63));
      note.sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(note.sum) + static_cast<std::uint64_t>(value));
      note.squares += static_cast<std::uint64_t>(value) * static_cast<std::uint64_t>(value);
      note.min = value < note.min ? value : note.min;
      note.max = value > note.max ? value : note.max;
    }
    *++noted = note;
  }
  return bits;
}

std::uint64_t WindowScan::distinct(const RingView& ring, const TrackPlan& track, std::size_t begin, std::size_t end) {
  const RingColumnPlan& column = plan_.columns[track.column];
  if (column.storage == ValueStorage::name && track.flags == 0) {
    const auto* names = reinterpret_cast<const std::uint32_t*>(ring.base + ring.capacity * column.bytes_before);
    if (const std::size_t counted = count_distinct(names + begin, end - begin); counted != no_count) return counted;
  }
  // Twice as many places as entries, so that few values meet.
  const int bits = static_cast<int>(std::bit_width(end - begin)) + 1;
  const std::size_t mask = (std::size_t{1} << bits) - 1;
  std::memset(places_.data(), 0, mask + 1);
  std::uint64_t found = 0;
  for (std::size_t index = begin; index < end; ++index) {
    if (!ring.belongs(index, track)) continue;
    const std::uint64_t value = ring.word(column, index);
    std::size_t place = static_cast<std::size_t>((value * 0x9e3779b97f4a7c15U) >> (64 - bits));
    while (places_[place] != 0 && ring.word(column, begin + places_[place] - 1) != value) place = (place + 1) & mask;
    found += places_[place] == 0 ? 1 : 0;
    places_[place] = static_cast<std::uint8_t>(index - begin + 1);
  }
  return found;
}

void WindowScan::answer_noted(const CellPlan& cell, const RingRange& range, std::uint64_t count, bool exact, Answers& answers) {
  const TrackPlan& track = plan_.tracks[cell.track];
  const Note& note = notes_[range.end - range.begin];
  if (track.needs_sum && exact) {
    answers.put_sums(cell, count, note.sum, [&] { return spread_of(count, note.sum, note.squares); });
  } else if (track.needs_sum) {
    answer_exact_sums(cell, range, answers);
  }
  const auto put_extreme = [&](Aggregate aggregate, std::int64_t value) {
    if (!cell.has(aggregate)) return;
    if (count == 0) return answers.put_missing(cell.output(aggregate));
    answers.put_integer(cell.output(aggregate), value);
  };
  put_extreme(Aggregate::min, note.min);
  put_extreme(Aggregate::max, note.max);
}

template <bool is_entry>
void WindowScan::scan(const RingView& ring, std::size_t begin, std::size_t place, std::int64_t newest, Answers& answers) {
  count_inside<is_entry>(ring, begin, place, newest);
  const std::size_t longest = inside_[plan_.reaches_ms.size() - 1];
  auto cell = plan_.cells.begin();
  for (std::uint32_t index = 0; index < plan_.tracks.size(); ++index) {
    const TrackPlan& track = plan_.tracks[index];
    const std::size_t end = !is_entry || track.excludes_this_event ? place : place + 1;
    const std::size_t left_out = is_entry ? place + 1 - end : 0;
    const bool all_belong = track.flags == 0;
    if (!all_belong) count_belonging(ring, track, end, longest - left_out);
    const bool noted = !track.floating && (track.needs_sum || track.needs_min || track.needs_max);
    std::uint64_t bits = 0;
    if (noted)
      bits =
          all_belong ? note_totals<true>(ring, track, end, longest - left_out) : note_totals<false>(ring, track, end, longest - left_out);
    for (; cell != plan_.cells.end() && cell->track == index; ++cell) {
      const std::size_t entries = inside_[cell->window] - left_out;
      const RingRange range{ring, end - entries, end};
      if (track.floating) {
        answer_floating(*cell, range, answers);
      } else {
        const std::uint64_t count = all_belong ? entries : counts_[entries];
        answers.put_count(*cell, count);
        if (noted) answer_noted(*cell, range, count, (bits >> plain_bits_max) == 0, answers);
      }
      if (cell->has(Aggregate::distinct)) answers.put_distinct(cell->output(Aggregate::distinct), distinct(ring, track, range.begin, end));
      if (cell->has(Aggregate::first) || cell->has(Aggregate::last)) answer_ends(*cell, range, answers);
    }
  }
}

void WindowScan::answer(const RingView& ring, std::size_t begin, std::size_t own, std::int64_t newest, Answers& answers) {
  scan<true>(ring, begin, own, newest, answers);
}

void WindowScan::ask(const RingView& ring, std::size_t begin, std::size_t end, std::uint64_t age, std::int64_t newest, Answers& answers) {
  asked_age_ = age;
  scan<false>(ring, begin, end, newest, answers);
}

}  // namespace weir
