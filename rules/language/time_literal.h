// Spans and points in time as written in rules: `10m`, `2027-03-31`, `2027-03-31T12:00:00Z`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

// Milliseconds in one `unit` (ms, s, m, h, d, w); nothing for another word.
std::optional<std::int64_t> duration_unit_ms(std::string_view unit);

// "10m", "90s", "36h": the largest unit that divides it.
std::string duration_text(std::int64_t ms);

// A date (midnight UTC) or RFC 3339 with "Z" or an offset, up to milliseconds; nothing when it is no point in time.
std::optional<std::int64_t> parse_timestamp_literal(std::string_view text);

// "2027-03-31T12:00:00Z". `ms` as parse_timestamp_literal gives it.
std::string timestamp_text(std::int64_t ms);

}  // namespace weir
