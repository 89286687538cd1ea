#include "engine/features/name_table.h"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/base/check.h"
#include "engine/features/same_bytes.h"

namespace weir {
namespace {

constexpr std::size_t slots_at_first = 64;

std::size_t lines_for(std::size_t bytes) {
  return (bytes + Slab::line_bytes - 1) / Slab::line_bytes;
}

}  // namespace

NameTable::NameTable() : records_(1), slots_(slots_at_first), mask_(slots_at_first - 1) {}

std::uint64_t NameTable::hash(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

void NameTable::prefetch_record(std::uint64_t hash) const {
  const Slot& slot = slots_[hash & mask_];
  weir::prefetch(&records_[slot.name]);
}

std::string_view NameTable::text(NameNumber name) const {
  const Record& record = records_[name];
  if (record.size <= inline_bytes) return {record.bytes, record.size};
  BlockRef block = 0;
  std::memcpy(&block, record.bytes, sizeof block);
  return {slab_.at(block), record.size};
}

NameNumber NameTable::find(std::string_view wanted, std::uint64_t hash) const {
  const std::uint32_t tag = static_cast<std::uint32_t>(hash);
  for (std::size_t at = tag & mask_; slots_[at].name != 0; at = (at + 1) & mask_)
    if (slots_[at].tag == tag && same_bytes(text(slots_[at].name), wanted)) return slots_[at].name;
  return 0;
}

NameNumber NameTable::intern(std::string_view wanted, std::uint64_t hash) {
  const std::uint32_t tag = static_cast<std::uint32_t>(hash);
  std::size_t at = tag & mask_;
  for (; slots_[at].name != 0; at = (at + 1) & mask_) {
    const Slot slot = slots_[at];
    if (slot.tag != tag || !same_bytes(text(slot.name), wanted)) continue;
    ++records_[slot.name].holders;
    return slot.name;
  }
  if ((used_ + 1) * 2 > slots_.size()) {
    grow();
    for (at = tag & mask_; slots_[at].name != 0; at = (at + 1) & mask_) {
    }
  }
  NameNumber name = static_cast<NameNumber>(records_.size());
  if (!free_.empty()) {
    name = free_.back();
    free_.pop_back();
  } else {
    records_.emplace_back();
  }
  Record& record = records_[name];
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
  slots_[at] = {tag, name};
  ++used_;
  return name;
}

void NameTable::release(NameNumber name) {
  Record& record = records_[name];
  WEIR_CHECK(record.holders > 0);
  if (--record.holders > 0) return;
  if (record.size > inline_bytes) {
    BlockRef block = 0;
    std::memcpy(&block, record.bytes, sizeof block);
    slab_.free(block, lines_for(record.size));
  }
  std::size_t hole = record.hash & mask_;
  while (slots_[hole].name != name) hole = (hole + 1) & mask_;
  // Later slots of the same run move up, so that a search never meets a gap before its goal.
  for (std::size_t next = (hole + 1) & mask_; slots_[next].name != 0; next = (next + 1) & mask_) {
    const std::size_t home = slots_[next].tag & mask_;
    if (((next - home) & mask_) < ((next - hole) & mask_)) continue;
    slots_[hole] = slots_[next];
    hole = next;
  }
  slots_[hole] = {};
  free_.push_back(name);
  --used_;
}

void NameTable::grow() {
  std::vector<Slot> larger(slots_.size() * 2);
  mask_ = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.name == 0) continue;
    std::size_t at = slot.tag & mask_;
    while (larger[at].name != 0) at = (at + 1) & mask_;
    larger[at] = slot;
  }
  slots_ = std::move(larger);
}

}  // namespace weir
