#include "engine/parse/field_table.h"

#include <algorithm>
#include <numeric>

namespace weir {
namespace {

constexpr std::uint64_t multiplier_first = 0xd6e8'feb8'6659'fd93U;
constexpr int multipliers_a_size = 64;  // tried before the table is doubled

std::vector<std::size_t> all_fields(const EventSchema& schema) {
  std::vector<std::size_t> all(schema.fields.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

}  // namespace

FieldTable::FieldTable(const EventSchema& schema) : FieldTable(schema, all_fields(schema)) {}

FieldTable::FieldTable(const EventSchema& schema, const std::vector<std::size_t>& fields) {
  for (const std::size_t field : fields) longest_ = std::max(longest_, schema.fields[field].name.size());
  const std::size_t wanted = std::bit_ceil(std::max<std::size_t>(fields.size() * 2, 2));
  std::uint64_t multiplier = multiplier_first;
  for (unsigned bits = static_cast<unsigned>(std::countr_zero(wanted));; ++bits) {
    shift_ = 64 - bits;
    for (int attempt = 0; attempt < multipliers_a_size; ++attempt) {
      multiplier = multiplier * 0x5851'f42d'4c95'7f2dU + 0x1405'7b7e'f767'814fU;
      multiplier_ = multiplier | 1;
      slots_.assign(std::size_t{1} << bits, Slot{});
      if (place(schema, fields)) return;
    }
  }
}

bool FieldTable::place(const EventSchema& schema, const std::vector<std::size_t>& fields) {
  for (const std::size_t index : fields) {
    std::string padded = schema.fields[index].name;
    const std::size_t length = padded.size();
    padded.append(word_bytes, '\0');
    const Words words = words_of(padded.data(), length);
    Slot& slot = slots_[slot_of(words, length)];
    if (slot.field != none) return false;
    slot = {words, length, static_cast<std::uint32_t>(index), schema.fields[index].name};
  }
  return true;
}

}  // namespace weir
