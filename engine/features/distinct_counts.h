// How often each value occurs in a window: exact distinct counts that can be undone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "engine/base/prefetch.h"

namespace weir {

// Open addressing; a value that no longer occurs leaves no trace. A large table that is full moves to one twice its size a few slots at a
// time, with each value that comes or goes. One thread.
class DistinctCounts {
 public:
  DistinctCounts() : table_(slots_at_first) {}

  void add(std::uint64_t value) {
    if (move_ != nullptr) [[unlikely]]
      return add_on_the_way(value);
    add_here(value);
  }

  void remove(std::uint64_t value) {
    if (move_ != nullptr) [[unlikely]]
      return remove_on_the_way(value);
    if (table_.remove(value)) --used_;
  }

  // No value occurs any more.
  void clear();

  void prefetch_value(std::uint64_t value) const { prefetch(&table_.slots[table_.home(value)]); }

  std::size_t size() const { return used_; }
  std::size_t bytes() const;

 private:
  static constexpr std::size_t slots_at_first = 16;
  struct Slot {
    std::uint64_t value;
    std::uint64_t times;  // 0: empty
  };
  struct Freed {
    void operator()(Slot* slots) const { std::free(slots); }
  };
  using Slots = std::unique_ptr<Slot[], Freed>;

  struct Table {
    explicit Table(std::size_t size);

    std::size_t size() const { return mask + 1; }
    std::size_t home(std::uint64_t value) const {
      const std::uint64_t mixed = (value ^ (value >> 32)) * 0x9e3779b97f4a7c15U;
      return (mixed ^ (mixed >> 29)) & mask;
    }
    std::size_t find(std::uint64_t value) const {
      std::size_t at = home(value);
      while (slots[at].times != 0 && slots[at].value != value) at = (at + 1) & mask;
      return at;
    }
    // True when that was the last one.
    bool remove(std::uint64_t value) {
      const std::size_t at = find(value);
      if (--slots[at].times != 0) return false;
      erase(at);
      return true;
    }
    // Later slots of the same run move up, so that a search never meets a gap before its goal.
    void erase(std::size_t hole) {
      for (std::size_t next = (hole + 1) & mask; slots[next].times != 0; next = (next + 1) & mask) {
        if (((next - home(slots[next].value)) & mask) < ((next - hole) & mask)) continue;
        slots[hole] = slots[next];
        hole = next;
      }
      slots[hole] = {};
    }

    Slots slots;
    std::size_t mask;
  };
  // What is still in the table before: from `next` on, `left` slots around to an empty one.
  struct Move {
    Table from;
    std::size_t next = 0;
    std::size_t left = 0;
  };

  void add_here(std::uint64_t value) {
    Slot& slot = table_.slots[table_.find(value)];
    if (slot.times++ > 0) return;
    slot.value = value;
    if (++used_ * 2 > table_.size()) grow();
  }
  void add_on_the_way(std::uint64_t value);
  void remove_on_the_way(std::uint64_t value);
  void grow();
  void move_on(std::size_t slots_max);

  Table table_;
  std::size_t used_ = 0;
  std::unique_ptr<Move> move_;
};

}  // namespace weir
