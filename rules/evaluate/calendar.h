// The civil calendar (proleptic Gregorian) of milliseconds since 1970-01-01T00:00:00. Defined for every 64-bit value.
#pragma once

#include <cstdint>

namespace weir::evaluate {

constexpr std::int64_t ms_per_second = 1'000;
constexpr std::int64_t ms_per_minute = 60 * ms_per_second;
constexpr std::int64_t ms_per_hour = 60 * ms_per_minute;
constexpr std::int64_t ms_per_day = 24 * ms_per_hour;

constexpr std::int64_t floor_divide(std::int64_t value, std::int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}
constexpr std::int64_t floor_remainder(std::int64_t value, std::int64_t divisor) {
  const std::int64_t rest = value % divisor;
  return rest < 0 ? rest + divisor : rest;
}

struct CivilDay {
  std::int64_t year = 1970;
  std::int64_t month = 1;  // 1 to 12
  std::int64_t day = 1;    // 1 to 31
};

// In eras of 400 years that begin on 1 March, so that the leap day comes last (H. Hinnant, "chrono-compatible low-level date algorithms").
constexpr CivilDay civil_day(std::int64_t days_since_1970) {
  constexpr std::int64_t days_per_era = 146'097;
  const std::int64_t days = days_since_1970 + 719'468;  // since 1 March of year 0
  const std::int64_t era = floor_divide(days, days_per_era);
  const std::int64_t day_of_era = floor_remainder(days, days_per_era);
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  CivilDay civil;
  civil.day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  civil.month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  civil.year = era * 400 + year_of_era + (civil.month <= 2 ? 1 : 0);
  return civil;
}

constexpr std::int64_t hour_of_day(std::int64_t ms) {
  return floor_remainder(ms, ms_per_day) / ms_per_hour;
}
// 1 Monday to 7 Sunday; 1970 began on a Thursday.
constexpr std::int64_t day_of_week(std::int64_t ms) {
  return floor_remainder(floor_divide(ms, ms_per_day) + 3, 7) + 1;
}
constexpr std::int64_t day_of_month(std::int64_t ms) {
  return civil_day(floor_divide(ms, ms_per_day)).day;
}

// Never negative, never too large for the type.
constexpr std::uint64_t milliseconds_apart(std::int64_t one, std::int64_t other) {
  return one < other ? static_cast<std::uint64_t>(other) - static_cast<std::uint64_t>(one)
                     : static_cast<std::uint64_t>(one) - static_cast<std::uint64_t>(other);
}

}  // namespace weir::evaluate
