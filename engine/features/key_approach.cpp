// How the memory of the keys and names of a stretch of rows comes near before it is used.
#include <bit>

#include "engine/base/prefetch.h"
#include "engine/features/key_group.h"

namespace weir {
namespace {

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

// Those of the wanted rows of the stretch from `begin` on that have a key.
KeyGroup::RowBits KeyGroup::stage_keys(const EventBatch& batch, std::size_t begin, const RowBits& wanted) {
  RowBits rows{};
  if (encoder_.is_plain(batch)) {
    const Column& column = batch.columns[plan_.by[0]];
    const std::size_t first = begin / BitMask::word_bits;
    for (std::size_t word = 0; word < stretch_words; ++word)
      if (wanted[word] != 0) rows[word] = column.present.words()[first + word] & wanted[word];
    for_each_bit(rows, [&](std::size_t place) { keys_[place].bytes = column.strings[begin + place]; });
  } else {
    std::array<std::uint32_t, stretch_rows> begins;
    std::array<std::uint32_t, stretch_rows> ends;
    encoder_.clear();
    for_each_bit(wanted, [&](std::size_t place) {
      begins[place] = encoder_.size();
      if (encoder_.encode(batch, begin + place)) rows[place / BitMask::word_bits] |= std::uint64_t{1} << (place % BitMask::word_bits);
      ends[place] = encoder_.size();
    });
    for_each_bit(rows, [&](std::size_t place) { keys_[place].bytes = encoder_.view(begins[place], ends[place] - begins[place]); });
  }
  return rows;
}

// The slots of the row's key and, if it is added, of its names: hashes, for the time being.
void KeyGroup::approach_slots(const EventBatch& batch, std::size_t row, std::size_t place, bool taken) {
  hash_key(place);
  SlotTable::prefetch(keys_[place].run, keys_[place].tag);
  if (!taken) return;
  for (std::size_t index = 0; index < plan_.columns.size(); ++index) {
    if (plan_.columns[index].storage != ValueStorage::name) continue;
    GeoPoint point;
    names_of_rows_[index][place] = NameTable::hash(name_of(source(batch, plan_.columns[index].source), row, point));
    names_.prefetch_slot(names_of_rows_[index][place]);
  }
}

void KeyGroup::approach_state(std::size_t place, bool taken) {
  if (const BlockRef block = SlotTable::likely(keys_[place].run, keys_[place].tag); block != 0) prefetch(slab_.at(block));
  if (!taken) return;
  for (std::size_t index = 0; index < plan_.columns.size(); ++index)
    if (plan_.columns[index].storage == ValueStorage::name) names_.prefetch_record(names_of_rows_[index][place]);
}

// What the header says; what it says of a key with many events is remembered for the steps to come.
void KeyGroup::approach_ring(std::size_t place) {
  hot_ahead_[place] = nullptr;
  const BlockRef block = SlotTable::likely(keys_[place].run, keys_[place].tag);
  if (block == 0) return;
  KeyState& state = state_at(block);
  const char* lines = reinterpret_cast<const char*>(&state);
  for (std::size_t line = 1; line < state.lines; ++line) prefetch(lines + line * Slab::line_bytes);
  if (!state.is_hot()) return;
  hot_ahead_[place] = state.hot();
  const char* hot_lines = reinterpret_cast<const char*>(state.hot());
  for (std::size_t line = 0; line < sizeof(HotKey); line += Slab::line_bytes) prefetch(hot_lines + line);
}

// Hashes become numbers, 0 where there is no value.
void KeyGroup::intern_names(const EventBatch& batch, std::size_t row, std::size_t place) {
  for (std::size_t index = 0; index < plan_.columns.size(); ++index) {
    if (plan_.columns[index].storage != ValueStorage::name) continue;
    const Column& column = source(batch, plan_.columns[index].source);
    std::uint64_t& name = names_of_rows_[index][place];
    GeoPoint point;
    name = column.present.test(row) ? names_.intern(name_of(column, row, point), name) : 0;
  }
}

void KeyGroup::approach_counts(std::size_t place, bool taken) {
  const HotKey* hot = hot_ahead_[place];
  if (hot == nullptr) return;
  hot->prefetch_leaving();
  if (!taken) return;
  for (std::uint32_t column = 0; column < plan_.columns.size(); ++column)
    if (plan_.columns[column].storage == ValueStorage::name) hot->prefetch_entering(column, names_of_rows_[column][place]);
}

}  // namespace weir
