#include "engine/pipeline/duplicates.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/features/name_table.h"

namespace weir {

void Duplicates::look(EventBatch& events, const RecordBatch& records, std::vector<RememberedRow>& firsts,
                      std::vector<RememberedRow>& again) {
  if (!events.schema->has_several_types() && !events.schema->id_field) return;
  for (std::uint32_t row = 0; row < events.rows; ++row) {
    const std::optional<std::size_t> field = events.schema->id_field_of(events.type_of(row));
    if (!field || !events.active.test(row)) continue;
    const Column& ids = events.columns[*field];
    if (!ids.present.test(row)) continue;
    // Ids of different event types are different. Another version of the rules may have other types, in another order.
    typed_.assign(events.schema->type_name(events.type_of(row))).push_back('\0');
    if (ids.type == ValueType::string) {
      typed_.append(ids.strings[row]);
    } else {
      typed_.append(reinterpret_cast<const char*>(&ids.integers[row]), sizeof ids.integers[row]);
    }
    const std::string_view id = typed_;
    const std::int64_t stamped_ms = records.records[events.record_index[row]].timestamp_ms;
    const std::int64_t time_ms = stamped_ms >= 0 ? stamped_ms : events.time().integers[row];
    newest_ms_[rows_seen_++ % newest_ms_.size()] = time_ms;
    if (rows_seen_ >= newest_ms_.size()) pass(*std::min_element(newest_ms_.begin(), newest_ms_.end()));
    for (int removed = 0; removed < removed_a_row && front_ < first_; ++removed) remove_oldest();
    const std::uint32_t tag = SlotTable::tag_of(NameTable::hash(id));
    std::uint32_t place = slots_.find(tag, [&](std::uint32_t each) { return entries_[each].id == id; }).number;
    if (place != no_place && !is_past(entries_[place], time_ms)) {
      events.active.reset(row);
      again.push_back({row, place});
    } else {
      if (place != no_place) forget(place);
      place = remember(id, tag, time_ms);
      firsts.push_back({row, place});
    }
    ++entries_[place].holders;
    for (; size() > settings_.ids_max; ++bound_reached_) pass_oldest();
  }
}

void Duplicates::release(const std::vector<RememberedRow>& rows) {
  for (const RememberedRow& row : rows) {
    --entries_[row.place].holders;
    recycle(row.place);
  }
}

std::uint32_t Duplicates::remember(std::string_view id, std::uint32_t tag, std::int64_t time_ms) {
  std::uint32_t place = idle_;
  if (place != no_place) {
    idle_ = entries_[place].idle_before;
  } else {
    place = static_cast<std::uint32_t>(std::max(entries_.size(), std::size_t{1}));
    entries_.resize(place + std::size_t{1});
  }
  Entry& entry = entries_[place];
  entry.id.assign(id);
  entry.tag = tag;
  entry.time_ms = time_ms;
  entry.known = true;
  entry.queued = true;
  entry.number = end_++;
  entry.decided.bytes.clear();
  entry.decided.by_sink.clear();
  order_.push_back(place);
  if (entry.number % group_size == 0) groups_.push_back({time_ms, 0});
  Group& group = groups_.back();
  group.newest_ms = std::max(group.newest_ms, time_ms);
  ++group.known;
  slots_.fill(slots_.find(tag, [](std::uint32_t) { return false; }), tag, place);
  return place;
}

void Duplicates::pass(std::int64_t time_ms) {
  while (first_ < end_) {
    const bool whole = first_ % group_size == 0 && first_ + group_size <= end_;
    if (whole && time_ms - group_of(first_).newest_ms > settings_.horizon_ms) {
      past_known_ += group_of(first_).known;
      first_ += group_size;
    } else if (time_ms - entry_of(first_).time_ms > settings_.horizon_ms) {
      pass_oldest();
    } else {
      return;
    }
  }
}

void Duplicates::pass_oldest() {
  if (entry_of(first_).known) ++past_known_;
  ++first_;
}

void Duplicates::forget(std::uint32_t place) {
  Entry& entry = entries_[place];
  if (!entry.known) return;
  slots_.erase(slots_.find(entry.tag, [place](std::uint32_t each) { return each == place; }));
  entry.known = false;
  --group_of(entry.number).known;
  if (entry.number < first_) --past_known_;
}

void Duplicates::remove_oldest() {
  const std::uint32_t place = order_.front();
  forget(place);
  order_.pop_front();
  if (++front_ % group_size == 0) groups_.pop_front();
  entries_[place].queued = false;
  recycle(place);
}

void Duplicates::recycle(std::uint32_t place) {
  Entry& entry = entries_[place];
  if (entry.known || entry.queued || entry.holders > 0) return;
  entry.idle_before = idle_;
  idle_ = place;
}

}  // namespace weir
