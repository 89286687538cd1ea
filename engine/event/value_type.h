// The types of the rule language, as columns hold them.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

enum class ValueType : std::uint8_t {
  boolean,    // a bit
  integer,    // int64
  decimal,    // int64, scaled by the column's `scale`
  floating,   // double
  string,     // bytes, valid UTF-8
  timestamp,  // int64, milliseconds since 1970-01-01T00:00:00Z
  duration,   // int64, milliseconds
  geo,        // latitude and longitude in degrees
  ip,         // an address of IPv4 or IPv6
};

// The name in the rule language: "bool", "int", "decimal", ...
std::string_view to_string(ValueType type);

struct GeoPoint {
  double latitude = 0;   // -90 to 90
  double longitude = 0;  // -180 to 180
};

}  // namespace weir
