#include "engine/features/window_scan.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/features/count_distinct.h"
#include "engine/features/exact_totals.h"

namespace weir {
namespace {

static_assert(WindowScan::entries_max <= std::size_t{1} << (64 - 2 * StretchTotals::plain_bits_max));

constexpr std::size_t worth_vectors = 20;

}  // namespace

WindowScan::WindowScan(const KeyGroupPlan& plan) : plan_(plan), inside_((plan.reaches_ms.size() + 3) / 4 * 4) {
  for (std::size_t window = 0; window < inside_.size(); ++window) {
    const std::int64_t reach_ms = plan.reaches_ms[std::min(window, plan.reaches_ms.size() - 1)];
    reaches_.push_back(static_cast<std::uint32_t>(reach_ms));
    wide_reaches_.push_back(static_cast<std::uint64_t>(reach_ms));
  }
}

// Entries in front of the event at hand are counted; the event itself, which was just written, is inside every window.
template <bool is_entry>
void WindowScan::count_inside(const RingView& ring, std::size_t begin, std::size_t place, std::int64_t newest) {
  const std::uint64_t now = static_cast<std::uint64_t>(newest) - (is_entry ? ring.age(place, newest) : asked_age_);
  const char* times = ring.base + ring.capacity * plan_.time_before;
  const auto* narrow = reinterpret_cast<const std::uint32_t*>(times) + begin;
  const auto narrow_now = static_cast<std::uint32_t>(now);
  const std::size_t count = place - begin;
  for (std::size_t window = 0; window < inside_.size(); window += 4) {
    if (plan_.wide_time) {
      count_younger(reinterpret_cast<const std::uint64_t*>(times) + begin, count, now, &wide_reaches_[window], &inside_[window]);
    } else if (count < worth_vectors || !count_younger_by_vectors(narrow, count, narrow_now, &reaches_[window], &inside_[window])) {
      count_younger(narrow, count, narrow_now, &reaches_[window], &inside_[window]);
    }
    if (is_entry)
      for (std::size_t at = 0; at < 4; ++at) ++inside_[window + at];
  }
}

// Takes in what lies between the range walked so far and this one, which ends where that does.
void WindowScan::widen(const RingRange& range, const TrackPlan& track, bool adds) {
  const std::size_t entries = range.end - range.begin;
  const std::size_t more = entries - walked_.entries;
  walked_.entries = entries;
  const std::int64_t* values = nullptr;
  if (adds)
    values = reinterpret_cast<const std::int64_t*>(range.ring.base + range.ring.capacity * plan_.columns[track.column].bytes_before) +
             range.begin;
  if (track.flags == 0) {
    walked_.count = entries;
    if (!adds) return;
    // The event at hand was just written: what is read whole lines at a time would wait for it.
    const bool holds_newest = entries == more;
    if (holds_newest) walked_.totals.add(values[more - 1]);
    walked_.totals.add(values, holds_newest ? more - 1 : more);
    return;
  }
  for (std::size_t at = 0; at < more; ++at) {
    if (!range.ring.belongs(range.begin + at, track)) continue;
    ++walked_.count;
    if (adds) walked_.totals.add(values[at]);
  }
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

void WindowScan::answer_numbers(const CellPlan& cell, const RingRange& range, Answers& answers) {
  const StretchTotals& totals = walked_.totals;
  const std::uint64_t count = walked_.count;
  if (plan_.tracks[cell.track].needs_sum && !totals.are_plain()) {
    answer_exact_sums(cell, range, answers);
  } else {
    if (cell.has(Aggregate::sum)) answers.put_integer(cell.output(Aggregate::sum), totals.sum);
    if (cell.has(Aggregate::avg)) {
      if (walked_.averaged != count) {
        walked_.averaged = count;
        walked_.average = Answers::average_of(count, totals.sum, cell.unit);
      }
      count > 0 ? answers.put_finite(cell.output(Aggregate::avg), walked_.average) : answers.put_missing(cell.output(Aggregate::avg));
    }
    if (cell.has(Aggregate::stddev)) {
      if (walked_.spread != count && count > 1) {
        walked_.spread = count;
        walked_.deviation = Answers::deviation_of(count, spread_of(count, totals.sum, totals.squares), cell.unit);
      }
      count > 1 ? answers.put_finite(cell.output(Aggregate::stddev), walked_.deviation)
                : answers.put_missing(cell.output(Aggregate::stddev));
    }
  }
  const auto put_extreme = [&](Aggregate aggregate, std::int64_t value) {
    if (!cell.has(aggregate)) return;
    if (count == 0) return answers.put_missing(cell.output(aggregate));
    answers.put_integer(cell.output(aggregate), value);
  };
  put_extreme(Aggregate::min, totals.min);
  put_extreme(Aggregate::max, totals.max);
}

bool WindowScan::is_wanted(const CellPlan& cell) const {
  if (cell.floors_begin == cell.floors_end) return true;
  for (std::uint32_t at = cell.floors_begin; at < cell.floors_end; ++at)
    if (inside_[plan_.floors[at].window] >= plan_.floors[at].entries) return true;
  return false;
}

template <bool is_entry>
void WindowScan::scan(const RingView& ring, std::size_t begin, std::size_t place, std::int64_t newest, Answers& answers) {
  count_inside<is_entry>(ring, begin, place, newest);
  auto cell = plan_.cells.begin();
  for (std::uint32_t index = 0; index < plan_.tracks.size(); ++index) {
    const TrackPlan& track = plan_.tracks[index];
    const std::size_t end = !is_entry || track.excludes_this_event ? place : place + 1;
    const std::size_t left_out = is_entry ? place + 1 - end : 0;
    const bool adds = !track.floating && (track.needs_sum || track.needs_min || track.needs_max);
    const bool walks = adds || track.flags != 0;
    if (walks) walked_ = {};
    for (; cell != plan_.cells.end() && cell->track == index; ++cell) {
      const std::size_t entries = inside_[cell->window] - left_out;
      const RingRange range{ring, end - entries, end};
      const bool wanted = is_wanted(*cell);
      if (track.floating) {
        answer_floating(*cell, range, answers);
      } else {
        if (walks && (wanted || track.flags != 0) && entries != walked_.entries) widen(range, track, adds);
        const std::uint64_t count = track.flags != 0 ? walked_.count : entries;
        answers.put_count(*cell, count);
        if (!wanted) {
          answers.put_unread(*cell, count);
        } else if (adds) {
          answer_numbers(*cell, range, answers);
        }
      }
      if (wanted && cell->has(Aggregate::distinct))
        answers.put_distinct(cell->output(Aggregate::distinct), distinct(ring, track, range.begin, end));
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
