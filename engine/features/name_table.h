// Strings of events kept once and named by a number, so that an entry of a ring holds four bytes for any string. Compared byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/prefetch.h"
#include "engine/event/value_type.h"
#include "engine/features/huge_memory.h"
#include "engine/features/slab.h"

namespace weir {

using NameNumber = std::uint32_t;

// Types whose values are kept as the number of their text or bytes.
constexpr bool has_name(ValueType type) {
  return type == ValueType::string || type == ValueType::ip;
}

// Counts how many entries hold a name; the last release frees it and its number is used again. One thread.
class NameTable {
 public:
  NameTable();

  static std::uint64_t hash(std::string_view text);
  // The two stages ahead of `intern`, for many strings at once: bring its slot, then its record near.
  void prefetch_slot(std::uint64_t hash) const { weir::prefetch(&slots()[hash & mask_]); }
  void prefetch_record(std::uint64_t hash) const;

  // The number of `text`; 0 when nobody holds it.
  NameNumber find(std::string_view text, std::uint64_t hash) const;
  // The number of `text`, held once more.
  NameNumber intern(std::string_view text, std::uint64_t hash);
  void release(NameNumber name);
  std::string_view text(NameNumber name) const;

  std::size_t names() const { return used_; }
  std::size_t bytes() const { return records_memory_.bytes() + slots_memory_.bytes() + slab_.bytes(); }

 private:
  static constexpr std::size_t inline_bytes = 20;
  struct Record {
    std::uint32_t holders = 0;  // 0: free
    std::uint32_t hash = 0;
    std::uint32_t size = 0;
    char bytes[inline_bytes];  // the text, or the slab's block of a longer one
  };
  static_assert(sizeof(Record) == 32, "no record lies on two lines of the cache");
  struct Slot {
    std::uint32_t tag = 0;
    NameNumber name = 0;  // 0: empty
  };

  // On huge pages: each event looks at names anywhere in them.
  Record* records() const { return reinterpret_cast<Record*>(records_memory_.data()); }
  Slot* slots() const { return reinterpret_cast<Slot*>(slots_memory_.data()); }
  void grow_slots();
  void grow_records();

  HugeMemory records_memory_;
  HugeMemory slots_memory_;
  std::size_t records_ = 1;  // 0 names nothing
  std::vector<NameNumber> free_;
  std::size_t mask_ = 0;
  std::size_t used_ = 0;
  Slab slab_;
};

}  // namespace weir
