#include "engine/parse/field_table.h"

#include <algorithm>

namespace weir {
namespace {

constexpr std::uint64_t multiplier_first = 0xd6e8'feb8'6659'fd93U;
constexpr int multipliers_a_size = 64;  // tried before the table is doubled

}  // namespace

FieldTable::FieldTable(const EventSchema& schema) {
  for (const FieldSpec& field : schema.fields) longest_ = std::max(longest_, field.name.size());
  const std::size_t wanted = std::bit_ceil(std::max<std::size_t>(schema.fields.size() * 2, 2));
  std::uint64_t multiplier = multiplier_first;
  for (unsigned bits = static_cast<unsigned>(std::countr_zero(wanted));; ++bits) {
    shift_ = 64 - bits;
    for (int attempt = 0; attempt < multipliers_a_size; ++attempt) {
      multiplier = multiplier * 0x5851'f42d'4c95'7f2dU + 0x1405'7b7e'f767'814fU;
      multiplier_ = multiplier | 1;
      slots_.assign(std::size_t{1} << bits, Slot{});
      if (place(schema)) return;
    }
  }
}

bool FieldTable::place(const EventSchema& schema) {
  for (std::size_t index = 0; index < schema.fields.size(); ++index) {
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
