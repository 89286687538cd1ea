#include "engine/features/name_table.h"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/base/check.h"
#include "engine/features/same_bytes.h"

namespace weir {
namespace {

std::size_t lines_for(std::size_t bytes) {
  return (bytes + Slab::line_bytes - 1) / Slab::line_bytes;
}

}  // namespace

std::uint64_t NameTable::hash(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

// What does not have the tag is another name's.
void NameTable::prefetch_record(std::uint64_t hash) const {
  if (const NameNumber name = slots_.likely(SlotTable::tag_of(hash)); name != 0) weir::prefetch(&records_[name]);
}

std::string_view NameTable::text(NameNumber name) const {
  const Record& record = records_[name];
  if (record.size <= inline_bytes) return {record.bytes, record.size};
  BlockRef block = 0;
  std::memcpy(&block, record.bytes, sizeof block);
  return {slab_.at(block), record.size};
}

NameNumber NameTable::find(std::string_view wanted, std::uint64_t hash) const {
  return slots_.find(SlotTable::tag_of(hash), [&](NameNumber name) { return same_bytes(text(name), wanted); }).number;
}

NameNumber NameTable::intern(std::string_view wanted, std::uint64_t hash) {
  const std::uint32_t tag = SlotTable::tag_of(hash);
  const auto is_wanted = [&](NameNumber name) { return same_bytes(text(name), wanted); };
  SlotTable::Slot& slot = slots_.find(tag, is_wanted);
  if (slot.number != 0) {
    ++records_[slot.number].holders;
    return slot.number;
  }
  NameNumber name = free_;
  if (name != 0) {
    free_ = records_[name].tag;
  } else {
    name = static_cast<NameNumber>(records_.size());
    records_.resize(name + std::size_t{1});
  }
  Record& record = records_[name];
  record.holders = 1;
  record.tag = tag;
  record.size = static_cast<std::uint32_t>(wanted.size());
  if (wanted.size() <= inline_bytes) {
    if (!wanted.empty()) std::memcpy(record.bytes, wanted.data(), wanted.size());
  } else {
    std::size_t lines = lines_for(wanted.size());
    const BlockRef block = slab_.allocate(lines);
    std::memcpy(slab_.at(block), wanted.data(), wanted.size());
    std::memcpy(record.bytes, &block, sizeof block);
  }
  slots_.fill(slot, tag, name);
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
  slots_.erase(slots_.find(record.tag, [name](NameNumber each) { return each == name; }));
  record.tag = free_;
  free_ = name;
}

}  // namespace weir
