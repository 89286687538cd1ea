// The largest (or smallest) value of any window that ends at the newest entry: one monotonic deque for all window lengths.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/prefetch.h"

namespace weir {

// Holds the entries that no later entry reaches, oldest first, so their values fall strictly. The first of them inside a window is the
// window's largest. Random values leave about ln(n) of n entries. For the smallest, the caller complements the values.
class SuffixExtremes {
 public:
  struct Entry {
    std::uint64_t position = 0;
    std::int64_t value = 0;
  };

  // A new entry at `position`, which entries at and behind it make room for by moving up one. It may have no value.
  void insert(std::uint64_t position, std::int64_t value, bool has_value = true) {
    auto at = entries_.end();
    while (at != begin() && (at - 1)->position >= position) {
      --at;
      ++at->position;
    }
    if (!has_value || (at != entries_.end() && at->value >= value)) return;
    auto reached = at;
    while (reached != begin() && (reached - 1)->value <= value) --reached;
    if (reached != at) {
      *reached = {position, value};
      entries_.erase(reached + 1, at);
    } else {
      entries_.insert(at, {position, value});
    }
  }

  // Entries in front of `position` are gone.
  void drop_before(std::uint64_t position) {
    while (first_ < entries_.size() && entries_[first_].position < position) ++first_;
    if (first_ > 64 && first_ * 2 > entries_.size()) {
      entries_.erase(entries_.begin(), begin());
      first_ = 0;
    }
  }

  // The largest value at or behind `position`.
  std::optional<Entry> largest_from(std::uint64_t position) const {
    const auto in_front = [](const Entry& entry, std::uint64_t wanted) { return entry.position < wanted; };
    const auto at = std::lower_bound(entries_.begin() + static_cast<std::ptrdiff_t>(first_), entries_.end(), position, in_front);
    if (at == entries_.end()) return std::nullopt;
    return *at;
  }

  void prefetch_newest() const {
    if (!entries_.empty()) prefetch(&entries_.back());
  }

  std::size_t bytes() const { return entries_.capacity() * sizeof(Entry); }

 private:
  std::vector<Entry>::iterator begin() { return entries_.begin() + static_cast<std::ptrdiff_t>(first_); }

  std::vector<Entry> entries_;
  std::size_t first_ = 0;
};

}  // namespace weir
