#include "rules/evaluate/zone_offsets.h"

#include <algorithm>
#include <exception>
#include <limits>

#include <date/tz.h>

namespace weir::evaluate {

namespace {

constexpr int first_year = 1900;
constexpr int last_year = 2200;
constexpr std::size_t stretches_max = 2'000;

std::int64_t in_ms(std::chrono::seconds seconds) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(seconds).count();
}

}  // namespace

std::optional<ZoneOffsets> ZoneOffsets::load(std::string_view name) {
  ZoneOffsets offsets;
  try {
    const date::time_zone* zone = date::locate_zone(name);
    date::sys_seconds at = date::sys_days(date::year(first_year) / 1 / 1);
    const date::sys_seconds end = date::sys_days(date::year(last_year) / 1 / 1);
    while (at < end && offsets.stretches_.size() < stretches_max) {
      const date::sys_info stretch = zone->get_info(at);
      const std::int64_t begin_ms =
          offsets.stretches_.empty() ? std::numeric_limits<std::int64_t>::min() : in_ms(stretch.begin.time_since_epoch());
      offsets.stretches_.push_back({begin_ms, in_ms(stretch.offset)});
      if (stretch.end <= at) break;
      at = stretch.end;
    }
  } catch (const std::exception&) {
    return std::nullopt;
  }
  return offsets;
}

std::int64_t ZoneOffsets::local_ms(std::int64_t utc_ms) const {
  const auto after = std::upper_bound(stretches_.begin(), stretches_.end(), utc_ms,
                                      [](std::int64_t ms, const Stretch& stretch) { return ms < stretch.begin_ms; });
  const std::int64_t offset_ms = after == stretches_.begin() ? 0 : std::prev(after)->offset_ms;
  std::int64_t local = 0;
  if (!__builtin_add_overflow(utc_ms, offset_ms, &local)) return local;
  return offset_ms < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

}  // namespace weir::evaluate
