// From the hash of a key to the block of its state: open addressing, eight bytes a slot, prefetched over a batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/base/prefetch.h"
#include "engine/features/huge_memory.h"
#include "engine/features/slab.h"

namespace weir {

// Says nothing about keys: the caller compares them in the block, exactly. In eight segments, so that growing never touches more than an
// eighth of the keys at once. One thread.
class KeyTable {
 public:
  struct Slot {
    std::uint32_t tag = 0;
    BlockRef block = 0;  // 0: empty
  };

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }

  void prefetch(std::uint32_t tag) const {
    const Segment& segment = segment_of(tag);
    weir::prefetch(&segment.slots()[tag & segment.mask]);
  }

  // The block that most likely belongs to the key, or 0: for prefetching it.
  BlockRef likely(std::uint32_t tag) const {
    const Segment& segment = segment_of(tag);
    const Slot* slots = segment.slots();
    for (std::size_t at = tag & segment.mask; slots[at].block != 0; at = (at + 1) & segment.mask)
      if (slots[at].tag == tag) return slots[at].block;
    return 0;
  }

  // The slot of the block with this tag that `is_key` accepts, or the empty one where it belongs.
  template <typename IsKey>
  Slot& find(std::uint32_t tag, IsKey is_key) {
    const Segment& segment = segment_of(tag);
    Slot* slots = segment.slots();
    std::size_t at = tag & segment.mask;
    while (slots[at].block != 0 && !(slots[at].tag == tag && is_key(slots[at].block))) at = (at + 1) & segment.mask;
    return slots[at];
  }

  void fill(Slot& empty, std::uint32_t tag, BlockRef block) {
    empty = {tag, block};
    ++segment_of(tag).used;
  }

  // Ask before `find` when a key may be added: three quarters full is too full.
  bool is_full(std::uint32_t tag) const {
    const Segment& segment = segment_of(tag);
    return (segment.used + 1) * 4 > (segment.mask + 1) * 3;
  }

  // Rebuilds the tag's segment without the blocks for which `keeps` is false, twice as large if more than half would still be in use.
  // `approach` is told of each block some time before `keeps`.
  template <typename Approach, typename Keeps>
  void rebuild(std::uint32_t tag, Approach approach, Keeps keeps) {
    Segment& segment = segment_of(tag);
    Slot* slots = segment.slots();
    std::size_t kept = 0;
    for (std::size_t at = 0; at <= segment.mask; ++at) {
      if (at + blocks_ahead <= segment.mask && slots[at + blocks_ahead].block != 0) approach(slots[at + blocks_ahead].block);
      Slot& slot = slots[at];
      if (slot.block != 0 && !keeps(slot.block)) slot.block = 0;
      kept += slot.block != 0 ? 1 : 0;
    }
    const std::size_t size = kept * 2 > segment.mask + 1 ? (segment.mask + 1) * 2 : segment.mask + 1;
    HugeMemory larger(size * sizeof(Slot));
    Slot* to = reinterpret_cast<Slot*>(larger.data());
    for (std::size_t from = 0; from <= segment.mask; ++from) {
      if (slots[from].block == 0) continue;
      std::size_t at = slots[from].tag & (size - 1);
      while (to[at].block != 0) at = (at + 1) & (size - 1);
      to[at] = slots[from];
    }
    segment.memory = std::move(larger);
    segment.mask = size - 1;
    segment.used = kept;
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Segment& segment : segments_)
      for (std::size_t at = 0; at <= segment.mask; ++at)
        if (segment.slots()[at].block != 0) visit(segment.slots()[at].block);
  }

  std::size_t used() const {
    std::size_t total = 0;
    for (const Segment& segment : segments_) total += segment.used;
    return total;
  }
  std::size_t bytes() const {
    std::size_t total = 0;
    for (const Segment& segment : segments_) total += segment.memory.bytes();
    return total;
  }

 private:
  static constexpr std::uint32_t segment_bits = 3;
  static constexpr std::size_t slots_at_first = 512;
  static constexpr std::size_t blocks_ahead = 24;

  struct Segment {
    HugeMemory memory{slots_at_first * sizeof(Slot)};
    std::size_t mask = slots_at_first - 1;
    std::size_t used = 0;

    Slot* slots() const { return reinterpret_cast<Slot*>(memory.data()); }
  };

  // The segment goes by the upper bits of the tag, the slot by the lower ones.
  Segment& segment_of(std::uint32_t tag) { return segments_[tag >> (32 - segment_bits)]; }
  const Segment& segment_of(std::uint32_t tag) const { return segments_[tag >> (32 - segment_bits)]; }

  std::array<Segment, std::size_t{1} << segment_bits> segments_;
};

}  // namespace weir
