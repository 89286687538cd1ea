// Reads one row of a program's result, whatever its type.
#pragma once

#include "rules/evaluate/program.h"
#include "rules/evaluate/value_text.h"

namespace weir::evaluate {

struct ResultReader {
  ValueType type = ValueType::integer;
  int scale = 0;
  std::uint32_t place = 0;  // slot, or mask of a boolean
  MaskIndex present = mask_rows;

  ResultReader() = default;
  ResultReader(const Program& program, const Value& value, ValueType value_type, int value_scale)
      : type(value_type),
        scale(value_scale),
        place(type == ValueType::boolean ? program.mask_of(value.node) : program.slot_of(value.node)),
        present(program.mask_of(value.present)) {}

  ScalarValue read(const ProgramMemory& memory, std::size_t row) const {
    ScalarValue value{.type = type, .scale = scale};
    value.present = ((memory.mask(present) >> row) & 1U) != 0;
    if (!value.present) return value;
    switch (type) {
      case ValueType::boolean:
        value.boolean = ((memory.mask(place) >> row) & 1U) != 0;
        break;
      case ValueType::floating:
        value.floating = memory.values<double>(place)[row];
        break;
      case ValueType::string:
        value.text = memory.values<std::string_view>(place)[row];
        break;
      case ValueType::geo:
        value.point = memory.values<GeoPoint>(place)[row];
        break;
      case ValueType::ip:
        value.address = memory.values<IpAddress>(place)[row];
        break;
      default:
        value.integer = memory.values<std::int64_t>(place)[row];
        break;
    }
    return value;
  }
};

}  // namespace weir::evaluate
