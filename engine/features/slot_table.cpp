#include "engine/features/slot_table.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace weir {
namespace {

constexpr std::size_t line_bytes = 64;
constexpr std::uint8_t first_bits = 6;
constexpr std::uint8_t depth_max = 20;
// A directory that is so much larger than it needs to be belongs to tags that are alike by intent: their segment grows by itself then.
constexpr std::size_t directory_share_max = 16;

}  // namespace

void SlotTable::SmallSlots::operator()(Slot* slots) const {
  ::operator delete (slots, std::align_val_t{line_bytes});
}

SlotTable::SlotTable(Fill fill) : fill_(fill), numbers_(1) {
  Segment& segment = segments_.emplace_back();
  segment.size_bits = first_bits;
  segment.slots = new_slots(slots_at_first);
  directory_.resize(1);
  show(0, 0);
}

SlotTable::~SlotTable() = default;

std::size_t SlotTable::bytes() const {
  std::size_t total = directory_.capacity() * sizeof(directory_[0]) + numbers_.capacity() * sizeof(numbers_[0]) +
                      segments_.capacity() * sizeof(Segment) + (small_ ? segments_[0].size() * sizeof(Slot) : 0);
  for (const HugeMemory& chunk : chunks_) total += chunk.bytes();
  return total;
}

// Small ones are freed when they have grown; the others are pieces of chunks, for a page of the system holds many segments then.
SlotTable::Slot* SlotTable::new_slots(std::uint32_t count) {
  const std::size_t bytes = count * sizeof(Slot);
  if (count < segment_slots) {
    Slot* slots = static_cast<Slot*>(::operator new (bytes, std::align_val_t{line_bytes}));
    std::memset(static_cast<void*>(slots), 0, bytes);
    small_.reset(slots);
    return slots;
  }
  if (chunks_.empty() || chunk_used_ + bytes > chunks_.back().bytes()) {
    std::size_t before = 0;
    for (const HugeMemory& chunk : chunks_) before += chunk.bytes();
    // Little is wasted while there is little, and most is on huge pages where there is much.
    const std::size_t wanted = before < HugeMemory::page_bytes / 2 ? before / 4 / bytes * bytes : HugeMemory::page_bytes;
    chunks_.emplace_back(std::max(bytes, wanted));
    chunk_used_ = 0;
  }
  Slot* slots = reinterpret_cast<Slot*>(chunks_.back().data() + chunk_used_);
  chunk_used_ += bytes;
  return slots;
}

// With those whose tag has `bit`, or has it not.
void SlotTable::refill(Segment& segment, std::span<const Slot> from, std::uint32_t bit, bool set) {
  const std::uint32_t mask = segment.size() - 1;
  for (const Slot& slot : from) {
    if (slot.number == 0 || ((slot.tag & bit) != 0) != set) continue;
    std::uint32_t at = slot.tag & mask;
    while (segment.slots[at].number != 0) at = (at + 1) & mask;
    segment.slots[at] = slot;
    ++segment.used;
  }
}

SlotTable::Slot& SlotTable::fill_grown(std::uint32_t tag, std::uint32_t number) {
  while (is_full(segment_of(tag))) {
    const std::uint32_t full = numbers_[static_cast<std::size_t>(std::uint64_t{tag} >> shift_)];
    const Segment& segment = segments_[full];
    moved_ += segment.used;
    if (segment.size() < segment_slots || !may_split(segment)) {
      double_size(full);
      show(full, tag);
    } else {
      if (segment.depth == 32 - shift_) double_directory();
      split(full, tag);
    }
  }
  ++segment_of(tag).used;
  Slot& empty = find(tag, [](std::uint32_t) { return false; });
  empty = {tag, number};
  return empty;
}

bool SlotTable::may_split(const Segment& segment) const {
  if (segment.depth < 32 - shift_) return true;
  return segment.depth < depth_max && directory_.size() < directory_share_max * segments_.size();
}

void SlotTable::double_size(std::uint32_t number) {
  const std::unique_ptr<Slot, SmallSlots> before = std::move(small_);
  Segment grown = segments_[number];
  ++grown.size_bits;
  grown.used = 0;
  grown.slots = new_slots(grown.size());
  refill(grown, {segments_[number].slots, segments_[number].size()}, 0, false);
  segments_[number] = grown;
}

void SlotTable::double_directory() {
  const auto doubled = [](auto& entries) {
    entries.resize(entries.size() * 2);
    for (std::size_t at = entries.size(); at > 0; --at) entries[at - 1] = entries[(at - 1) / 2];
  };
  doubled(directory_);
  doubled(numbers_);
  --shift_;
}

// Those with the next upper bit of their tag go to a new segment; the others close up where they are.
void SlotTable::split(std::uint32_t number, std::uint32_t tag) {
  Segment& segment = segments_[number];
  const std::vector<Slot> before(segment.slots, segment.slots + segment.size());
  segment.used = 0;
  segment.swept = 0;
  ++segment.depth;
  Segment fresh = segment;
  fresh.slots = new_slots(fresh.size());
  const std::uint32_t bit = std::uint32_t{1} << (32 - fresh.depth);
  std::memset(static_cast<void*>(segment.slots), 0, segment.size() * sizeof(Slot));
  refill(segment, before, bit, false);
  refill(fresh, before, bit, true);
  segments_.push_back(fresh);
  show(number, tag & ~bit);
  show(static_cast<std::uint32_t>(segments_.size() - 1), tag | bit);
}

// The entries of the tags that the segment has.
void SlotTable::show(std::uint32_t number, std::uint32_t tag) {
  const Segment& segment = segments_[number];
  const std::size_t share = std::size_t{1} << (32 - shift_ - segment.depth);
  const std::size_t begin = static_cast<std::size_t>(std::uint64_t{tag} >> shift_) / share * share;
  for (std::size_t at = begin; at < begin + share; ++at) {
    directory_[at] = {segment.slots, segment.size() - 1};
    numbers_[at] = number;
  }
}

void SlotTable::erase_from(Segment& segment, Slot& slot) {
  const std::uint32_t mask = segment.size() - 1;
  auto hole = static_cast<std::uint32_t>(&slot - segment.slots);
  // Later slots of the same run move up, so that a search never meets a gap before its goal.
  for (std::uint32_t next = (hole + 1) & mask; segment.slots[next].number != 0; next = (next + 1) & mask) {
    if (((next - segment.slots[next].tag) & mask) < ((next - hole) & mask)) continue;
    segment.slots[hole] = segment.slots[next];
    hole = next;
  }
  segment.slots[hole] = {};
  --segment.used;
  --used_;
}

}  // namespace weir
