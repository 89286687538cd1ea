#include "engine/features/span_scan.h"

#include <algorithm>

#include "engine/features/ordered_values.h"

namespace weir {

RingRange range_of(const SpanPlan& span, const SpanScan::Moment& moment) {
  const RingView& ring = moment.ring;
  std::size_t end = span.track.excludes_this_event ? moment.place : moment.place + moment.own_entries;
  if (!span.ends_at_event())
    end = ring.place_of(moment.age + static_cast<std::uint64_t>(span.delay_ms), moment.begin, moment.place, moment.newest);
  std::size_t from = ring.place_of(moment.age + static_cast<std::uint64_t>(span.reach_ms), moment.begin, end, moment.newest);
  if (span.events == 0) return {ring, from, end};
  std::size_t first = end;
  for (std::uint32_t members = 0; first > from && members < span.events; --first)
    if ((ring.flags(first - 1) & span.member_flags) == span.member_flags) ++members;
  return {ring, first, end};
}

void SpanScan::sort_values(const SpanPlan& span, const RingRange& range, const NameTable& names) {
  const RingColumnPlan& column = plan_.columns[span.track.column];
  values_.clear();
  for (std::size_t index = range.begin; index < range.end; ++index) {
    if (!range.ring.belongs(index, span.track)) continue;
    values_.push_back(span.track.floating ? ordered_word(range.ring.load<double>(column.bytes_before, index))
                                          : range.ring.word(column, index));
  }
  std::sort(values_.begin(), values_.end(), ValueOrder{column.storage == ValueStorage::name ? &names : nullptr});
}

void SpanScan::answer_sorted(const SpanPlan& span, Answers& answers) {
  for (const SpanPlan::Percentile& percentile : span.percentiles) {
    if (values_.empty()) {
      answers.put_missing(percentile.output);
    } else {
      answers.put_number(percentile.output, percentile_of(percentile.parts, values_.size(), span.track.floating, span.cell.unit,
                                                          [&](std::uint64_t rank) { return values_[rank]; }));
    }
  }
  std::uint64_t distinct = 0;
  std::size_t times_max = 0;
  std::uint64_t most_frequent = 0;
  for (std::size_t begin = 0, end = 0; begin < values_.size(); begin = end) {
    while (end < values_.size() && values_[end] == values_[begin]) ++end;
    ++distinct;
    if (end - begin <= times_max) continue;
    times_max = end - begin;
    most_frequent = values_[begin];
  }
  if (span.cell.has(Aggregate::distinct)) answers.put_distinct(span.cell.output(Aggregate::distinct), distinct);
  if (span.mode == no_output) return;
  if (values_.empty()) return answers.put_missing(span.mode);
  answers.put_word(span.mode, plan_.columns[span.track.column], most_frequent);
}

void SpanScan::scan(const Moment& moment, Answers& answers) {
  const RingView& ring = moment.ring;
  for (const SpanPlan& span : plan_.spans) {
    const RingRange range = range_of(span, moment);
    const CellPlan& cell = span.cell;
    if (span.track.floating) {
      answer_floating(span.track, cell, range, answers);
    } else {
      if (cell.has(Aggregate::count)) {
        std::uint64_t count = 0;
        for (std::size_t index = range.begin; index < range.end; ++index) count += ring.belongs(index, span.track) ? 1 : 0;
        answers.put_count(cell, count);
      }
      if (span.track.needs_sum) answer_exact_sums(span.track, cell, range, answers);
      if (span.track.needs_min || span.track.needs_max) answer_extremes(span.track, cell, range, answers);
    }
    if (cell.has(Aggregate::first) || cell.has(Aggregate::last)) answer_ends(span.track, cell, range, answers);
    if (span.percentiles.empty() && span.mode == no_output && !cell.has(Aggregate::distinct)) continue;
    sort_values(span, range, answers.names());
    answer_sorted(span, answers);
  }
}

}  // namespace weir
