// Strings of events kept once and named by a number, so that an entry of a ring holds four bytes for any string. Compared byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/prefetch.h"
#include "engine/event/value_type.h"
#include "engine/features/growing_array.h"
#include "engine/features/slab.h"
#include "engine/features/slot_table.h"

namespace weir {

using NameNumber = std::uint32_t;

// Types whose values are kept as the number of their text or bytes.
constexpr bool has_name(ValueType type) {
  return type == ValueType::string || type == ValueType::ip;
}

// Counts how many entries hold a name; the last release frees it and its number is used again. One thread.
class NameTable {
 public:
  NameTable() { records_.resize(1); }

  static std::uint64_t hash(std::string_view text);
  // The two stages ahead of `intern`, for many strings at once: bring its slot, then its record near.
  void prefetch_slot(std::uint64_t hash) const { slots_.prefetch(SlotTable::tag_of(hash)); }
  void prefetch_record(std::uint64_t hash) const;

  // Likewise ahead of `release`: its record, then its slot.
  void approach_record(NameNumber name) const { weir::prefetch(&records_[name]); }
  void approach_slot(NameNumber name) const { slots_.prefetch(records_[name].tag); }

  // The number of `text`; 0 when nobody holds it.
  NameNumber find(std::string_view text, std::uint64_t hash) const;
  // The number of `text`, held once more.
  NameNumber intern(std::string_view text, std::uint64_t hash);
  void release(NameNumber name);
  std::string_view text(NameNumber name) const;

  std::size_t names() const { return slots_.used(); }
  std::size_t bytes() const { return records_.bytes() + slots_.bytes() + slab_.bytes(); }
  // Slots that were moved so far because there were more names.
  std::uint64_t moved() const { return slots_.moved(); }

 private:
  static constexpr std::size_t inline_bytes = 20;
  struct Record {
    std::uint32_t holders = 0;  // 0: free
    std::uint32_t tag = 0;      // of a free one: the number of the next free one
    std::uint32_t size = 0;
    char bytes[inline_bytes];  // the text, or the slab's block of a longer one
  };
  static_assert(sizeof(Record) == 32, "no record lies on two lines of the cache");

  GrowingArray<Record> records_;
  NameNumber free_ = 0;  // the one that was released last
  SlotTable slots_{SlotTable::Fill::half};
  Slab slab_;
};

}  // namespace weir
