#include "engine/base/decimal.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "engine/base/random.h"

namespace weir {
namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();

std::string read(std::string_view text, int scale) {
  const DecimalResult result = parse_decimal(text, scale);
  switch (result.error) {
    case DecimalError::none:
      return std::to_string(result.scaled);
    case DecimalError::not_a_number:
      return "not a number";
    case DecimalError::too_many_digits_after_point:
      return "too many digits";
    case DecimalError::out_of_range:
      return "out of range";
  }
  return "?";
}

std::string written(std::int64_t scaled, int scale) {
  ByteBuffer out;
  append_decimal(out, scaled, scale);
  return std::string(out.view());
}

TEST(Decimal, ReadsEverySpellingOfANumberExactly) {
  EXPECT_EQ(read("12.34", 4), "123400");
  EXPECT_EQ(read("12.30", 4), "123000");
  EXPECT_EQ(read("-0.0", 4), "0");
  EXPECT_EQ(read("0e999999", 4), "0");
  EXPECT_EQ(read("1e2", 4), "1000000");
  EXPECT_EQ(read("1E+2", 0), "100");
  EXPECT_EQ(read("123.45e-2", 4), "12345");
  EXPECT_EQ(read("1200e-2", 0), "12");
  EXPECT_EQ(read("1000000000000000000000e-21", 4), "10000");
  EXPECT_EQ(read("0.000000000000000000001e21", 4), "10000");
  EXPECT_EQ(read("0.1", 9), "100000000");
  EXPECT_EQ(read("-9223372036854775808", 0), std::to_string(smallest));
  EXPECT_EQ(read("9223372036854775807", 0), std::to_string(largest));
}

TEST(Decimal, ATrailingZeroIsNoDigitTooMany) {
  EXPECT_EQ(read("1.23450", 4), "12345");
  EXPECT_EQ(read("1.2345000000000000000000000000000", 4), "12345");
  EXPECT_EQ(read("1.23451", 4), "too many digits");
  EXPECT_EQ(read("0.1", 0), "too many digits");
  EXPECT_EQ(read("1.0", 0), "1");
  EXPECT_EQ(read("123456789012345678901234567890.00001", 4), "too many digits");
}

TEST(Decimal, WhatDoesNotFitIsOutOfRange) {
  EXPECT_EQ(read("9223372036854775808", 0), "out of range");
  EXPECT_EQ(read("-9223372036854775809", 0), "out of range");
  EXPECT_EQ(read("922337203685477.5808", 4), "out of range");
  EXPECT_EQ(read("1e19", 0), "out of range");
  EXPECT_EQ(read("99999999999999999999999", 0), "out of range");
  EXPECT_EQ(read("1e99999999999999999999999", 0), "out of range");
}

TEST(Decimal, OnlyJsonNumbersAreNumbers) {
  for (const char* text :
       {"", "-", "+1", "01", "00", "-01", ".5", "5.", "1e", "1e+", "1ee2", "1 ", " 1", "0x1", "NaN", "1,5", "1.2.3", "1e1.5", "--1"})
    EXPECT_EQ(read(text, 4), "not a number") << text;
}

TEST(Decimal, WritesTheShortestForm) {
  EXPECT_EQ(written(123000, 4), "12.3");
  EXPECT_EQ(written(100000, 4), "10");
  EXPECT_EQ(written(0, 4), "0");
  EXPECT_EQ(written(-1, 4), "-0.0001");
  EXPECT_EQ(written(1, 0), "1");
  EXPECT_EQ(written(smallest, 0), "-9223372036854775808");
  EXPECT_EQ(written(smallest, 9), "-9223372036.854775808");
}

TEST(Decimal, WhatIsWrittenReadsBackTheSame) {
  Random random(7);
  for (int round = 0; round < 10'000; ++round) {
    const int scale = static_cast<int>(random.below(10));
    const auto scaled = static_cast<std::int64_t>(random.below(~std::uint64_t{0}) >> random.below(64));
    const std::int64_t value = random.below(2) == 0 ? scaled : -scaled;
    ASSERT_EQ(read(written(value, scale), scale), std::to_string(value));
    ASSERT_EQ(decimal_to_double(value, scale), std::stod(written(value, scale)));
  }
}

}  // namespace
}  // namespace weir
