#include "engine/features/hot_key.h"

#include <algorithm>

#include "engine/base/prefetch.h"
#include "engine/features/range_answers.h"
#include "engine/features/ready_pages.h"

namespace weir {
namespace {

constexpr std::size_t line_bytes = 64;
constexpr std::size_t capacity_at_first = 256;
constexpr std::size_t moved_at_once_max = 65'536;  // entries of capacity; larger rings move on the way
constexpr std::size_t moved_an_event = 32;         // of these; twice what is needed to be done before the room ends
constexpr std::size_t begun_ahead = 8;             // such a part of the capacity is left when the move begins
constexpr std::uint64_t leaving_ahead = 2;         // entries: of keys whose events are closer together than `prefetch_leaving` looks ahead

std::int64_t value_at(const RingView& ring, const TrackPlan& track, std::size_t index) {
  return ring.load<std::int64_t>(ring.plan->columns[track.column].bytes_before, index);
}

template <typename Needs>
std::size_t tracks_where_any(const KeyGroupPlan& plan, Needs needs) {
  return std::any_of(plan.tracks.begin(), plan.tracks.end(), needs) ? plan.tracks.size() : 0;
}

}  // namespace

void release_names(const RingView& ring, std::size_t index, NameTable& names) {
  for (const RingColumnPlan& column : ring.plan->columns) {
    if (column.storage != ValueStorage::name) continue;
    if (const NameNumber name = ring.load<NameNumber>(column.bytes_before, index); name != 0) names.release(name);
  }
}

HotKey::HotKey(const KeyGroupPlan& plan, const NameTable& names, const RingView& from, std::size_t begin, std::size_t count,
               std::int64_t newest)
    : plan_(plan),
      memory_(new char[capacity_at_first * plan.entry_bytes]),
      ring_{&plan, memory_.get(), capacity_at_first, plan.entry_bytes},
      end_(count),
      room_(capacity_at_first),
      cursors_(plan.reaches_ms.size(), 0),
      cells_(plan.totals.size()),
      largest_(tracks_where_any(plan, [](const TrackPlan& track) { return track.needs_max; })),
      smallest_(tracks_where_any(plan, [](const TrackPlan& track) { return track.needs_min; })) {
  ring_.move(from, begin, 0, count);
  if (!plan.spans.empty()) spans_ = std::make_unique<SpanCells>(plan, names);
  oldest_ = newest - static_cast<std::int64_t>(age_at(begin_, newest));
  for (const CellPlan& cell : plan.cells) {
    if (!cell.has(Aggregate::distinct)) continue;
    cells_[static_cast<std::size_t>(cell.totals)].distinct = distincts_.emplace_back(std::make_unique<DistinctCounts>()).get();
  }
  for (std::size_t track = 0; track < plan.tracks.size(); ++track) {
    const TrackPlan& planned = plan.tracks[track];
    if (planned.floating) continue;
    for (std::uint64_t position = 0; position < end_; ++position) {
      if (!ring_.belongs(position, planned)) continue;
      if (planned.needs_max) largest_[track].insert(position, value_at(ring_, planned, position));
      if (planned.needs_min) smallest_[track].insert(position, ~value_at(ring_, planned, position));
    }
  }
}

template <typename Change>
void HotKey::change(std::uint32_t begin, std::uint32_t end, std::uint64_t position, Change change) {
  const std::size_t index = index_of(position);
  for (std::uint32_t place = begin; place < end; ++place) {
    const TotalsPlan& planned = plan_.totals[place];
    if (!ring_.has_flags(index, planned.flags)) continue;
    change(cells_[place], planned.adds ? ring_.load<std::int64_t>(planned.bytes_before, index) : 0, planned.adds,
           [&] { return distinct_value(planned, index); });
  }
}

void HotKey::enter(std::uint32_t begin, std::uint32_t end, std::uint64_t position) {
  change(begin, end, position, [](CellState& state, std::int64_t value, bool adds, auto distinct_value) {
    ++state.count;
    if (adds) state.totals.add(value);
    if (state.distinct != nullptr) state.distinct->add(distinct_value());
  });
}

void HotKey::enter(std::size_t window, std::uint64_t position) {
  enter(plan_.totals_before[window], plan_.totals_before[window + 1], position);
}

void HotKey::leave(std::size_t window, std::uint64_t position) {
  const auto undo = [](CellState& state, std::int64_t value, bool adds, auto distinct_value) {
    --state.count;
    if (adds) state.totals.remove(value);
    if (state.distinct != nullptr) state.distinct->remove(distinct_value());
  };
  change(plan_.totals_before[window], plan_.totals_before[window + 1], position, undo);
  if (!distincts_.empty()) prefetch_count(window, position + leaving_ahead);
}

void HotKey::drop_front(std::int64_t newest, NameTable& names) {
  for (std::size_t window = 0; window < cursors_.size(); ++window) {
    if (cursors_[window] != begin_) continue;
    if (head_ > begin_) leave(window, begin_);
    ++cursors_[window];
  }
  if (head_ == begin_) ++head_;
  if (spans_ != nullptr) spans_->drop_front(entries_of(newest));
  release_names(ring_, index_of(begin_), names);
  ++begin_;
  if (begin_ < end_) oldest_ = newest - static_cast<std::int64_t>(age_at(begin_, newest));
  for (SuffixExtremes& extremes : largest_) extremes.drop_before(begin_);
  for (SuffixExtremes& extremes : smallest_) extremes.drop_before(begin_);
}

void HotKey::drop_unneeded(std::int64_t newest, std::uint64_t advance_ms, NameTable& names) {
  spans_->settle(entries_of(newest), advance_ms);
  while (begin_ < end_ && !spans_->needs_front(entries_of(newest), advance_ms)) drop_front(newest, names);
}

bool HotKey::let_go(std::size_t entries_max, NameTable& names) {
  for (; entries_max > 0 && begin_ < end_; --entries_max) release_names(ring_, index_of(begin_++), names);
  return begin_ < end_;
}

void HotKey::leave_windows() {
  for (CellState& cell : cells_) {
    cell.totals = {};
    cell.count = 0;
    if (cell.distinct != nullptr) cell.distinct->clear();
  }
  head_ = end_;
  std::fill(cursors_.begin(), cursors_.end(), end_);
}

// Room for one more entry: the front's free places are used when they are a quarter of all, so an entry is moved three times at most.
void HotKey::find_room() {
  if (ring_.capacity > moved_at_once_max) return move_on();
  const std::size_t free_places = index_of(begin_);
  if (free_places * 4 >= ring_.capacity) {
    ring_.move(ring_, free_places, 0, entries());
  } else {
    const std::size_t larger = ring_.capacity + ring_.capacity / 2;
    std::unique_ptr<char[]> memory(new char[larger * plan_.entry_bytes]);
    const RingView wider{&plan_, memory.get(), larger, plan_.entry_bytes};
    wider.move(ring_, free_places, 0, entries());
    memory_ = std::move(memory);
    ring_ = wider;
    room_ = larger > moved_at_once_max ? larger - larger / begun_ahead : larger;
  }
  origin_ = begin_;
}

// A step of the way to other memory. Late events that come in front of what is copied have it copied again.
void HotKey::move_on() {
  if (move_ == nullptr) {
    const std::size_t capacity = index_of(begin_) * 4 >= ring_.capacity ? ring_.capacity : ring_.capacity + ring_.capacity / 2;
    std::unique_ptr<char[]> memory(new char[capacity * plan_.entry_bytes]);
    const RingView ring{&plan_, memory.get(), capacity, plan_.entry_bytes};
    move_ = std::make_unique<Move>(Move{std::move(memory), ring, begin_, begin_});
  }
  std::uint64_t& copied = move_->copied;
  copied = std::max(copied, begin_);
  const bool full = index_of(end_) >= ring_.capacity;
  const std::size_t count = full ? end_ - copied : std::min(moved_an_event, static_cast<std::size_t>(end_ - copied));
  move_->ring.move(ring_, index_of(copied), copied - move_->origin, count);
  copied += count;
  if (copied < end_) return;
  memory_.swap(move_->memory);
  ring_ = move_->ring;
  origin_ = move_->origin;
  room_ = ring_.capacity - ring_.capacity / begun_ahead;
  ReadyPages::of_process().retire(std::move(move_));
}

// Moves head and cursors to where they stand for an event of this age at `position`.
void HotKey::seek(std::uint64_t position, std::uint64_t age, std::int64_t newest) {
  const auto limit = [&](std::size_t window) { return age + static_cast<std::uint64_t>(plan_.reaches_ms[window]); };
  const std::int64_t time = static_cast<std::int64_t>(static_cast<std::uint64_t>(newest) - age);
  if (time < sought_) {
    for (std::size_t window = 0; window < cursors_.size(); ++window)
      while (cursors_[window] > begin_ && age_at(cursors_[window] - 1, newest) < limit(window)) {
        --cursors_[window];
        if (cursors_[window] < head_) enter(window, cursors_[window]);
      }
    for (; head_ > position; --head_)
      for (std::size_t window = 0; window < cursors_.size(); ++window) leave(window, head_ - 1);
  }
  sought_ = time;
  for (; head_ < position; ++head_)
    for (std::size_t window = 0; window < cursors_.size(); ++window)
      if (cursors_[window] <= head_) enter(window, head_);
  for (std::size_t window = 0; window < cursors_.size(); ++window)
    while (cursors_[window] < head_ && age_at(cursors_[window], newest) >= limit(window)) {
      leave(window, cursors_[window]);
      ++cursors_[window];
    }
}

void HotKey::add(const RingEvent& event, std::uint64_t age, std::int64_t newest, bool too_late, Answers* answers) {
  make_room();
  const std::uint64_t position = age == 0 ? end_ : origin_ + ring_.place_of(age, index_of(begin_), index_of(end_), newest);
  seek(position, age, newest);
  if (spans_ != nullptr) {
    if (age > 0) spans_->settle(entries_of(newest), 0);
    spans_->seek(entries_of(newest), position, age);
  }
  if (answers != nullptr) answer(true, true, *answers);
  if (answers != nullptr && spans_ != nullptr) spans_->answer(entries_of(newest), true, *answers);
  const std::size_t index = index_of(position);
  if (position < end_) {
    ring_.move(ring_, index, index + 1, end_ - position);
    if (move_ != nullptr) move_->copied = std::min(move_->copied, position);
  }
  ring_.write(index, static_cast<std::uint64_t>(newest) - age, event);
  ++end_;
  if (!too_late) {
    for (std::size_t track = 0; track < plan_.tracks.size(); ++track) {
      const TrackPlan& planned = plan_.tracks[track];
      const bool belongs = !planned.floating && ring_.belongs(index, planned);
      if (planned.needs_max) largest_[track].insert(position, belongs ? value_at(ring_, planned, index) : 0, belongs);
      if (planned.needs_min) smallest_[track].insert(position, belongs ? ~value_at(ring_, planned, index) : 0, belongs);
    }
  }
  enter(0, plan_.totals_before.back(), position);
  ++head_;
  if (position == begin_) oldest_ = newest - static_cast<std::int64_t>(age);
  if (answers != nullptr) answer(false, !too_late, *answers);
  if (spans_ != nullptr) {
    spans_->enter(entries_of(newest), position);
    if (answers != nullptr) spans_->answer(entries_of(newest), false, *answers);
    if (too_late) spans_->leave(entries_of(newest), position);
  }
  if (!too_late) return;
  for (std::size_t window = 0; window < cursors_.size(); ++window) leave(window, position);
  --head_;
  --end_;
  ring_.move(ring_, index + 1, index, end_ - position);
  if (position == begin_ && begin_ < end_) oldest_ = newest - static_cast<std::int64_t>(age_at(begin_, newest));
}

void HotKey::ask(std::uint64_t age, std::int64_t newest, Answers& answers) {
  const std::uint64_t position = age == 0 ? end_ : origin_ + ring_.place_of(age, index_of(begin_), index_of(end_), newest);
  seek(position, age, newest);
  if (spans_ != nullptr) spans_->seek(entries_of(newest), position, age);
  for (const bool excluding : {true, false}) {
    answer(excluding, true, answers);
    if (spans_ != nullptr) spans_->answer(entries_of(newest), excluding, answers);
  }
}

void HotKey::answer(bool excluding, bool in_extremes, Answers& answers) {
  for (const CellPlan& cell : plan_.cells)
    if (plan_.tracks[cell.track].excludes_this_event == excluding) answer_cell(cell, in_extremes, is_wanted(cell, excluding), answers);
}

// Cells that exclude the event at hand are answered before it is entered.
bool HotKey::is_wanted(const CellPlan& cell, bool excluding) const {
  if (cell.floors_begin == cell.floors_end) return true;
  for (std::uint32_t at = cell.floors_begin; at < cell.floors_end; ++at) {
    const EntryFloor& floor = plan_.floors[at];
    if (head_ - cursors_[floor.window] + (excluding ? 1 : 0) >= floor.entries) return true;
  }
  return false;
}

void HotKey::answer_cell(const CellPlan& cell, bool in_extremes, bool wanted, Answers& answers) {
  const TrackPlan& track = plan_.tracks[cell.track];
  const RingRange range{ring_, index_of(cursors_[cell.window]), index_of(head_)};
  if (track.floating) {
    answer_floating(cell, range, answers);
  } else if (!wanted) {
    const std::uint64_t count = count_of(cell);
    answers.put_count(cell, count);
    answers.put_unread(cell, count);
  } else {
    answer_totals(cell, answers);
    put_extreme(cell, Aggregate::max, in_extremes, answers);
    put_extreme(cell, Aggregate::min, in_extremes, answers);
  }
  if (wanted && cell.has(Aggregate::distinct))
    answers.put_distinct(cell.output(Aggregate::distinct), cells_[static_cast<std::size_t>(cell.totals)].distinct->size());
  if (cell.has(Aggregate::first) || cell.has(Aggregate::last)) answer_ends(cell, range, answers);
}

std::uint64_t HotKey::count_of(const CellPlan& cell) const {
  const bool counted = plan_.tracks[cell.track].flags != 0 && cell.totals != no_output;
  return counted ? cells_[static_cast<std::size_t>(cell.totals)].count : head_ - cursors_[cell.window];
}

void HotKey::answer_totals(const CellPlan& cell, Answers& answers) {
  const TrackPlan& track = plan_.tracks[cell.track];
  const std::uint64_t count = count_of(cell);
  answers.put_count(cell, count);
  if (!track.needs_sum || cell.totals == no_output) return;
  const ExactTotals& totals = cells_[static_cast<std::size_t>(cell.totals)].totals;
  const auto sum = static_cast<std::int64_t>(totals.sum);
  const auto squares = static_cast<std::uint64_t>(totals.squares);
  if (sum == totals.sum && squares == totals.squares && totals.squares_above == 0) {
    answers.put_sums(cell, count, sum, [&] { return spread_of(count, sum, squares); });
  } else {
    answers.put_sums(cell, count, totals.sum, [&] { return spread_of(count, totals); });
  }
}

// The deque knows windows that end at the newest entry. For an earlier head its answer holds if it lies in front of the head.
void HotKey::put_extreme(const CellPlan& cell, Aggregate aggregate, bool in_extremes, Answers& answers) {
  if (!cell.has(aggregate)) return;
  const SuffixExtremes& extremes = aggregate == Aggregate::max ? largest_[cell.track] : smallest_[cell.track];
  const std::uint64_t begin = cursors_[cell.window];
  const auto found = in_extremes ? extremes.largest_from(begin) : std::nullopt;
  if (found && found->position < head_) {
    answers.put_integer(cell.output(aggregate), aggregate == Aggregate::max ? found->value : ~found->value);
  } else if (in_extremes && !found) {
    answers.put_missing(cell.output(aggregate));
  } else {
    CellPlan alone = cell;
    alone.outputs.fill(no_output);
    alone.outputs[static_cast<std::size_t>(aggregate)] = cell.output(aggregate);
    answer_extremes(alone, {ring_, index_of(begin), index_of(head_)}, answers);
  }
}

void HotKey::prefetch_state() const {
  const auto lines = [](const void* from, std::size_t bytes) {
    for (std::size_t at = 0; at < bytes; at += line_bytes) prefetch(static_cast<const char*>(from) + at);
  };
  lines(cursors_.data(), cursors_.size() * sizeof cursors_[0]);
  lines(cells_.data(), cells_.size() * sizeof cells_[0]);
  lines(largest_.data(), largest_.size() * sizeof largest_[0]);
  lines(smallest_.data(), smallest_.size() * sizeof smallest_[0]);
  prefetch_entry(end_);
}

void HotKey::prefetch_cursors() const {
  for (const std::uint64_t cursor : cursors_) prefetch_entry(cursor);
  if (!distincts_.empty())
    for (const CellState& cell : cells_) prefetch(cell.distinct);
  for (const SuffixExtremes& extremes : largest_) extremes.prefetch_newest();
  for (const SuffixExtremes& extremes : smallest_) extremes.prefetch_newest();
}

void HotKey::prefetch_entering(std::uint32_t column, std::uint64_t value) const {
  if (distincts_.empty()) return;
  for (std::size_t place = 0; place < cells_.size(); ++place)
    if (cells_[place].distinct != nullptr && plan_.totals[place].bytes_before == plan_.columns[column].bytes_before)
      cells_[place].distinct->prefetch_value(value);
}

void HotKey::prefetch_leaving() const {
  if (distincts_.empty()) return;
  for (std::size_t window = 0; window < cursors_.size(); ++window) prefetch_count(window, cursors_[window]);
}

void HotKey::prefetch_count(std::size_t window, std::uint64_t position) const {
  if (position >= end_) return;
  for (std::uint32_t place = plan_.totals_before[window]; place < plan_.totals_before[window + 1]; ++place) {
    const DistinctCounts* distinct = cells_[place].distinct;
    if (distinct != nullptr) distinct->prefetch_value(distinct_value(plan_.totals[place], index_of(position)));
  }
}

void HotKey::prefetch_entry(std::uint64_t position) const {
  const char* first = ring_.place(0, 0, index_of(position));
  const char* last = first + ring_.row_bytes - 1;
  prefetch(first);
  if (reinterpret_cast<std::uintptr_t>(first) / line_bytes != reinterpret_cast<std::uintptr_t>(last) / line_bytes) prefetch(last);
}

std::size_t HotKey::bytes() const {
  const std::size_t moving = move_ != nullptr ? move_->ring.capacity : 0;
  std::size_t total = sizeof *this + (ring_.capacity + moving) * plan_.entry_bytes + cells_.capacity() * sizeof(CellState);
  for (const std::unique_ptr<DistinctCounts>& distinct : distincts_) total += sizeof *distinct + distinct->bytes();
  for (const SuffixExtremes& extremes : largest_) total += sizeof extremes + extremes.bytes();
  for (const SuffixExtremes& extremes : smallest_) total += sizeof extremes + extremes.bytes();
  if (spans_ != nullptr) total += spans_->bytes();
  return total;
}

}  // namespace weir
