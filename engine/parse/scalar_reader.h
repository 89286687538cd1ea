// One JSON token into one slot of a column, exactly: numbers, booleans, timestamps and IP addresses.
#pragma once

#include <cstddef>
#include <string_view>

#include "engine/event/batch.h"
#include "engine/event/event_schema.h"
#include "engine/parse/reject.h"

namespace weir {

struct Complaint {
  RejectReason reason = RejectReason::field_mistyped;
  std::string_view detail = {};  // static text; empty: nothing to complain about

  bool none() const { return detail.empty(); }
};

// `token` is a scalar without white space behind it, and not null; 8 bytes behind it are readable; strings come with
// their quotes and without escapes.
// Fills the slot and its presence, or says why not and leaves both alone. Not for strings and geo.
Complaint read_scalar(const FieldSpec& field, std::string_view token, Column& column, std::size_t row);

// A JSON number as the nearest double.
Complaint read_double(std::string_view token, double& into);

}  // namespace weir
