// How values are written: for people in a rule's reason, as JSON in a profile update. The same value gives the same bytes everywhere.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/byte_buffer.h"
#include "engine/base/ip_address.h"
#include "engine/event/value_type.h"

namespace weir::evaluate {

// One value of any type; which member counts follows from `type`.
struct ScalarValue {
  ValueType type = ValueType::integer;
  int scale = 0;  // of a decimal
  bool present = false;
  bool boolean = false;
  std::int64_t integer = 0;
  double floating = 0;
  std::string_view text = {};
  GeoPoint point = {};
  IpAddress address = {};
};

// For people: missing is "?"; decimals in their shortest form; floats with at most two digits after the point, small ones (below 0.01)
// with two significant digits; timestamps RFC 3339; durations "2h30m"; points "52.52,13.405".
void append_text(ByteBuffer& out, const ScalarValue& value);

// JSON: missing is null; durations in milliseconds; timestamps as RFC 3339 text; points as {"lat":..,"lon":..}.
void append_json(ByteBuffer& out, const ScalarValue& value);

}  // namespace weir::evaluate
