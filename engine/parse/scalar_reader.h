// One JSON token into one slot of a column, exactly: numbers, booleans and timestamps.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "engine/event/batch.h"
#include "engine/event/event_schema.h"
#include "engine/parse/reject.h"

namespace weir {

struct Complaint {
  RejectReason reason = RejectReason::field_mistyped;
  std::string_view detail;  // static text
};

// `token` is a scalar without white space behind it, and not null; strings come with their quotes and without escapes.
// Fills the slot and its presence, or says why not and leaves both alone. Not for strings and geo.
std::optional<Complaint> read_scalar(const FieldSpec& field, std::string_view token, Column& column, std::size_t row);

// A JSON number as the nearest double.
std::optional<Complaint> read_double(std::string_view token, double& into);

}  // namespace weir
