#include "rules/language/time_literal.h"

#include <array>

#include "engine/base/byte_buffer.h"
#include "engine/base/timestamp.h"

namespace weir {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::int64_t second_ms = 1000;
constexpr std::int64_t minute_ms = 60 * second_ms;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::array<Unit, 6> units{{{"ms", 1}, {"s", second_ms}, {"m", minute_ms}, {"h", hour_ms}, {"d", day_ms}, {"w", 7 * day_ms}}};

}  // namespace

std::optional<std::int64_t> duration_unit_ms(std::string_view unit) {
  for (const Unit& candidate : units)
    if (candidate.name == unit) return candidate.ms;
  return std::nullopt;
}

std::string duration_text(std::int64_t ms) {
  for (std::size_t index = 5; index-- > 0;)  // weeks read better as days
    if (ms != 0 && ms % units[index].ms == 0) return std::to_string(ms / units[index].ms) + std::string(units[index].name);
  return "0s";
}

std::optional<std::int64_t> parse_timestamp_literal(std::string_view text) {
  constexpr std::size_t date_size = 10;
  std::string full(text);
  if (full.size() == date_size) full += "T00:00:00Z";
  return parse_timestamp(full);
}

std::string timestamp_text(std::int64_t ms) {
  ByteBuffer text;
  append_timestamp(text, ms);
  return std::string(text.view());
}

}  // namespace weir
