// From the hash of a key to the block of its state: open addressing, eight bytes a slot, prefetched over a batch.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/base/prefetch.h"
#include "engine/features/huge_memory.h"
#include "engine/features/slab.h"

namespace weir {

// Says nothing about keys: the caller compares them in the block, exactly. One thread.
class KeyTable {
 public:
  struct Slot {
    std::uint32_t tag = 0;
    BlockRef block = 0;  // 0: empty
  };

  KeyTable() : memory_(slots_at_first * sizeof(Slot)), mask_(slots_at_first - 1) {}

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }

  void prefetch(std::uint32_t tag) const { weir::prefetch(&slots()[tag & mask_]); }

  // The block that most likely belongs to the key, or 0: for prefetching it.
  BlockRef likely(std::uint32_t tag) const {
    for (std::size_t at = tag & mask_; slots()[at].block != 0; at = (at + 1) & mask_)
      if (slots()[at].tag == tag) return slots()[at].block;
    return 0;
  }

  // The slot of the block with this tag that `is_key` accepts, or the empty one where it belongs.
  template <typename IsKey>
  Slot& find(std::uint32_t tag, IsKey is_key) {
    std::size_t at = tag & mask_;
    while (slots()[at].block != 0 && !(slots()[at].tag == tag && is_key(slots()[at].block))) at = (at + 1) & mask_;
    return slots()[at];
  }

  void fill(Slot& empty, std::uint32_t tag, BlockRef block) {
    empty = {tag, block};
    ++used_;
  }

  // Ask before `find` when a key may be added: three quarters full is too full.
  bool is_full() const { return (used_ + 1) * 4 > (mask_ + 1) * 3; }

  // Rebuilds the table without the blocks for which `keeps` is false, twice as large if more than half would still be in use.
  template <typename Keeps>
  void rebuild(Keeps keeps) {
    std::size_t kept = 0;
    for (std::size_t at = 0; at <= mask_; ++at) {
      Slot& slot = slots()[at];
      if (slot.block != 0 && !keeps(slot.block)) slot.block = 0;
      kept += slot.block != 0 ? 1 : 0;
    }
    const std::size_t size = kept * 2 > mask_ + 1 ? (mask_ + 1) * 2 : mask_ + 1;
    HugeMemory larger(size * sizeof(Slot));
    Slot* to = reinterpret_cast<Slot*>(larger.data());
    for (std::size_t from = 0; from <= mask_; ++from) {
      const Slot& slot = slots()[from];
      if (slot.block == 0) continue;
      std::size_t at = slot.tag & (size - 1);
      while (to[at].block != 0) at = (at + 1) & (size - 1);
      to[at] = slot;
    }
    memory_ = std::move(larger);
    mask_ = size - 1;
    used_ = kept;
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t at = 0; at <= mask_; ++at)
      if (slots()[at].block != 0) visit(slots()[at].block);
  }

  std::size_t used() const { return used_; }
  std::size_t bytes() const { return memory_.bytes(); }

 private:
  static constexpr std::size_t slots_at_first = 512;

  Slot* slots() const { return reinterpret_cast<Slot*>(memory_.data()); }

  HugeMemory memory_;
  std::size_t mask_ = 0;
  std::size_t used_ = 0;
};

}  // namespace weir
