#include "engine/features/span_cells.h"

#include <algorithm>

#include "engine/features/range_answers.h"

namespace weir {
namespace {

bool has_flags(const RingView& ring, std::size_t index, std::uint64_t flags) {
  return flags == 0 || (ring.flags(index) & flags) == flags;
}

// Values whose order a hot key keeps; sums of floats and their extremes are read off the ring.
bool keeps_order(const SpanPlan& span) {
  return !span.percentiles.empty() || span.mode != no_output || (!span.track.floating && (span.track.needs_min || span.track.needs_max));
}

}  // namespace

SpanCells::SpanCells(const KeyGroupPlan& plan, const NameTable& names)
    : plan_(plan), states_(plan.spans.size()), settled_(plan.keeps.size()) {
  for (std::size_t index = 0; index < states_.size(); ++index) {
    const SpanPlan& span = plan.spans[index];
    if (span.cell.has(Aggregate::distinct)) states_[index].distinct = std::make_unique<DistinctCounts>();
    if (!keeps_order(span)) continue;
    const bool named = plan.columns[span.track.column].storage == ValueStorage::name;
    states_[index].ordered = std::make_unique<OrderedValues>(ValueOrder{named ? &names : nullptr});
  }
}

std::uint64_t SpanCells::value_of(const SpanPlan& span, const RingView& ring, std::size_t index) const {
  const RingColumnPlan& column = plan_.columns[span.track.column];
  return span.track.floating ? ordered_word(ring.load<double>(column.bytes_before, index)) : ring.word(column, index);
}

void SpanCells::take(const SpanPlan& span, State& state, const RingView& ring, std::size_t index) {
  if (has_flags(ring, index, span.member_flags)) ++state.members;
  if (!ring.belongs(index, span.track)) return;
  ++state.count;
  if (span.track.needs_sum && !span.track.floating) state.totals.add(static_cast<std::int64_t>(value_of(span, ring, index)));
  if (state.distinct != nullptr) state.distinct->add(value_of(span, ring, index));
  if (state.ordered != nullptr) state.ordered->add(value_of(span, ring, index));
}

void SpanCells::give(const SpanPlan& span, State& state, const RingView& ring, std::size_t index) {
  if (has_flags(ring, index, span.member_flags)) --state.members;
  if (!ring.belongs(index, span.track)) return;
  --state.count;
  if (span.track.needs_sum && !span.track.floating) state.totals.remove(static_cast<std::int64_t>(value_of(span, ring, index)));
  if (state.distinct != nullptr) state.distinct->remove(value_of(span, ring, index));
  if (state.ordered != nullptr) state.ordered->remove(value_of(span, ring, index));
}

void SpanCells::seek(const HotEntries& entries, std::uint64_t position, std::uint64_t age) {
  for (std::size_t index = 0; index < states_.size(); ++index) {
    const SpanPlan& span = plan_.spans[index];
    if (span.events > 0) {
      seek_count(span, states_[index], entries, position, age);
    } else {
      seek_time(span, states_[index], entries, position, age);
    }
  }
}

// The end moves to the first entry that is younger than the delay, never beyond the event. An end that falls behind the beginning takes
// it along.
void SpanCells::seek_end(const SpanPlan& span, State& state, const HotEntries& entries, std::uint64_t position, std::uint64_t age) {
  const std::uint64_t youngest = age + static_cast<std::uint64_t>(span.delay_ms);
  const auto too_young = [&](std::uint64_t at) { return !span.ends_at_event() && entries.age(at) < youngest; };
  while (state.end > entries.begin && (state.end > position || too_young(state.end - 1))) {
    --state.end;
    if (state.end >= state.begin) {
      give(span, state, entries.ring, entries.index(state.end));
    } else {
      state.begin = state.end;
    }
  }
  for (; state.end < position && !too_young(state.end); ++state.end) take(span, state, entries.ring, entries.index(state.end));
}

void SpanCells::seek_time(const SpanPlan& span, State& state, const HotEntries& entries, std::uint64_t position, std::uint64_t age) {
  const std::uint64_t limit = age + static_cast<std::uint64_t>(span.reach_ms);
  seek_end(span, state, entries, position, age);
  while (state.begin > entries.begin && entries.age(state.begin - 1) < limit) {
    --state.begin;
    take(span, state, entries.ring, entries.index(state.begin));
  }
  for (; state.begin < state.end && entries.age(state.begin) >= limit; ++state.begin)
    give(span, state, entries.ring, entries.index(state.begin));
}

void SpanCells::seek_count(const SpanPlan& span, State& state, const HotEntries& entries, std::uint64_t position, std::uint64_t age) {
  const std::uint64_t limit = age + static_cast<std::uint64_t>(span.reach_ms);
  seek_end(span, state, entries, position, age);
  while (state.members < span.events && state.begin > entries.begin && entries.age(state.begin - 1) < limit) {
    --state.begin;
    take(span, state, entries.ring, entries.index(state.begin));
  }
  for (; state.begin < state.end && entries.age(state.begin) >= limit; ++state.begin)
    give(span, state, entries.ring, entries.index(state.begin));
  trim(span, state, entries);
}

void SpanCells::trim(const SpanPlan& span, State& state, const HotEntries& entries) {
  for (; state.members > span.events; ++state.begin) give(span, state, entries.ring, entries.index(state.begin));
}

void SpanCells::enter(const HotEntries& entries, std::uint64_t position) {
  for (std::size_t index = 0; index < states_.size(); ++index) {
    const SpanPlan& span = plan_.spans[index];
    if (!span.ends_at_event()) continue;
    take(span, states_[index], entries.ring, entries.index(position));
    ++states_[index].end;
    if (span.events > 0) trim(span, states_[index], entries);
  }
}

void SpanCells::leave(const HotEntries& entries, std::uint64_t position) {
  for (std::size_t index = 0; index < states_.size(); ++index) {
    if (!plan_.spans[index].ends_at_event()) continue;
    give(plan_.spans[index], states_[index], entries.ring, entries.index(position));
    --states_[index].end;
  }
}

void SpanCells::answer(const HotEntries& entries, bool excluding, Answers& answers) {
  for (std::size_t index = 0; index < states_.size(); ++index)
    if (plan_.spans[index].track.excludes_this_event == excluding) answer_span(plan_.spans[index], states_[index], entries, answers);
}

void SpanCells::answer_span(const SpanPlan& span, const State& state, const HotEntries& entries, Answers& answers) {
  const CellPlan& cell = span.cell;
  const RingRange range{entries.ring, entries.index(state.begin), entries.index(state.end)};
  if (span.track.floating) {
    answer_floating(span.track, cell, range, answers);
  } else {
    answers.put_count(cell, state.count);
    answers.put_sums(cell, state.count, state.totals.sum, [&] { return spread_of(state.count, state.totals); });
  }
  if (state.distinct != nullptr) answers.put_distinct(cell.output(Aggregate::distinct), state.distinct->size());
  if (cell.has(Aggregate::first) || cell.has(Aggregate::last)) answer_ends(span.track, cell, range, answers);
  if (state.ordered != nullptr) answer_ordered(span, *state.ordered, answers);
}

void SpanCells::answer_ordered(const SpanPlan& span, const OrderedValues& values, Answers& answers) {
  const RingColumnPlan& column = plan_.columns[span.track.column];
  const auto put = [&](std::int32_t output, auto word) {
    if (output == no_output) return;
    if (values.size() == 0) return answers.put_missing(output);
    answers.put_word(output, column, word());
  };
  for (const SpanPlan::Percentile& percentile : span.percentiles) {
    if (values.size() == 0) {
      answers.put_missing(percentile.output);
    } else {
      answers.put_number(percentile.output, percentile_of(percentile.parts, values.size(), span.track.floating, span.cell.unit,
                                                          [&](std::uint64_t rank) { return values.at(rank); }));
    }
  }
  put(span.mode, [&] { return values.most_frequent(); });
  if (span.track.floating) return;
  put(span.cell.output(Aggregate::min), [&] { return values.at(0); });
  put(span.cell.output(Aggregate::max), [&] { return values.at(values.size() - 1); });
}

void SpanCells::drop_front(const HotEntries& entries) {
  const std::uint64_t front = entries.begin;
  for (std::size_t index = 0; index < states_.size(); ++index) {
    State& state = states_[index];
    if (state.begin == front) {
      if (state.end > front) give(plan_.spans[index], state, entries.ring, entries.index(front));
      ++state.begin;
    }
    if (state.end == front) ++state.end;
  }
  for (std::size_t index = 0; index < settled_.size(); ++index) {
    Settled& settled = settled_[index];
    if (settled.end == front) {
      ++settled.end;
    } else if (has_flags(entries.ring, entries.index(front), plan_.keeps[index].flags)) {
      --settled.members;
    }
  }
}

// Backwards only after a rule set that admits later events has taken over.
void SpanCells::settle(const HotEntries& entries, std::uint64_t advance_ms) {
  for (std::size_t index = 0; index < settled_.size(); ++index) {
    const CountKeep& keep = plan_.keeps[index];
    Settled& settled = settled_[index];
    const auto is_settled = [&](std::uint64_t at) { return entries.age(at) + advance_ms >= static_cast<std::uint64_t>(keep.settle_ms); };
    for (; settled.end > entries.begin && !is_settled(settled.end - 1); --settled.end)
      if (has_flags(entries.ring, entries.index(settled.end - 1), keep.flags)) --settled.members;
    for (; settled.end < entries.end && is_settled(settled.end); ++settled.end)
      if (has_flags(entries.ring, entries.index(settled.end), keep.flags)) ++settled.members;
  }
}

bool SpanCells::needs_front(const HotEntries& entries, std::uint64_t advance_ms) const {
  const std::uint64_t age = entries.age(entries.begin) + advance_ms;
  if (age < static_cast<std::uint64_t>(plan_.retain_time_ms)) return true;
  for (std::size_t index = 0; index < settled_.size(); ++index) {
    const CountKeep& keep = plan_.keeps[index];
    if (age >= static_cast<std::uint64_t>(keep.reach_ms)) continue;
    const bool is_settled = entries.begin < settled_[index].end;
    const bool counts = has_flags(entries.ring, entries.index(entries.begin), keep.flags);
    if (!is_settled || (counts && settled_[index].members <= keep.events)) return true;
  }
  return false;
}

std::size_t SpanCells::bytes() const {
  std::size_t total = sizeof *this + states_.capacity() * sizeof(State) + settled_.capacity() * sizeof(Settled);
  for (const State& state : states_) {
    if (state.distinct != nullptr) total += sizeof *state.distinct + state.distinct->bytes();
    if (state.ordered != nullptr) total += sizeof *state.ordered + state.ordered->bytes();
  }
  return total;
}

}  // namespace weir
