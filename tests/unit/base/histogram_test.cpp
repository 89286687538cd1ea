#include "engine/base/histogram.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Histogram, EveryValueLiesInItsBucketWithinAThirtySecond) {
  for (std::uint64_t value = 0; value < (std::uint64_t{1} << 62); value += value / 4 + 1) {
    const std::size_t bucket = Histogram::bucket_of(value);
    ASSERT_LT(bucket, Histogram::bucket_count);
    ASSERT_GE(Histogram::upper_bound(bucket), value);
    if (bucket > 0) {
      ASSERT_LT(Histogram::upper_bound(bucket - 1), value);
    }
    ASSERT_LE(Histogram::upper_bound(bucket) - value, value / 32);
  }
}

TEST(Histogram, PercentilesOfKnownValues) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 1000; ++value) histogram.record(value);
  std::array<std::uint64_t, Histogram::bucket_count> counts{};
  histogram.add_to(counts);
  EXPECT_NEAR(static_cast<double>(Histogram::percentile(counts, 0.5)), 500, 500 / 31.0);
  EXPECT_NEAR(static_cast<double>(Histogram::percentile(counts, 0.99)), 990, 990 / 31.0);
  EXPECT_GE(Histogram::percentile(counts, 1.0), 1000U);
}

TEST(Histogram, NothingHasNoPercentile) {
  const std::array<std::uint64_t, Histogram::bucket_count> counts{};
  EXPECT_EQ(Histogram::percentile(counts, 0.99), 0U);
}

}  // namespace
}  // namespace weir
