#include "engine/features/range_answers.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/features/exact_totals.h"

namespace weir {
namespace {

template <typename Visit>
void for_each_value(const TrackPlan& track, const RingRange& range, Visit visit) {
  for (std::size_t index = range.begin; index < range.end; ++index)
    if (range.ring.belongs(index, track)) visit(index);
}

void put_optional(Answers& answers, const CellPlan& cell, Aggregate aggregate, const std::optional<std::size_t>& found,
                  const RingRange& range, const RingColumnPlan& column) {
  if (!cell.has(aggregate)) return;
  if (found) {
    answers.put_value(cell.output(aggregate), range.ring, column, *found);
  } else {
    answers.put_missing(cell.output(aggregate));
  }
}

template <typename Value>
void put_extremes(const TrackPlan& track, const CellPlan& cell, const RingRange& range, Answers& answers) {
  const RingColumnPlan& column = range.ring.plan->columns[track.column];
  std::optional<std::size_t> lowest;
  std::optional<std::size_t> highest;
  const auto value = [&](std::size_t index) { return range.ring.load<Value>(column.bytes_before, index); };
  for_each_value(track, range, [&](std::size_t index) {
    if (!lowest || value(index) < value(*lowest)) lowest = index;
    if (!highest || value(*highest) < value(index)) highest = index;
  });
  put_optional(answers, cell, Aggregate::min, lowest, range, column);
  put_optional(answers, cell, Aggregate::max, highest, range, column);
}

const TrackPlan& track_of(const CellPlan& cell, const RingRange& range) {
  return range.ring.plan->tracks[cell.track];
}

}  // namespace

void answer_ends(const TrackPlan& track, const CellPlan& cell, const RingRange& range, Answers& answers) {
  if (cell.has(Aggregate::first)) {
    std::size_t index = range.begin;
    while (index < range.end && !range.ring.belongs(index, track)) ++index;
    const std::optional<std::size_t> found = index < range.end ? std::optional(index) : std::nullopt;
    put_optional(answers, cell, Aggregate::first, found, range, range.ring.plan->columns[track.column]);
  }
  if (cell.has(Aggregate::last)) {
    std::size_t index = range.end;
    while (index > range.begin && !range.ring.belongs(index - 1, track)) --index;
    const std::optional<std::size_t> found = index > range.begin ? std::optional(index - 1) : std::nullopt;
    put_optional(answers, cell, Aggregate::last, found, range, range.ring.plan->columns[track.column]);
  }
}

void answer_floating(const TrackPlan& track, const CellPlan& cell, const RingRange& range, Answers& answers) {
  const RingColumnPlan& column = range.ring.plan->columns[track.column];
  const auto value = [&](std::size_t index) { return range.ring.load<double>(column.bytes_before, index); };
  std::uint64_t count = 0;
  double sum = 0;
  for_each_value(track, range, [&](std::size_t index) {
    ++count;
    sum += value(index);
  });
  const double number = static_cast<double>(count);
  answers.put_count(cell, count);
  if (cell.has(Aggregate::sum)) answers.put_number(cell.output(Aggregate::sum), sum);
  if (cell.has(Aggregate::avg)) {
    if (count == 0) {
      answers.put_missing(cell.output(Aggregate::avg));
    } else {
      answers.put_number(cell.output(Aggregate::avg), sum / number);
    }
  }
  if (cell.has(Aggregate::stddev)) {
    double spread = 0;
    const double mean = sum / number;
    for_each_value(track, range, [&](std::size_t index) { spread += (value(index) - mean) * (value(index) - mean); });
    if (count < 2) {
      answers.put_missing(cell.output(Aggregate::stddev));
    } else {
      answers.put_number(cell.output(Aggregate::stddev), std::sqrt(spread / (number - 1)));
    }
  }
  put_extremes<double>(track, cell, range, answers);
}

void answer_extremes(const TrackPlan& track, const CellPlan& cell, const RingRange& range, Answers& answers) {
  put_extremes<std::int64_t>(track, cell, range, answers);
}

void answer_exact_sums(const TrackPlan& track, const CellPlan& cell, const RingRange& range, Answers& answers) {
  const RingColumnPlan& column = range.ring.plan->columns[track.column];
  ExactTotals totals;
  std::uint64_t count = 0;
  for_each_value(track, range, [&](std::size_t index) {
    ++count;
    totals.add(range.ring.load<std::int64_t>(column.bytes_before, index));
  });
  answers.put_sums(cell, count, totals.sum, [&] { return spread_of(count, totals); });
}

void answer_ends(const CellPlan& cell, const RingRange& range, Answers& answers) {
  answer_ends(track_of(cell, range), cell, range, answers);
}

void answer_floating(const CellPlan& cell, const RingRange& range, Answers& answers) {
  answer_floating(track_of(cell, range), cell, range, answers);
}

void answer_extremes(const CellPlan& cell, const RingRange& range, Answers& answers) {
  answer_extremes(track_of(cell, range), cell, range, answers);
}

void answer_exact_sums(const CellPlan& cell, const RingRange& range, Answers& answers) {
  answer_exact_sums(track_of(cell, range), cell, range, answers);
}

}  // namespace weir
