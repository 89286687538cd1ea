#include "engine/features/key_group.h"

#include <bit>
#include <cstring>
#include <limits>

#include "engine/base/check.h"
#include "engine/base/prefetch.h"
#include "engine/features/count_retention.h"
#include "engine/features/same_bytes.h"

namespace weir {
namespace {

constexpr std::size_t entries_at_first = 3;
constexpr std::size_t cool_entries = WindowScan::entries_max / 4;

template <typename Visit>
void for_each_bit(std::uint64_t bits, Visit visit) {
  for (; bits != 0; bits &= bits - 1) visit(static_cast<std::size_t>(std::countr_zero(bits)));
}

std::uint64_t age_of(std::int64_t time, std::int64_t newest) {
  return static_cast<std::uint64_t>(newest) - static_cast<std::uint64_t>(time);
}

GeoPoint without_negative_zero(const GeoPoint& point) {
  return {point.latitude + 0.0, point.longitude + 0.0};
}

// What is interned for a row; `point` holds the bytes of a place.
std::string_view name_of(const Column& column, std::size_t row, GeoPoint& point) {
  if (column.type == ValueType::ip) return bytes_of(column.addresses[row]);
  if (column.type != ValueType::geo) return column.strings[row];
  point = without_negative_zero(column.points[row]);
  return {reinterpret_cast<const char*>(&point), sizeof point};
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

void KeyGroup::apply(const EventBatch& batch, FeatureColumns* out) {
  if (out != nullptr) answers_.bind(plan_, *out, batch.rows);
  too_late_rows_.clear();
  size_absent(batch.rows);
  for (std::size_t begin = 0; begin < batch.rows; begin += stretch_rows) {
    encoder_.clear();
    const std::uint64_t rows = stage_keys(batch, begin, batch.active.words()[begin / stretch_rows]);
    if (const std::uint64_t without = batch.active.words()[begin / stretch_rows] & ~rows; without != 0)
      counters_.missing_keys += static_cast<std::uint64_t>(std::popcount(without & batch.rows_of(plan_.asking, begin / stretch_rows)));
    if (out != nullptr) answers_.start_word(begin / stretch_rows, rows);
    stage_names(batch, begin, rows);
    const std::uint64_t taken = plan_.from == 0 ? rows : rows & batch.rows_of(plan_.from, begin / stretch_rows);
    approach(batch, begin, rows, taken);
    for_each_bit(out != nullptr ? rows : taken, [&](std::size_t place) {
      if (taken != rows && (taken >> place & 1U) == 0) {
        answers_.start_row(begin + place);
        return ask(keys_[place], batch.time().integers[begin + place]);
      }
      read_event(batch, begin + place, place);
      if (out != nullptr) answers_.start_row(begin + place);
      const bool added = add_event(keys_[place], out != nullptr ? &answers_ : nullptr, RowUse::add_and_answer);
      if (!added) [[unlikely]]
        too_late_rows_.push_back(static_cast<std::uint32_t>(begin + place));
    });
  }
}

void KeyGroup::apply(const EventBatch& batch, const RowBlock& wanted, RowUse use) {
  const std::size_t begin = wanted.block * stretch_rows;
  encoder_.clear();
  const std::uint64_t rows = stage_keys(batch, begin, wanted.rows);
  if (use != RowUse::add) {
    counters_.missing_keys += static_cast<std::uint64_t>(std::popcount(wanted.rows & ~rows & batch.rows_of(plan_.asking, wanted.block)));
    answers_.add_to_word(wanted.block, rows);
  }
  stage_names(batch, begin, rows);
  const std::uint64_t taken = plan_.from == 0 ? rows : rows & batch.rows_of(plan_.from, wanted.block);
  approach(batch, begin, rows, taken);
  for_each_bit(use != RowUse::add ? rows : taken, [&](std::size_t place) {
    answers_.start_row(begin + place);
    if ((taken >> place & 1U) == 0) return ask(keys_[place], batch.time().integers[begin + place]);
    read_event(batch, begin + place, place);
    add_event(keys_[place], use != RowUse::add ? &answers_ : nullptr, use);
  });
}

void KeyGroup::empty_windows(const EventBatch& batch, std::size_t row) {
  encoder_.clear();
  const std::size_t place = row % stretch_rows;
  if (stage_keys(batch, row - place, std::uint64_t{1} << place) == 0) return;
  const RowKey& key = keys_[place];
  KeyTable::Slot& slot = table_.find(key.tag, [&](BlockRef block) { return same_bytes(state_at(block).key(), key.bytes); });
  if (slot.block == 0) return;
  KeyState& state = state_at(slot.block);
  if (state.is_hot()) {
    HotKey& hot = *state.hot();
    while (hot.entries() > 0) hot.drop_front(state.newest, names_);
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

// Those of the wanted rows of the 64 from `begin` on that have a key, as bits.
std::uint64_t KeyGroup::stage_keys(const EventBatch& batch, std::size_t begin, std::uint64_t wanted) {
  std::uint64_t rows = 0;
  if (encoder_.is_plain(batch)) {
    const Column& column = batch.columns[plan_.by[0]];
    rows = column.present.words()[begin / stretch_rows] & wanted;
    for_each_bit(rows, [&](std::size_t place) { keys_[place].bytes = column.strings[begin + place]; });
  } else {
    std::array<std::uint32_t, stretch_rows> begins;
    std::array<std::uint32_t, stretch_rows> ends;
    for_each_bit(wanted, [&](std::size_t place) {
      begins[place] = encoder_.size();
      if (encoder_.encode(batch, begin + place)) rows |= std::uint64_t{1} << place;
      ends[place] = encoder_.size();
    });
    for_each_bit(rows, [&](std::size_t place) { keys_[place].bytes = encoder_.view(begins[place], ends[place] - begins[place]); });
  }
  for_each_bit(rows, [&](std::size_t place) {
    keys_[place].tag = KeyTable::tag_of(NameTable::hash(keys_[place].bytes));
    table_.prefetch(keys_[place].tag);
  });
  return rows;
}

void KeyGroup::stage_names(const EventBatch& batch, std::size_t begin, std::uint64_t rows) {
  for (std::size_t index = 0; index < plan_.columns.size(); ++index) {
    if (plan_.columns[index].storage != ValueStorage::name) continue;
    const Column& column = source(batch, plan_.columns[index].source);
    std::array<std::uint64_t, stretch_rows>& hashes = names_of_rows_[index];
    GeoPoint point;
    for_each_bit(rows, [&](std::size_t place) {
      hashes[place] = NameTable::hash(name_of(column, begin + place, point));
      names_.prefetch_slot(hashes[place]);
    });
  }
}

// Header first, then what the header says, and of a key with many events what that points to, each for all rows before the next.
void KeyGroup::approach(const EventBatch& batch, std::size_t begin, std::uint64_t rows, std::uint64_t taken) {
  std::array<KeyState*, stretch_rows> states;
  std::array<std::uint8_t, stretch_rows> places;
  std::size_t known = 0;
  for_each_bit(rows, [&](std::size_t place) {
    const BlockRef block = table_.likely(keys_[place].tag);
    if (block == 0) return;
    places[known] = static_cast<std::uint8_t>(place);
    states[known++] = &state_at(block);
    prefetch(slab_.at(block));
  });
  for (std::size_t index = 0; index < plan_.columns.size(); ++index) {
    if (plan_.columns[index].storage != ValueStorage::name) continue;
    for_each_bit(rows, [&](std::size_t place) { names_.prefetch_record(names_of_rows_[index][place]); });
  }
  std::size_t hot = 0;
  for (std::size_t index = 0; index < known; ++index) {
    KeyState& state = *states[index];
    const char* lines = reinterpret_cast<const char*>(&state);
    for (std::size_t line = 1; line < state.lines; ++line) prefetch(lines + line * Slab::line_bytes);
    if (!state.is_hot()) continue;
    const char* hot_lines = reinterpret_cast<const char*>(state.hot());
    for (std::size_t line = 0; line < sizeof(HotKey); line += Slab::line_bytes) prefetch(hot_lines + line);
    places[hot] = places[index];
    states[hot++] = &state;
  }
  for (std::size_t index = 0; index < hot; ++index) states[index]->hot()->prefetch_state();
  for (std::size_t index = 0; index < hot; ++index) states[index]->hot()->prefetch_cursors();
  intern_names(batch, begin, taken);
  for (std::size_t index = 0; index < hot; ++index) {
    states[index]->hot()->prefetch_leaving();
    for (std::uint32_t column = 0; column < plan_.columns.size(); ++column)
      if (plan_.columns[column].storage == ValueStorage::name)
        states[index]->hot()->prefetch_entering(column, names_of_rows_[column][places[index]]);
  }
}

// The names of all rows that are added, so that their memory is waited for together: hashes become numbers, 0 where there is no value.
void KeyGroup::intern_names(const EventBatch& batch, std::size_t begin, std::uint64_t rows) {
  for (std::size_t index = 0; index < plan_.columns.size(); ++index) {
    if (plan_.columns[index].storage != ValueStorage::name) continue;
    const Column& column = source(batch, plan_.columns[index].source);
    std::array<std::uint64_t, stretch_rows>& names = names_of_rows_[index];
    GeoPoint point;
    for_each_bit(rows, [&](std::size_t place) {
      const std::size_t row = begin + place;
      names[place] = column.present.test(row) ? names_.intern(name_of(column, row, point), names[place]) : 0;
    });
  }
}

// Fills `event_`, which then holds the names that it refers to.
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
  if (table_.is_full(key.tag)) grow_table(key.tag);
  KeyTable::Slot& slot = table_.find(key.tag, [&](BlockRef block) { return same_bytes(state_at(block).key(), key.bytes); });
  if (slot.block == 0) table_.fill(slot, key.tag, new_block(key.bytes, key.tag, event_.time, entries_at_first));
  KeyState& state = state_at(slot.block);
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
  const KeyTable::Slot& slot = table_.find(key.tag, [&](BlockRef block) { return same_bytes(state_at(block).key(), key.bytes); });
  if (slot.block == 0) return ask_nothing();
  KeyState& state = state_at(slot.block);
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

void KeyGroup::add_to_state(KeyTable::Slot& slot, std::uint64_t age, bool keeps, Answers* answers) {
  if (!state_at(slot.block).is_hot() && !make_room(slot)) make_hot(slot);
  KeyState& state = state_at(slot.block);
  if (!state.is_hot()) return add_to_ring(slot, age, keeps, answers);
  HotKey& hot = *state.hot();
  hot.add(event_, age, state.newest, !keeps, answers);
  for (; hot.entries() > limits_.events_a_key_max; ++counters_.events_bound_reached) hot.drop_front(state.newest, names_);
  if (hot.entries() <= cool_entries) cool_down(slot);
}

void KeyGroup::add_to_ring(KeyTable::Slot& slot, std::uint64_t age, bool keeps, Answers* answers) {
  KeyState& state = state_at(slot.block);
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
    HotKey& hot = *state.hot();
    while (hot.entries() > 0 && (advance_ms >= retain || age_of(hot.oldest(), state.newest) + advance_ms >= retain))
      hot.drop_front(state.newest, names_);
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
bool KeyGroup::make_room(KeyTable::Slot& slot) {
  KeyState& state = state_at(slot.block);
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
  slab_.free(slot.block, state.lines);
  slot.block = larger;
  return true;
}

void KeyGroup::make_hot(KeyTable::Slot& slot) {
  KeyState& state = state_at(slot.block);
  const BlockRef smaller = new_block(state.key(), state.tag, state.newest, 0);
  state_at(smaller).set_hot(new HotKey(plan_, names_, state.ring(plan_), state.begin, state.count, state.newest));
  slab_.free(slot.block, state.lines);
  slot.block = smaller;
}

void KeyGroup::cool_down(KeyTable::Slot& slot) {
  KeyState& state = state_at(slot.block);
  HotKey* hot = state.hot();
  const BlockRef smaller = new_block(state.key(), state.tag, state.newest, std::max(hot->entries(), entries_at_first));
  KeyState& cooled = state_at(smaller);
  cooled.ring(plan_).move(hot->ring(), hot->front(), 0, hot->entries());
  cooled.count = static_cast<std::uint8_t>(hot->entries());
  delete hot;
  slab_.free(slot.block, state.lines);
  slot.block = smaller;
}

// Keys are looked at only once the whole stream is further on than windows reach: before, none can be idle that long.
void KeyGroup::grow_table(std::uint32_t tag) {
  if (past_.span() > static_cast<std::uint64_t>(plan_.retain_ms)) {
    table_.rebuild(
        tag, [&](BlockRef block) { prefetch(slab_.at(block)); }, [&](BlockRef block) { return !forget_if_idle(block); });
  } else {
    table_.rebuild(
        tag, [](BlockRef) {}, [](BlockRef) { return true; });
  }
}

bool KeyGroup::forget_if_idle(BlockRef block) {
  const std::int64_t newest = state_at(block).newest;
  if (newest >= past_.begin()) return false;
  if (static_cast<std::uint64_t>(past_.begin()) - static_cast<std::uint64_t>(newest) <= static_cast<std::uint64_t>(plan_.retain_ms))
    return false;
  forget(block);
  ++counters_.keys_forgotten;
  return true;
}

void KeyGroup::forget(BlockRef block) {
  KeyState& state = state_at(block);
  if (state.is_hot()) {
    HotKey* hot = state.hot();
    while (hot->entries() > 0) hot->drop_front(state.newest, names_);
    delete hot;
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
