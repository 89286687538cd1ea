#include "engine/features/key_group.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "engine/base/check.h"
#include "engine/base/prefetch.h"
#include "engine/features/count_retention.h"
#include "engine/features/ready_pages.h"

namespace weir {
namespace {

constexpr std::size_t entries_at_first = 3;
constexpr std::size_t cool_entries = WindowScan::entries_max / 4;
constexpr std::size_t dropped_at_once_max = 4'096;  // entries of one key
constexpr std::size_t let_go_a_row = 8;             // of what more than that have left behind

std::uint64_t age_of(std::int64_t time, std::int64_t newest) {
  return static_cast<std::uint64_t>(newest) - static_cast<std::uint64_t>(time);
}

}  // namespace

KeyGroup::KeyGroup(KeyGroupPlan plan, const FeatureStoreLimits& limits)
    : plan_(std::move(plan)),
      limits_(limits),
      encoder_(plan_.by),
      scan_(plan_),
      span_scan_(plan_),
      answers_(limits_, counters_, names_),
      nothing_(plan_.entry_bytes),
      names_of_rows_(plan_.columns.size()) {
  event_.values.resize(plan_.columns.size());
}

KeyGroup::~KeyGroup() {
  table_.for_each([&](BlockRef block) {
    KeyState& state = state_at(block);
    if (state.is_hot()) delete state.hot();
  });
}

// Visits the rows in order.
template <typename Visit>
void KeyGroup::approach(const EventBatch& batch, std::size_t begin, const RowBits& rows, const RowBits& taken, Visit visit) {
  std::array<std::uint8_t, stretch_rows> places;
  std::size_t count = 0;
  for_each_bit(rows, [&](std::size_t place) { places[count++] = static_cast<std::uint8_t>(place); });
  constexpr std::size_t steps = 6;
  const std::size_t apart = std::clamp(count / steps, std::size_t{1}, rows_apart);
  for (std::size_t at = 0; at < count + steps * apart; ++at) {
    // What is in front of the first row wraps around to beyond the last one.
    const auto with_row = [&](std::size_t step, auto act) {
      if (const std::size_t index = at - step * apart; index < count) act(std::size_t{places[index]});
    };
    with_row(0, [&](std::size_t place) { approach_slots(batch, begin + place, place, is_in(taken, place)); });
    with_row(1, [&](std::size_t place) { approach_state(place, is_in(taken, place)); });
    with_row(2, [&](std::size_t place) { approach_ring(place); });
    with_row(3, [&](std::size_t place) {
      if (hot_ahead_[place] != nullptr) hot_ahead_[place]->prefetch_state();
      if (is_in(taken, place)) intern_names(batch, begin + place, place);
    });
    with_row(4, [&](std::size_t place) {
      if (hot_ahead_[place] != nullptr) hot_ahead_[place]->prefetch_cursors();
    });
    with_row(5, [&](std::size_t place) { approach_counts(place, is_in(taken, place)); });
    with_row(6, visit);
  }
}

void KeyGroup::apply(const EventBatch& batch, FeatureColumns* out) {
  if (out != nullptr) answers_.bind(plan_, *out, batch.rows);
  too_late_rows_.clear();
  size_absent(batch.rows);
  if (!left_behind_.empty()) let_go(batch.rows);
  for (std::size_t begin = 0; begin < batch.rows; begin += stretch_rows) {
    const std::size_t first = begin / BitMask::word_bits;
    const std::size_t words = std::min(stretch_words, batch.active.word_count() - first);
    RowBits wanted{};
    std::copy_n(batch.active.words() + first, words, wanted.begin());
    const RowBits rows = stage_keys(batch, begin, wanted);
    RowBits taken{};
    for (std::size_t word = 0; word < words; ++word) {
      count_missing(batch, first + word, wanted[word] & ~rows[word]);
      if (out != nullptr) answers_.start_word(first + word, rows[word]);
      taken[word] = rows[word] & (plan_.from == 0 ? ~std::uint64_t{0} : batch.rows_of(plan_.from, first + word));
    }
    approach(batch, begin, out != nullptr ? rows : taken, taken, [&](std::size_t place) {
      if (out != nullptr) answers_.start_row(begin + place);
      if (!is_in(taken, place)) return ask(keys_[place], batch.time().integers[begin + place]);
      read_event(batch, begin + place, place);
      const bool added = add_event(keys_[place], out != nullptr ? &answers_ : nullptr, RowUse::add_and_answer);
      if (!added) [[unlikely]]
        too_late_rows_.push_back(static_cast<std::uint32_t>(begin + place));
    });
  }
}

void KeyGroup::apply(const EventBatch& batch, const RowBlock& wanted, RowUse use) {
  const std::size_t begin = wanted.block * BitMask::word_bits;
  const RowBits rows = stage_keys(batch, begin, {wanted.rows});
  if (use != RowUse::add) {
    count_missing(batch, wanted.block, wanted.rows & ~rows[0]);
    answers_.add_to_word(wanted.block, rows[0]);
  }
  const RowBits taken{plan_.from == 0 ? rows[0] : rows[0] & batch.rows_of(plan_.from, wanted.block)};
  approach(batch, begin, use != RowUse::add ? rows : taken, taken, [&](std::size_t place) {
    answers_.start_row(begin + place);
    if (!is_in(taken, place)) return ask(keys_[place], batch.time().integers[begin + place]);
    read_event(batch, begin + place, place);
    add_event(keys_[place], use != RowUse::add ? &answers_ : nullptr, use);
  });
}

void KeyGroup::count_missing(const EventBatch& batch, std::size_t word, std::uint64_t without) {
  if (without == 0) return;
  counters_.missing_keys += static_cast<std::uint64_t>(std::popcount(without & batch.rows_of(plan_.asking, word)));
}

void KeyGroup::empty_windows(const EventBatch& batch, std::size_t row) {
  const std::size_t place = row % BitMask::word_bits;
  if (stage_keys(batch, row - place, {std::uint64_t{1} << place})[0] == 0) return;
  hash_key(place);
  const RowKey& key = keys_[place];
  SlotTable::Slot& slot = slot_of(key);
  if (slot.number == 0) return;
  KeyState& state = state_at(slot.number);
  if (state.is_hot()) {
    leave_behind(state);
    return cool_down(slot);
  }
  const RingView ring = state.ring(plan_);
  for (std::size_t index = 0; index < state.count; ++index) release_names(ring, state.begin + index, names_);
  state.begin = 0;
  state.count = 0;
}

void KeyGroup::size_absent(std::size_t rows) {
  const auto gone = [](const auto& each) { return each.source == no_column; };
  if (std::none_of(plan_.columns.begin(), plan_.columns.end(), gone) &&
      std::none_of(plan_.conditions.begin(), plan_.conditions.end(), gone))
    return;
  absent_.strings.assign(rows, {});
  absent_.points.assign(rows, {});
  absent_.present.assign(rows, false);
}

void KeyGroup::read_event(const EventBatch& batch, std::size_t row, std::size_t place) {
  event_.time = batch.time().integers[row];
  event_.flags = 0;
  for (const ConditionPlan& condition : plan_.conditions) {
    const Column& column = source(batch, condition.source);
    if (column.present.test(row) && column.bits.test(row)) event_.flags |= condition.flag;
  }
  for (std::size_t index = 0; index < plan_.columns.size(); ++index) {
    const RingColumnPlan& planned = plan_.columns[index];
    const Column& column = source(batch, planned.source);
    std::array<std::uint64_t, 2>& value = event_.values[index];
    value = {0, 0};
    if (!column.present.test(row)) continue;
    event_.flags |= planned.present_flag;
    if (planned.storage == ValueStorage::name) {
      value[0] = names_of_rows_[index][place];
    } else if (planned.storage == ValueStorage::point) {
      std::memcpy(value.data(), &column.points[row], sizeof(GeoPoint));
    } else if (column.type == ValueType::floating) {
      value[0] = std::bit_cast<std::uint64_t>(column.floats[row] + 0.0);  // + 0.0: -0 is 0
    } else if (column.type == ValueType::boolean) {
      value[0] = column.bits.test(row) ? 1 : 0;
    } else {
      value[0] = static_cast<std::uint64_t>(column.integers[row]);
    }
  }
}

void KeyGroup::add_columns_read(std::vector<ColumnIndex>& columns) const {
  columns.insert(columns.end(), plan_.by.begin(), plan_.by.end());
  for (const ConditionPlan& condition : plan_.conditions) columns.push_back(condition.source);
  for (const RingColumnPlan& column : plan_.columns) columns.push_back(column.source);
  std::erase(columns, no_column);
}

bool KeyGroup::add_event(const RowKey& key, Answers* answers, RowUse use) {
  if (use != RowUse::add) past_.see(event_.time);
  SlotTable::Slot* found = &slot_of(key);
  SlotTable::Slot& slot = found->number != 0 ? *found : add_key(key, found);
  KeyState& state = state_at(slot.number);
  const std::uint64_t time = static_cast<std::uint64_t>(event_.time);
  const std::uint64_t newest = static_cast<std::uint64_t>(state.newest);
  bool keeps = use != RowUse::answer;
  if (event_.time >= state.newest) {
    expire(state, time - newest);
    state.newest = event_.time;
    add_to_state(slot, 0, keeps, answers);
  } else {
    const bool too_late = newest - time > static_cast<std::uint64_t>(plan_.admit_ms);
    if (use != RowUse::add) ++(too_late ? counters_.too_late_events : counters_.late_events);
    keeps = keeps && !too_late;
    // What is too late only has to be behind everything that is kept.
    const std::uint64_t age = std::min(newest - time, static_cast<std::uint64_t>(plan_.retain_ms) + 1);
    add_to_state(slot, age, keeps, answers);
  }
  if (keeps) return true;
  for (std::size_t index = 0; index < plan_.columns.size(); ++index)
    if (plan_.columns[index].storage == ValueStorage::name && event_.values[index][0] != 0)
      names_.release(static_cast<NameNumber>(event_.values[index][0]));
  return false;
}

// Answers as of an event that is not added: nothing that is kept changes, not even the key's newest time.
void KeyGroup::ask(const RowKey& key, std::int64_t time) {
  const SlotTable::Slot& slot = slot_of(key);
  if (slot.number == 0) return ask_nothing();
  KeyState& state = state_at(slot.number);
  // Ages are counted back from the newer of the two. Beyond the longest window, how much older or newer makes no difference.
  const bool newer = time >= state.newest;
  const std::uint64_t distance = newer ? age_of(state.newest, time) : age_of(time, state.newest);
  if (newer && distance >= static_cast<std::uint64_t>(plan_.longest_reach_ms)) return ask_nothing();
  const std::int64_t newest = newer ? time : state.newest;
  const std::uint64_t age = newer ? 0 : std::min(distance, static_cast<std::uint64_t>(plan_.retain_ms) + 1);
  if (state.is_hot()) return state.hot()->ask(age, newest, answers_);
  const RingView ring = state.ring(plan_);
  const std::size_t end = std::size_t{state.begin} + state.count;
  ask_ring(ring, state.begin, age == 0 ? end : ring.place_of(age, state.begin, end, newest), age, newest);
}

void KeyGroup::ask_ring(const RingView& ring, std::size_t begin, std::size_t end, std::uint64_t age, std::int64_t newest) {
  if (!plan_.cells.empty()) scan_.ask(ring, begin, end, age, newest, answers_);
  if (!plan_.spans.empty()) span_scan_.ask(ring, begin, end, age, newest, answers_);
}

// A ring of one place that is never read.
void KeyGroup::ask_nothing() {
  ask_ring({&plan_, nothing_.data(), 1}, 0, 0, 0, 0);
}

void KeyGroup::add_to_state(SlotTable::Slot& slot, std::uint64_t age, bool keeps, Answers* answers) {
  if (!state_at(slot.number).is_hot() && !make_room(slot)) make_hot(slot);
  KeyState& state = state_at(slot.number);
  if (!state.is_hot()) return add_to_ring(slot, age, keeps, answers);
  HotKey& hot = *state.hot();
  hot.add(event_, age, state.newest, !keeps, answers);
  for (; hot.entries() > limits_.events_a_key_max; ++counters_.events_bound_reached) hot.drop_front(state.newest, names_);
  if (hot.entries() <= cool_entries) cool_down(slot);
}

void KeyGroup::add_to_ring(SlotTable::Slot& slot, std::uint64_t age, bool keeps, Answers* answers) {
  KeyState& state = state_at(slot.number);
  const RingView ring = state.ring(plan_);
  const std::size_t end = std::size_t{state.begin} + state.count;
  const std::size_t own = age == 0 ? end : ring.place_of(age, state.begin, end, state.newest);
  if (own < end) ring.move(ring, own, own + 1, end - own);
  ring.write(own, static_cast<std::uint64_t>(state.newest) - age, event_);
  if (answers != nullptr) {
    if (plan_.spans.empty()) [[likely]]
      scan_.answer(ring, state.begin, own, state.newest, *answers);
    else
      answer_with_spans(ring, state, own, *answers);
  }
  if (keeps) {
    ++state.count;
  } else if (own < end) {
    ring.move(ring, own + 1, own, end - own);
  }
}

void KeyGroup::answer_with_spans(const RingView& ring, const KeyState& state, std::size_t own, Answers& answers) {
  if (!plan_.cells.empty()) scan_.answer(ring, state.begin, own, state.newest, answers);
  span_scan_.answer(ring, state.begin, own, state.newest, answers);
}

// Drops what no event that is still admitted can see, before the newest time moves up by `advance_ms`.
void KeyGroup::expire(KeyState& state, std::uint64_t advance_ms) {
  if (!plan_.keeps.empty()) return expire_by_count(state, advance_ms);
  const std::uint64_t retain = static_cast<std::uint64_t>(plan_.retain_ms);
  if (state.is_hot()) {
    if (advance_ms >= retain) return leave_behind(state);
    HotKey& hot = *state.hot();
    if (!plan_.reaches_ms.empty() && advance_ms >= static_cast<std::uint64_t>(plan_.reaches_ms.back())) hot.leave_windows();
    while (hot.entries() > 0 && age_of(hot.oldest(), state.newest) + advance_ms >= retain) hot.drop_front(state.newest, names_);
    return;
  }
  const RingView ring = state.ring(plan_);
  while (state.count > 0 && (advance_ms >= retain || ring.age(state.begin, state.newest) + advance_ms >= retain)) {
    drop_oldest(state);
  }
  if (state.count == 0) state.begin = 0;
}

void KeyGroup::expire_by_count(KeyState& state, std::uint64_t advance_ms) {
  advance_ms = std::min(advance_ms, static_cast<std::uint64_t>(plan_.retain_ms));
  if (state.is_hot()) return state.hot()->drop_unneeded(state.newest, advance_ms, names_);
  const std::size_t end = std::size_t{state.begin} + state.count;
  for (std::size_t drop = unneeded_at_front(plan_, state.ring(plan_), state.begin, end, state.newest, advance_ms); drop > 0; --drop)
    drop_oldest(state);
  if (state.count == 0) state.begin = 0;
}

// Of a hot key nothing is seen any more.
void KeyGroup::leave_behind(KeyState& state) {
  std::unique_ptr<HotKey> hot(state.hot());
  state.set_hot(new HotKey(plan_, names_, hot->ring(), 0, 0, state.newest));
  give_up(std::move(hot));
}

// Names that many entries hold are given back later, some with each batch.
void KeyGroup::give_up(std::unique_ptr<HotKey> hot) {
  hot_ahead_.fill(nullptr);
  if (hot->let_go(dropped_at_once_max, names_)) left_behind_.push_back(std::move(hot));
}

void KeyGroup::let_go(std::size_t rows) {
  if (left_behind_.front()->let_go(rows * let_go_a_row, names_)) return;
  ReadyPages::of_process().retire(std::shared_ptr<HotKey>(std::move(left_behind_.front())));
  left_behind_.pop_front();
}

void KeyGroup::drop_oldest(KeyState& state) {
  release_names(state.ring(plan_), state.begin, names_);
  ++state.begin;
  --state.count;
}

BlockRef KeyGroup::new_block(std::string_view key, std::uint32_t tag, std::int64_t newest, std::size_t entries) {
  const std::size_t offset = KeyState::ring_offset(key.size());
  const std::size_t room = std::max(entries * plan_.entry_bytes, sizeof(HotKey*));
  std::size_t lines = (offset + room + Slab::line_bytes - 1) / Slab::line_bytes;
  const BlockRef block = slab_.allocate(lines);
  KeyState& state = *new (slab_.at(block)) KeyState();
  state.newest = newest;
  state.tag = tag;
  state.key_bytes = static_cast<std::uint32_t>(key.size());
  state.lines = static_cast<std::uint32_t>(lines);
  state.capacity = static_cast<std::uint8_t>(std::min((lines * Slab::line_bytes - offset) / plan_.entry_bytes, WindowScan::entries_max));
  if (!key.empty()) std::memcpy(state.after_header(), key.data(), key.size());
  return block;
}

// Room for one more entry in the ring of a key with few events; false if there would be too many for it.
bool KeyGroup::make_room(SlotTable::Slot& slot) {
  KeyState& state = state_at(slot.number);
  if (std::size_t{state.begin} + state.count < state.capacity) return true;
  const RingView ring = state.ring(plan_);
  if (std::size_t{state.begin} * 4 >= state.capacity) {
    ring.move(ring, state.begin, 0, state.count);
    state.begin = 0;
    return true;
  }
  if (state.count + std::size_t{1} > WindowScan::entries_max) return false;
  const BlockRef larger = new_block(state.key(), state.tag, state.newest, state.count + std::size_t{1});
  KeyState& grown = state_at(larger);
  grown.ring(plan_).move(ring, state.begin, 0, state.count);
  grown.count = state.count;
  slab_.free(slot.number, state.lines);
  slot.number = larger;
  return true;
}

void KeyGroup::make_hot(SlotTable::Slot& slot) {
  KeyState& state = state_at(slot.number);
  const BlockRef smaller = new_block(state.key(), state.tag, state.newest, 0);
  state_at(smaller).set_hot(new HotKey(plan_, names_, state.ring(plan_), state.begin, state.count, state.newest));
  slab_.free(slot.number, state.lines);
  slot.number = smaller;
}

void KeyGroup::cool_down(SlotTable::Slot& slot) {
  KeyState& state = state_at(slot.number);
  HotKey* hot = state.hot();
  hot_ahead_.fill(nullptr);
  const BlockRef smaller = new_block(state.key(), state.tag, state.newest, std::max(hot->entries(), entries_at_first));
  KeyState& cooled = state_at(smaller);
  cooled.ring(plan_).move(hot->ring(), hot->front(), 0, hot->entries());
  cooled.count = static_cast<std::uint8_t>(hot->entries());
  delete hot;
  slab_.free(slot.number, state.lines);
  slot.number = smaller;
}

// Keys that come have a few others looked at, once the whole stream is further on than windows reach: before, none can be idle that long.
SlotTable::Slot& KeyGroup::add_key(const RowKey& key, SlotTable::Slot* empty) {
  if (past_.span() > static_cast<std::uint64_t>(plan_.retain_ms)) {
    const auto keeps = [this](BlockRef block) {
      if (!is_idle(state_at(block))) return true;
      forget(block);
      ++counters_.keys_forgotten;
      return false;
    };
    const auto approach = [this](std::span<const BlockRef> blocks) { approach_idle(blocks); };
    if (table_.sweep(key.tag, approach, keeps)) empty = &table_.find(key.tag, [](BlockRef) { return false; });
  }
  const std::uint64_t moved = table_.moved();
  SlotTable::Slot& slot = table_.fill(*empty, key.tag, new_block(key.bytes, key.tag, event_.time, entries_at_first));
  if (table_.moved() != moved)
    for (RowKey& each : keys_) each.run = table_.run_of(each.tag);
  return slot;
}

bool KeyGroup::is_idle(const KeyState& state) const {
  if (state.newest >= past_.begin()) return false;
  return static_cast<std::uint64_t>(past_.begin()) - static_cast<std::uint64_t>(state.newest) > static_cast<std::uint64_t>(plan_.retain_ms);
}

// What forgetting them reads, each for all before the next.
void KeyGroup::approach_idle(std::span<const BlockRef> blocks) const {
  for (const BlockRef block : blocks) prefetch(slab_.at(block));
  const auto for_each_name = [&](auto visit) {
    for (const BlockRef block : blocks) {
      KeyState& state = state_at(block);
      if (!is_idle(state) || state.is_hot()) continue;
      const RingView ring = state.ring(plan_);
      for (const RingColumnPlan& column : plan_.columns)
        for (std::size_t entry = state.begin; column.storage == ValueStorage::name && entry < std::size_t{state.begin} + state.count;
             ++entry)
          if (const std::uint64_t name = ring.word(column, entry); name != 0) visit(static_cast<NameNumber>(name));
    }
  };
  for_each_name([this](NameNumber name) { names_.approach_record(name); });
  for_each_name([this](NameNumber name) { names_.approach_slot(name); });
}

void KeyGroup::forget(BlockRef block) {
  KeyState& state = state_at(block);
  if (state.is_hot()) {
    give_up(std::unique_ptr<HotKey>(state.hot()));
  } else {
    const RingView ring = state.ring(plan_);
    for (std::size_t index = 0; index < state.count; ++index) release_names(ring, state.begin + index, names_);
  }
  slab_.free(block, state.lines);
}

void KeyGroup::add_totals(FeatureStoreCounters& total) const {
  total.keys += table_.used();
  total.bytes += table_.bytes() + slab_.bytes() + names_.bytes();
  total.late_events += counters_.late_events;
  total.too_late_events += counters_.too_late_events;
  total.missing_keys += counters_.missing_keys;
  total.distinct_bound_reached += counters_.distinct_bound_reached;
  total.events_bound_reached += counters_.events_bound_reached;
  total.out_of_range += counters_.out_of_range;
  total.keys_forgotten += counters_.keys_forgotten;
}

void KeyGroup::add_counters(FeatureStoreCounters& total) const {
  add_totals(total);
  table_.for_each([&](BlockRef block) {
    KeyState& state = state_at(block);
    total.events += state.is_hot() ? state.hot()->entries() : state.count;
    if (state.is_hot()) total.bytes += state.hot()->bytes();
  });
}

}  // namespace weir
