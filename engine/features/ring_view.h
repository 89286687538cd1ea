// The recent events of one key as arrays, by time and then by order of arrival.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "engine/features/feature_plan.h"

namespace weir {

// An event as a ring keeps it.
struct RingEvent {
  std::int64_t time = 0;
  std::uint64_t flags = 0;
  std::vector<std::array<std::uint64_t, 2>> values;  // one a ring column; only points use the second word
};

// One array after the other, each of `capacity` entries, the widest first:
//
//     | values of 16 bytes .. | of 8 .. | times (4 or 8) | names of 4 .. | flags |
//
// That is for keys with few events, which are scanned. Of those with many only a few entries far from each other are looked at, so there
// each entry's values stand together, as `row_bytes` says, in the same order.
// Times are kept modulo 2^32 where the plan allows; the key knows the time of its newest event, and ages are counted back from it.
struct RingView {
  const KeyGroupPlan* plan = nullptr;
  char* base = nullptr;
  std::size_t capacity = 0;
  std::size_t row_bytes = 0;  // 0: arrays

  char* place(std::size_t bytes_before, std::size_t width, std::size_t index) const {
    return row_bytes == 0 ? base + capacity * bytes_before + index * width : base + index * row_bytes + bytes_before;
  }
  template <typename T>
  T load(std::size_t bytes_before, std::size_t index) const {
    T value;
    std::memcpy(&value, place(bytes_before, sizeof(T), index), sizeof(T));
    return value;
  }
  template <typename T>
  void store(std::size_t bytes_before, std::size_t index, T value) const {
    std::memcpy(place(bytes_before, sizeof(T), index), &value, sizeof(T));
  }

  // Milliseconds between the entry and the key's newest event.
  std::uint64_t age(std::size_t index, std::int64_t newest) const {
    if (plan->wide_time) return static_cast<std::uint64_t>(newest) - load<std::uint64_t>(plan->time_before, index);
    return static_cast<std::uint32_t>(newest) - load<std::uint32_t>(plan->time_before, index);
  }

  std::uint64_t flags(std::size_t index) const {
    switch (plan->flag_bytes) {
      case 0:
        return 0;
      case 1:
        return load<std::uint8_t>(plan->flags_before, index);
      case 2:
        return load<std::uint16_t>(plan->flags_before, index);
      case 4:
        return load<std::uint32_t>(plan->flags_before, index);
      default:
        return load<std::uint64_t>(plan->flags_before, index);
    }
  }
  bool has_flags(std::size_t index, std::uint64_t wanted) const { return wanted == 0 || (flags(index) & wanted) == wanted; }
  bool belongs(std::size_t index, const TrackPlan& track) const { return has_flags(index, track.flags); }

  // The value of a word, or the number of a name.
  std::uint64_t word(const RingColumnPlan& column, std::size_t index) const {
    if (column.storage == ValueStorage::name) return load<std::uint32_t>(column.bytes_before, index);
    return load<std::uint64_t>(column.bytes_before, index);
  }

  // First index in [begin, end) whose event is younger than `age`: where an event of that age that arrives now belongs.
  std::size_t place_of(std::uint64_t age_wanted, std::size_t begin, std::size_t end, std::int64_t newest) const {
    while (begin < end) {
      const std::size_t middle = begin + (end - begin) / 2;
      if (age(middle, newest) < age_wanted) {
        end = middle;
      } else {
        begin = middle + 1;
      }
    }
    return begin;
  }

  void write(std::size_t index, std::uint64_t time, const RingEvent& event) const {
    if (plan->wide_time) {
      store(plan->time_before, index, time);
    } else {
      store(plan->time_before, index, static_cast<std::uint32_t>(time));
    }
    for (std::size_t at = 0; at < plan->columns.size(); ++at) {
      const RingColumnPlan& column = plan->columns[at];
      if (column.storage == ValueStorage::word) {
        store(column.bytes_before, index, event.values[at][0]);
      } else if (column.storage == ValueStorage::name) {
        store(column.bytes_before, index, static_cast<std::uint32_t>(event.values[at][0]));
      } else {
        store(column.bytes_before, index, event.values[at]);
      }
    }
    switch (plan->flag_bytes) {
      case 0:
        break;
      case 1:
        return store(plan->flags_before, index, static_cast<std::uint8_t>(event.flags));
      case 2:
        return store(plan->flags_before, index, static_cast<std::uint16_t>(event.flags));
      case 4:
        return store(plan->flags_before, index, static_cast<std::uint32_t>(event.flags));
      default:
        return store(plan->flags_before, index, event.flags);
    }
  }

  // Entries [from, from + count) of `source`, which may be this ring, to `to`.
  void move(const RingView& source, std::size_t from, std::size_t to, std::size_t count) const {
    if (row_bytes != 0 && source.row_bytes != 0) {
      std::memmove(base + to * row_bytes, source.base + from * row_bytes, count * row_bytes);
      return;
    }
    const auto move_array = [&](std::size_t before, std::size_t width) {
      if (row_bytes == source.row_bytes) {
        std::memmove(place(before, width, to), source.place(before, width, from), count * width);
        return;
      }
      for (std::size_t at = 0; at < count; ++at) std::memcpy(place(before, width, to + at), source.place(before, width, from + at), width);
    };
    move_array(plan->time_before, plan->wide_time ? 8 : 4);
    for (const RingColumnPlan& column : plan->columns) move_array(column.bytes_before, width_of(column.storage));
    if (plan->flag_bytes > 0) move_array(plan->flags_before, plan->flag_bytes);
  }
};

}  // namespace weir
