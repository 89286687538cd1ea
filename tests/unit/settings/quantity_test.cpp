#include "engine/settings/quantity.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;

TEST(Quantity, ReadsDurationsWithUnits) {
  EXPECT_EQ(parse_duration("250us").value, 250us);
  EXPECT_EQ(parse_duration("10ms").value, 10ms);
  EXPECT_EQ(parse_duration("30s").value, 30s);
  EXPECT_EQ(parse_duration("5m").value, 5min);
  EXPECT_EQ(parse_duration("1h30m").value, 90min);
  EXPECT_EQ(parse_duration("7d").value, 168h);
  EXPECT_EQ(parse_duration("0s").error, QuantityError::none);
  EXPECT_EQ(parse_duration("10 s").value, 10s);
}

TEST(Quantity, RefusesDurationsWithoutUnit) {
  for (const char* text : {"5", "0", "1h30"}) EXPECT_EQ(parse_duration(text).error, QuantityError::without_unit) << text;
}

TEST(Quantity, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "s", "-1s", "1.5s", "1 sec", "1s ", "1s,2s", "+1s", "1S", "1s x", "0x1s"})
    EXPECT_EQ(parse_duration(text).error, QuantityError::malformed) << text;
}

TEST(Quantity, SaysWhenANumberIsTooLarge) {
  EXPECT_EQ(parse_duration("99999999999999999999s").error, QuantityError::too_large);
  EXPECT_EQ(parse_duration("9223372036854775807s").error, QuantityError::too_large);
  EXPECT_EQ(parse_duration("9223372036854775807us").error, QuantityError::none);
  EXPECT_EQ(parse_duration("9223372036854775807us1us").error, QuantityError::too_large);
  EXPECT_EQ(parse_size("9223372036854775807KiB").error, QuantityError::too_large);
}

TEST(Quantity, ReadsSizesWithUnits) {
  EXPECT_EQ(parse_size("512B").bytes, 512U);
  EXPECT_EQ(parse_size("64KiB").bytes, 65'536U);
  EXPECT_EQ(parse_size("6MiB").bytes, 6U * 1024 * 1024);
  EXPECT_EQ(parse_size("1 GiB").bytes, 1024U * 1024 * 1024);
  EXPECT_EQ(parse_size("5KB").bytes, 5'000U);
  EXPECT_EQ(parse_size("6291456").error, QuantityError::without_unit);
  for (const char* text : {"", "KiB", "1kib", "1.5MiB", "1KiB1B", "-1B"})
    EXPECT_EQ(parse_size(text).error, QuantityError::malformed) << text;
}

TEST(Quantity, WritesTheShortestExactForm) {
  EXPECT_EQ(duration_text(0us), "0s");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(1h), "1h");
  EXPECT_EQ(duration_text(48h), "2d");
  EXPECT_EQ(duration_text(1500ms), "1500ms");
  EXPECT_EQ(duration_text(1us), "1us");
  EXPECT_EQ(size_text(6U * 1024 * 1024), "6MiB");
  EXPECT_EQ(size_text(1000), "1000B");
}

}  // namespace
}  // namespace weir
