#include "rules/evaluate/program.h"

#include <algorithm>

#include "engine/base/check.h"

namespace weir::evaluate {

namespace {

// Where row 0 of a column's values is; none for booleans, which are masks.
std::byte* column_bytes(const Column& column, ValueType type) {
  const void* bytes = nullptr;
  switch (type) {
    case ValueType::boolean:
      break;
    case ValueType::floating:
      bytes = column.floats.data();
      break;
    case ValueType::string:
      bytes = column.strings.data();
      break;
    case ValueType::geo:
      bytes = column.points.data();
      break;
    case ValueType::ip:
      bytes = column.addresses.data();
      break;
    default:
      bytes = column.integers.data();
      break;
  }
  // Kernels only read their operands; slots are not const because registers stand beside columns.
  return static_cast<std::byte*>(const_cast<void*>(bytes));
}

std::size_t value_bytes(ValueType type) {
  if (type == ValueType::string) return sizeof(std::string_view);
  if (type == ValueType::geo) return sizeof(GeoPoint);
  if (type == ValueType::ip) return sizeof(IpAddress);
  return sizeof(std::int64_t);
}

template <typename T>
void fill(std::byte* slot, const T& value) {
  std::fill_n(reinterpret_cast<T*>(slot), block_rows, value);
}

}  // namespace

ProgramMemory Program::make_memory() const {
  constexpr std::size_t line_bytes = sizeof(ProgramMemory::Line);
  ProgramMemory memory;
  memory.masks_.assign(mask_count_, 0);
  std::size_t lines = 0;
  for (const std::uint32_t bytes : slot_bytes_) lines += bytes * block_rows / line_bytes;
  memory.lines_.assign(lines, {});
  std::size_t next = 0;
  for (const std::uint32_t bytes : slot_bytes_) {
    memory.slots_.push_back(bytes == 0 ? nullptr : memory.lines_[next].bytes);
    next += bytes * block_rows / line_bytes;
  }
  for (const auto& [slot, node] : constant_slots_) {
    const Constant& constant = constants_[static_cast<std::size_t>(node.parameter)];
    std::byte* at = memory.slots_[slot];
    if (node.type == ValueType::floating)
      fill(at, constant.floating);
    else if (node.type == ValueType::string)
      fill(at, constant.text);
    else if (node.type == ValueType::geo)
      fill(at, constant.point);
    else if (node.type == ValueType::ip)
      fill(at, constant.address);
    else
      fill(at, constant.integer);
  }
  return memory;
}

void Program::run(std::span<const Column* const> columns, std::size_t rows, std::size_t block, std::uint64_t judged, Arena& text,
                  ProgramMemory& memory) const {
  WEIR_CHECK(columns.size() == inputs_.size());
  const std::size_t first = block * block_rows;
  std::uint64_t* masks = memory.masks_.data();
  masks[mask_rows] = judged;
  masks[mask_empty] = 0;
  for (std::size_t index = 0; index < inputs_.size(); ++index) {
    const InputPlace& place = input_places_[index];
    const Column& column = *columns[index];
    const ValueType type = inputs_[index].type;
    const std::uint64_t present = column.present.words()[block] & judged;
    masks[place.presence] = present;
    if (type == ValueType::boolean)
      masks[place.bits] = column.bits.words()[block] & present;
    else
      memory.slots_[place.slot] = column_bytes(column, type) + first * value_bytes(type);
  }
  const Frame frame{.rows = std::min(block_rows, rows - first), .masks = masks, .slots = memory.slots_.data(), .text = &text};
  const Operation* const end = operations_.data() + operations_.size();
  for (const Operation* operation = operations_.data(); operation != end; ++operation) {
    if (operation->kernel != nullptr)
      operation->kernel(*operation, frame);
    else if (masks[operation->guard] == 0)
      operation += operation->skip;
  }
}

}  // namespace weir::evaluate
