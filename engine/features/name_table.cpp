#include "engine/features/name_table.h"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/base/check.h"
#include "engine/features/same_bytes.h"

namespace weir {
namespace {

constexpr std::size_t slots_at_first = 512;
constexpr std::size_t bytes_at_first = 4096;

std::size_t lines_for(std::size_t bytes) {
  return (bytes + Slab::line_bytes - 1) / Slab::line_bytes;
}

}  // namespace

NameTable::NameTable() : records_memory_(bytes_at_first), slots_memory_(slots_at_first * sizeof(Slot)), mask_(slots_at_first - 1) {}

std::uint64_t NameTable::hash(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

// What does not have the tag is another name's.
void NameTable::prefetch_record(std::uint64_t hash) const {
  const std::uint32_t tag = static_cast<std::uint32_t>(hash);
  std::size_t at = tag & mask_;
  while (slots()[at].name != 0 && slots()[at].tag != tag) at = (at + 1) & mask_;
  if (slots()[at].name != 0) weir::prefetch(&records()[slots()[at].name]);
}

std::string_view NameTable::text(NameNumber name) const {
  const Record& record = records()[name];
  if (record.size <= inline_bytes) return {record.bytes, record.size};
  BlockRef block = 0;
  std::memcpy(&block, record.bytes, sizeof block);
  return {slab_.at(block), record.size};
}

NameNumber NameTable::find(std::string_view wanted, std::uint64_t hash) const {
  const std::uint32_t tag = static_cast<std::uint32_t>(hash);
  for (std::size_t at = tag & mask_; slots()[at].name != 0; at = (at + 1) & mask_)
    if (slots()[at].tag == tag && same_bytes(text(slots()[at].name), wanted)) return slots()[at].name;
  return 0;
}

NameNumber NameTable::intern(std::string_view wanted, std::uint64_t hash) {
  const std::uint32_t tag = static_cast<std::uint32_t>(hash);
  std::size_t at = tag & mask_;
  for (; slots()[at].name != 0; at = (at + 1) & mask_) {
    const Slot slot = slots()[at];
    if (slot.tag != tag || !same_bytes(text(slot.name), wanted)) continue;
    ++records()[slot.name].holders;
    return slot.name;
  }
  if ((used_ + 1) * 2 > mask_ + 1) {
    grow_slots();
    for (at = tag & mask_; slots()[at].name != 0; at = (at + 1) & mask_) {
    }
  }
  NameNumber name = static_cast<NameNumber>(records_);
  if (!free_.empty()) {
    name = free_.back();
    free_.pop_back();
  } else {
    if ((records_ + 1) * sizeof(Record) > records_memory_.bytes()) grow_records();
    ++records_;
  }
  Record& record = records()[name];
  record.holders = 1;
  record.hash = tag;
  record.size = static_cast<std::uint32_t>(wanted.size());
  if (wanted.size() <= inline_bytes) {
    if (!wanted.empty()) std::memcpy(record.bytes, wanted.data(), wanted.size());
  } else {
    std::size_t lines = lines_for(wanted.size());
    const BlockRef block = slab_.allocate(lines);
    std::memcpy(slab_.at(block), wanted.data(), wanted.size());
    std::memcpy(record.bytes, &block, sizeof block);
  }
  slots()[at] = {tag, name};
  ++used_;
  return name;
}

void NameTable::release(NameNumber name) {
  Record& record = records()[name];
  WEIR_CHECK(record.holders > 0);
  if (--record.holders > 0) return;
  if (record.size > inline_bytes) {
    BlockRef block = 0;
    std::memcpy(&block, record.bytes, sizeof block);
    slab_.free(block, lines_for(record.size));
  }
  std::size_t hole = record.hash & mask_;
  while (slots()[hole].name != name) hole = (hole + 1) & mask_;
  // Later slots of the same run move up, so that a search never meets a gap before its goal.
  for (std::size_t next = (hole + 1) & mask_; slots()[next].name != 0; next = (next + 1) & mask_) {
    const std::size_t home = slots()[next].tag & mask_;
    if (((next - home) & mask_) < ((next - hole) & mask_)) continue;
    slots()[hole] = slots()[next];
    hole = next;
  }
  slots()[hole] = {};
  free_.push_back(name);
  --used_;
}

void NameTable::grow_slots() {
  const std::size_t size = (mask_ + 1) * 2;
  HugeMemory larger(size * sizeof(Slot));
  Slot* to = reinterpret_cast<Slot*>(larger.data());
  for (std::size_t from = 0; from <= mask_; ++from) {
    const Slot& slot = slots()[from];
    if (slot.name == 0) continue;
    std::size_t at = slot.tag & (size - 1);
    while (to[at].name != 0) at = (at + 1) & (size - 1);
    to[at] = slot;
  }
  slots_memory_ = std::move(larger);
  mask_ = size - 1;
}

void NameTable::grow_records() {
  HugeMemory larger(records_memory_.bytes() * 2);
  std::memcpy(larger.data(), records_memory_.data(), records_ * sizeof(Record));
  records_memory_ = std::move(larger);
}

}  // namespace weir
