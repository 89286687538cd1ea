#include "engine/pipeline/duplicates.h"

#include <cstring>
#include <utility>

#include "engine/features/name_table.h"

namespace weir {

std::size_t Duplicates::slot_of(std::string_view id, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at] != no_place && (entries_[slots_[at]].hash != hash || entries_[slots_[at]].id != id)) at = (at + 1) & mask;
  return at;
}

void Duplicates::look(EventBatch& events, const RecordBatch& records, std::vector<RememberedRow>& firsts,
                      std::vector<RememberedRow>& again) {
  const bool several = events.schema->has_several_types();
  if (!several && !events.schema->id_field) return;
  for (std::uint32_t row = 0; row < events.rows; ++row) {
    const std::optional<std::size_t> field = events.schema->id_field_of(events.type_of(row));
    if (!field || !events.active.test(row)) continue;
    const Column& ids = events.columns[*field];
    if (!ids.present.test(row)) continue;
    std::string_view id;
    if (ids.type == ValueType::string) {
      id = ids.strings[row];
    } else {
      number_.assign(reinterpret_cast<const char*>(&ids.integers[row]), sizeof ids.integers[row]);
      id = number_;
    }
    if (several) {  // ids of different event types are different
      typed_.assign(1, static_cast<char>(events.types[row]));
      id = typed_.append(id);
    }
    const std::int64_t stamped_ms = records.records[events.record_index[row]].timestamp_ms;
    const std::int64_t time_ms = stamped_ms >= 0 ? stamped_ms : events.time().integers[row];
    while (!order_.empty() && time_ms - entries_[order_.front()].time_ms > settings_.horizon_ms) forget_oldest();
    const std::uint64_t hash = NameTable::hash(id);
    std::uint32_t place = slots_[slot_of(id, hash)];
    if (place != no_place && time_ms - entries_[place].time_ms <= settings_.horizon_ms) {
      events.active.reset(row);
      again.push_back({row, place});
    } else {
      if (place != no_place) forget(place);
      place = remember(id, hash, time_ms);
      firsts.push_back({row, place});
    }
    ++entries_[place].holders;
    for (; live_ > settings_.ids_max; ++bound_reached_) forget_oldest();
  }
}

void Duplicates::release(const std::vector<RememberedRow>& rows) {
  for (const RememberedRow& row : rows) {
    --entries_[row.place].holders;
    recycle(row.place);
  }
}

std::uint32_t Duplicates::remember(std::string_view id, std::uint64_t hash, std::int64_t time_ms) {
  if (idle_.empty()) {
    idle_.push_back(static_cast<std::uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  const std::uint32_t place = idle_.back();
  idle_.pop_back();
  Entry& entry = entries_[place];
  entry.id.assign(id);
  entry.hash = hash;
  entry.time_ms = time_ms;
  entry.known = true;
  entry.queued = true;
  entry.decided.bytes.clear();
  entry.decided.by_sink.clear();
  order_.push_back(place);
  if (++live_ * 2 > slots_.size()) grow();
  slots_[slot_of(id, hash)] = place;
  return place;
}

// Later slots of the same run move up, so that a search never meets a gap before its goal.
void Duplicates::forget(std::uint32_t place) {
  Entry& entry = entries_[place];
  if (!entry.known) return;
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = slot_of(entry.id, entry.hash);
  for (std::size_t next = (hole + 1) & mask; slots_[next] != no_place; next = (next + 1) & mask) {
    if (((next - entries_[slots_[next]].hash) & mask) < ((next - hole) & mask)) continue;
    slots_[hole] = slots_[next];
    hole = next;
  }
  slots_[hole] = no_place;
  entry.known = false;
  --live_;
}

void Duplicates::forget_oldest() {
  const std::uint32_t place = order_.front();
  order_.pop_front();
  forget(place);
  entries_[place].queued = false;
  recycle(place);
}

void Duplicates::recycle(std::uint32_t place) {
  const Entry& entry = entries_[place];
  if (!entry.known && !entry.queued && entry.holders == 0) idle_.push_back(place);
}

void Duplicates::grow() {
  const std::vector<std::uint32_t> old = std::exchange(slots_, std::vector<std::uint32_t>(slots_.size() * 2, no_place));
  for (const std::uint32_t place : old)
    if (place != no_place) slots_[slot_of(entries_[place].id, entries_[place].hash)] = place;
}

}  // namespace weir
