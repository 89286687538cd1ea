// From the hash of a key or a name to a number that says where it is: open addressing, eight bytes a slot, prefetched over a batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/prefetch.h"
#include "engine/features/huge_memory.h"

namespace weir {

// Says nothing about keys: the caller compares them behind the number, exactly. A table grows by one segment at a time, which is split in
// two when it is full, so no call moves more than a segment's slots, however many there are. One thread.
class SlotTable {
 public:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t number = 0;  // 0: empty
  };

  // How full a segment may become: more use less memory, fewer are found sooner.
  enum class Fill : std::uint8_t { half = 2, three_quarters = 3 };

  explicit SlotTable(Fill fill);
  ~SlotTable();
  SlotTable(SlotTable&&) noexcept = default;
  SlotTable& operator=(SlotTable&&) noexcept = default;

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }

  // Where the slots of a tag are, until slots have moved to make room.
  struct Run {
    Slot* slots = nullptr;
    std::size_t mask = 0;
  };
  const Run& run_of(std::uint32_t tag) const { return directory_[static_cast<std::size_t>(std::uint64_t{tag} >> shift_)]; }

  static void prefetch(const Run& run, std::uint32_t tag) { weir::prefetch(&run.slots[tag & run.mask]); }

  // What most likely belongs to the key, or 0.
  static std::uint32_t likely(const Run& run, std::uint32_t tag) {
    for (std::size_t at = tag & run.mask; run.slots[at].number != 0; at = (at + 1) & run.mask)
      if (run.slots[at].tag == tag) return run.slots[at].number;
    return 0;
  }

  // The slot with this tag and a number that `is_it` accepts, or the empty one where it belongs. Valid until the next change.
  template <typename IsIt>
  static Slot& find(const Run& run, std::uint32_t tag, IsIt is_it) {
    std::size_t at = tag & run.mask;
    while (run.slots[at].number != 0 && !(run.slots[at].tag == tag && is_it(run.slots[at].number))) at = (at + 1) & run.mask;
    return run.slots[at];
  }

  // The same, looked up.
  void prefetch(std::uint32_t tag) const { prefetch(run_of(tag), tag); }
  std::uint32_t likely(std::uint32_t tag) const { return likely(run_of(tag), tag); }
  template <typename IsIt>
  Slot& find(std::uint32_t tag, IsIt is_it) {
    return find(run_of(tag), tag, is_it);
  }
  template <typename IsIt>
  const Slot& find(std::uint32_t tag, IsIt is_it) const {
    return find(run_of(tag), tag, is_it);
  }

  // Fills the slot that `find` has found empty, or the one that takes its place where that makes the table grow.
  Slot& fill(Slot& empty, std::uint32_t tag, std::uint32_t number) {
    Segment& segment = segment_of(tag);
    ++used_;
    if (is_full(segment)) [[unlikely]]
      return fill_grown(tag, number);
    ++segment.used;
    empty = {tag, number};
    return empty;
  }
  // The slot is not empty.
  void erase(Slot& slot) { erase_from(segment_of(slot.tag), slot); }

  // Looks at the next few slots of the tag's segment, if half of it is in use, and erases those whose number `keeps` refuses. Called before
  // each key that comes, it has been everywhere when the segment is full. `approach` is told of all the numbers first. True when slots have
  // moved.
  template <typename Approach, typename Keeps>
  bool sweep(std::uint32_t tag, Approach approach, Keeps keeps) {
    Segment& segment = segment_of(tag);
    if (segment.used * 2 < segment.size() || segment.used % keys_between_sweeps != 0) return false;
    const std::uint32_t mask = segment.size() - 1;
    std::array<std::uint32_t, sweep_looks> numbers;
    std::size_t count = 0;
    for (std::uint32_t ahead = 0; ahead < sweep_looks; ++ahead)
      if (const Slot& slot = segment.slots[(segment.swept + ahead) & mask]; slot.number != 0) numbers[count++] = slot.number;
    approach(std::span<const std::uint32_t>(numbers.data(), count));
    std::uint32_t erased = 0;
    for (std::uint32_t looks = 0; looks < sweep_looks && erased < sweep_erases_max; ++looks) {
      Slot& slot = segment.slots[segment.swept & mask];
      if (slot.number != 0 && !keeps(slot.number)) {
        erase_from(segment, slot);  // what moved up into its place is looked at next
        ++erased;
      } else {
        ++segment.swept;
      }
    }
    return erased > 0;
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Segment& segment : segments_)
      for (std::uint32_t at = 0; at < segment.size(); ++at)
        if (segment.slots[at].number != 0) visit(segment.slots[at].number);
  }

  std::size_t used() const { return used_; }
  std::size_t bytes() const;
  // Slots that were moved so far to make room.
  std::uint64_t moved() const { return moved_; }

  static constexpr std::uint32_t segment_slots = 8'192;

 private:
  static constexpr std::uint32_t slots_at_first = 64;
  static constexpr std::uint32_t keys_between_sweeps = 8;
  static constexpr std::uint32_t sweep_looks = 32;
  static constexpr std::uint32_t sweep_erases_max = 16;

  struct Segment {
    Slot* slots = nullptr;
    std::uint32_t used = 0;
    std::uint32_t swept = 0;  // where the next sweep begins, modulo size
    std::uint8_t size_bits = 0;
    std::uint8_t depth = 0;  // upper bits of a tag that all of its slots share

    std::uint32_t size() const { return std::uint32_t{1} << size_bits; }
  };
  Segment& segment_of(std::uint32_t tag) { return segments_[numbers_[static_cast<std::size_t>(std::uint64_t{tag} >> shift_)]]; }

  bool is_full(const Segment& segment) const { return (segment.used + 1) * 4 > segment.size() * static_cast<std::uint32_t>(fill_); }
  Slot& fill_grown(std::uint32_t tag, std::uint32_t number);
  bool may_split(const Segment& segment) const;
  void split(std::uint32_t number, std::uint32_t tag);
  void double_size(std::uint32_t number);
  void double_directory();
  void show(std::uint32_t number, std::uint32_t tag);  // `tag`: any that belongs to the segment
  Slot* new_slots(std::uint32_t count);
  static void refill(Segment& segment, std::span<const Slot> from, std::uint32_t bit, bool set);
  void erase_from(Segment& segment, Slot& slot);

  std::vector<Run> directory_;  // by the upper bits of a tag: its segment's slots
  std::uint32_t shift_ = 32;    // to those bits
  Fill fill_;
  std::vector<std::uint32_t> numbers_;  // as `directory_`: the segment's place in `segments_`
  std::vector<Segment> segments_;
  std::vector<HugeMemory> chunks_;
  std::size_t chunk_used_ = 0;  // bytes of the last chunk
  struct SmallSlots {
    void operator()(Slot* slots) const;
  };
  std::unique_ptr<Slot, SmallSlots> small_;  // of the first segment, until it has its full size
  std::size_t used_ = 0;
  std::uint64_t moved_ = 0;
};

}  // namespace weir
