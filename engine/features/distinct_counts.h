// How often each value occurs in a window: exact distinct counts that can be undone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/prefetch.h"

namespace weir {

// Open addressing; a value that no longer occurs leaves no trace. One thread.
class DistinctCounts {
 public:
  DistinctCounts() : slots_(slots_at_first), mask_(slots_at_first - 1) {}

  void add(std::uint64_t value) {
    Slot& slot = slots_[find(value)];
    if (slot.times++ > 0) return;
    slot.value = value;
    if (++used_ * 2 > slots_.size()) grow();
  }

  void remove(std::uint64_t value) {
    const std::size_t at = find(value);
    if (--slots_[at].times == 0) erase(at);
  }

  void prefetch_value(std::uint64_t value) const { prefetch(&slots_[home(value)]); }

  std::size_t size() const { return used_; }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  static constexpr std::size_t slots_at_first = 16;
  struct Slot {
    std::uint64_t value = 0;
    std::uint64_t times = 0;  // 0: empty
  };

  std::size_t home(std::uint64_t value) const {
    const std::uint64_t mixed = (value ^ (value >> 32)) * 0x9e3779b97f4a7c15U;
    return (mixed ^ (mixed >> 29)) & mask_;
  }
  std::size_t find(std::uint64_t value) const {
    std::size_t at = home(value);
    while (slots_[at].times != 0 && slots_[at].value != value) at = (at + 1) & mask_;
    return at;
  }
  // Later slots of the same run move up, so that a search never meets a gap before its goal.
  void erase(std::size_t hole) {
    for (std::size_t next = (hole + 1) & mask_; slots_[next].times != 0; next = (next + 1) & mask_) {
      if (((next - home(slots_[next].value)) & mask_) < ((next - hole) & mask_)) continue;
      slots_[hole] = slots_[next];
      hole = next;
    }
    slots_[hole] = {};
    --used_;
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    for (const Slot& slot : old)
      if (slot.times != 0) slots_[find(slot.value)] = slot;
  }

  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  std::size_t used_ = 0;
};

}  // namespace weir
