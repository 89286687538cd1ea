// The parts under the programs: distances, zones, calendars, text of values.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "rules/evaluate/attachments.h"
#include "rules/evaluate/calendar.h"
#include "rules/evaluate/great_circle.h"
#include "rules/evaluate/value_text.h"
#include "rules/evaluate/zone_offsets.h"
#include "rules/language/regular_expression.h"

namespace weir::evaluate {
namespace {

// The vector form, stable at all distances, with the C library's functions in extended precision.
double reference_km(GeoPoint a, GeoPoint b) {
  const long double degree = 3.14159265358979323846264338327950288L / 180;
  const long double la = a.latitude * degree, lb = b.latitude * degree;
  const long double apart = (a.longitude - b.longitude) * degree;
  const long double x = std::cos(lb) * std::sin(apart);
  const long double y = std::cos(la) * std::sin(lb) - std::sin(la) * std::cos(lb) * std::cos(apart);
  const long double z = std::sin(la) * std::sin(lb) + std::cos(la) * std::cos(lb) * std::cos(apart);
  return static_cast<double>(std::atan2(std::sqrt(x * x + y * y), z) * 6371.0088L);
}

TEST(GreatCircle, AgreesWithTheExactFormulaEverywhere) {
  Random random(5);
  for (int pair = 0; pair < 20'000; ++pair) {
    const GeoPoint a{random.uniform() * 180 - 90, random.uniform() * 360 - 180};
    GeoPoint b{random.uniform() * 180 - 90, random.uniform() * 360 - 180};
    if (pair % 3 == 0) b = {std::min(90.0, a.latitude + random.uniform() * 1e-4), a.longitude};
    if (pair % 3 == 1) b = {-a.latitude, a.longitude > 0 ? a.longitude - 180 + random.uniform() : a.longitude + 180 - random.uniform()};
    EXPECT_NEAR(great_circle_km(a, b), reference_km(a, b), 1e-8);
  }
  EXPECT_EQ(great_circle_km({10, 20}, {10, 20}), 0);
  EXPECT_NEAR(great_circle_km({0, 0}, {0, 180}), 3.14159265358979 * earth_radius_km, 1e-6);
  EXPECT_NEAR(great_circle_km({0, 179.5}, {0, -179.5}), 3.14159265358979 * earth_radius_km / 180, 1e-9);
}

TEST(ZoneOffsets, FollowsSummerTime) {
  const ZoneOffsets berlin = ZoneOffsets::load("Europe/Berlin").value();
  constexpr std::int64_t march_29_2026_01_utc = 1'774'746'000'000;
  EXPECT_EQ(berlin.local_ms(march_29_2026_01_utc - 1) - (march_29_2026_01_utc - 1), ms_per_hour);
  EXPECT_EQ(berlin.local_ms(march_29_2026_01_utc) - march_29_2026_01_utc, 2 * ms_per_hour);
}

TEST(ZoneOffsets, KnowsOnlyNamesOfTheDatabase) {
  EXPECT_TRUE(ZoneOffsets::load("America/New_York").has_value());
  EXPECT_FALSE(ZoneOffsets::load("Europe/Atlantis").has_value());
  EXPECT_FALSE(ZoneOffsets::load("").has_value());
}

TEST(Calendar, KnowsWeekdaysAndLeapDays) {
  EXPECT_EQ(day_of_week(0), 4);
  EXPECT_EQ(day_of_week(-1), 3);
  EXPECT_EQ(hour_of_day(-1), 23);
  EXPECT_EQ(day_of_month(-1), 31);
  const CivilDay leap = civil_day(11'016);
  EXPECT_EQ(leap.year, 2000);
  EXPECT_EQ(leap.month, 2);
  EXPECT_EQ(leap.day, 29);
}

std::string shown(const ScalarValue& value) {
  ByteBuffer out;
  append_text(out, value);
  return std::string(out.view());
}
std::string shown_double(double value) {
  return shown({.type = ValueType::floating, .present = true, .floating = value});
}
std::string shown_duration(std::int64_t ms) {
  return shown({.type = ValueType::duration, .present = true, .integer = ms});
}

TEST(ValueText, RoundsFloatsForReading) {
  EXPECT_EQ(shown_double(2), "2");
  EXPECT_EQ(shown_double(-0.0), "0");
  EXPECT_EQ(shown_double(1234.5678), "1234.57");
  EXPECT_EQ(shown_double(0.1), "0.1");
  EXPECT_EQ(shown_double(-99.999), "-100");
  EXPECT_EQ(shown_double(0.00137), "0.0014");
  EXPECT_EQ(shown_double(1e300), "1e+300");
}

TEST(ValueText, WritesDurationsByTheirUnits) {
  EXPECT_EQ(shown_duration(0), "0s");
  EXPECT_EQ(shown_duration(7 * ms_per_day), "7d");
  EXPECT_EQ(shown_duration(2 * ms_per_hour + 30 * ms_per_minute), "2h30m");
  EXPECT_EQ(shown_duration(-90'250), "-1m30.25s");
}

TEST(Attachments, RegularExpressionsOfARuleSetShareTheirMemory) {
  Attachments few;
  EXPECT_EQ(few.add_pattern("a+b", 100)->options().max_mem(), limits::regex_memory_bytes_max);
  Attachments many;
  const re2::RE2* small = many.add_pattern("a+b", limits::patterns_max);
  EXPECT_EQ(small->options().max_mem(), static_cast<std::int64_t>(limits::all_regex_memory_bytes / limits::patterns_max));
  EXPECT_EQ(many.add_pattern("a+b", limits::patterns_max), small);  // filters, rules and sinks have one
  EXPECT_TRUE(re2::RE2::PartialMatch("xaab", *small));
  // One that needs more for its program alone gets it.
  const re2::RE2* large = many.add_pattern("[a-z]{1,200}[0-9]$", limits::patterns_max);
  EXPECT_GT(large->options().max_mem(), small->options().max_mem());
  EXPECT_TRUE(re2::RE2::PartialMatch(std::string(300, 'a') + "1", *large));
  EXPECT_FALSE(re2::RE2::PartialMatch(std::string(300, 'a'), *large));
  // All together, whatever they are.
  const std::size_t each = limits::regex_instructions_max / limits::patterns_max;
  const auto all = static_cast<std::size_t>(regular_expression_bytes(limits::patterns_max, each)) * limits::patterns_max;
  EXPECT_LE(all, limits::all_regex_memory_bytes + 256 * limits::regex_instructions_max);
}

}  // namespace
}  // namespace weir::evaluate
