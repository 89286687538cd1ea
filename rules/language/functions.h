// The one table of functions: what the type checker accepts, the compiler translates, `weir list functions` prints and rules/README.md
// shows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir {

constexpr std::int64_t network_bits_step = 256;  // a call of `network` holds bits of IPv4 * this + bits of IPv6

// In the table's order. A call's arguments are already converted to one type where the function wants that (see functions.cpp).
// Every function is missing when an argument is missing, except `coalesce`; functions that answer with a bool are then false.
enum class Function : std::uint8_t {
  // Time. `zone` is a string literal with a known IANA name; without it the zone is UTC.
  age,              // (timestamp) -> duration: the event's time less the argument; negative when the argument is later
  seconds_between,  // (timestamp, timestamp) -> float, never negative: the order does not matter
  minutes_between,
  hours_between,
  days_between,
  hour_of_day,   // (timestamp [, zone]) -> int, 0 to 23
  day_of_week,   // (timestamp [, zone]) -> int, 1 Monday to 7 Sunday
  day_of_month,  // (timestamp [, zone]) -> int, 1 to 31
  // Place.
  distance_km,  // (geo, geo) -> float: great circle (haversine) on a sphere of radius 6371.0088 km
  geo,          // (float, float) -> geo: latitude, longitude in degrees; missing outside -90..90, -180..180
  // Addresses.
  ip,          // (string) -> ip; missing when the text is no address
  is_private,  // (ip) -> bool
  network,     // (ip, bits [, ipv6_bits]) -> ip: the network's first address; the call's only operand is the address, its literal the bits
  // Numbers.
  abs,  // (int | decimal | float | duration) -> the same
  min,  // (x, x, ...) -> the same: two or more of one of int, decimal, float, timestamp, duration
  max,
  round,  // (x) -> int for decimal, float for float, half away from zero. (x, digits) -> decimal(digits): the call's only operand is x, its
          // scale the digits; stops at the ends of the 64-bit range
  floor,  // (x) -> int for decimal, float for float
  ceil,
  sqrt,  // (float) -> float; missing below 0
  // Text. Case functions change the letters a to z only.
  lower,
  upper,
  trim,         // without blanks, tabs and line ends at both ends
  length,       // (string) -> int: in Unicode code points
  left,         // (string, int) -> string: the first code points
  right,        // (string, int) -> string: the last code points
  starts_with,  // (string, string) -> bool; also written `a starts_with b`
  ends_with,
  contains,
  // Missing values.
  coalesce,  // (x, x, ...) -> the same: the first that is present
};

struct FunctionDescription {
  Function function;
  std::string_view name;
  std::string_view signature;    // "hour_of_day(t timestamp [, zone string]) -> int"
  std::string_view description;  // one sentence
  std::string_view example;      // a condition over `function_example_event` that is true for every event of it
};

// In the order of the enumerators: all_functions()[i].function == Function(i).
std::span<const FunctionDescription> all_functions();
std::string_view to_string(Function function);
std::optional<Function> find_function(std::string_view name);

// The event that examples read, as rules text.
extern const std::string_view function_example_event;

struct AggregateDescription {
  std::string_view name;
  std::string_view signature;
  std::string_view description;
  std::string_view example;
};
std::span<const AggregateDescription> all_aggregates();

// The reference in Markdown: the last section of rules/README.md, between its two marker comments.
std::string render_function_reference();

}  // namespace weir
