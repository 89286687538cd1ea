// Points in time as milliseconds since 1970-01-01T00:00:00Z, and their text (RFC 3339). Exact, without locale and without time zones.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/byte_buffer.h"

namespace weir {

// What RFC 3339 can write: years 0000 to 9999. Window arithmetic on times within cannot overflow.
constexpr std::int64_t timestamp_ms_min = -62'167'219'200'000;  // 0000-01-01T00:00:00.000Z
constexpr std::int64_t timestamp_ms_max = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z
constexpr bool is_writable_time(std::int64_t ms) {
  return ms >= timestamp_ms_min && ms <= timestamp_ms_max;
}

// "2026-01-31T09:05:00Z", "2026-01-31t09:05:00.1234+01:00"; a space may stand for the T. Digits behind the millisecond are cut off.
// A leap second (23:59:60 UTC) counts as the second that follows. None: not such a text, or outside the years 0000 to 9999.
std::optional<std::int64_t> parse_timestamp(std::string_view text);

// "2026-01-31T09:05:00Z", with ".123" before the Z where the milliseconds are not zero. `milliseconds` lies in the range above.
void append_timestamp(ByteBuffer& out, std::int64_t milliseconds);

}  // namespace weir
