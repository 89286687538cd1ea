#include "engine/features/ring_vectors.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/random.h"

namespace weir {
namespace {

std::vector<std::int64_t> some_values(Random& random, std::size_t count, std::uint64_t below) {
  std::vector<std::int64_t> values;
  for (std::size_t at = 0; at < count; ++at)
    values.push_back(static_cast<std::int64_t>(random.below(below)) - static_cast<std::int64_t>(random.below(below)));
  return values;
}

TEST(StretchTotals, AStretchIsTheSumOfItsValues) {
  Random random(1);
  for (std::size_t count = 0; count <= 130; ++count) {
    for (const std::uint64_t below : {std::uint64_t{2}, std::uint64_t{1'000'000}, std::uint64_t{1} << 27}) {
      const std::vector<std::int64_t> values = some_values(random, count, below);
      StretchTotals at_once;
      StretchTotals one_by_one;
      at_once.add(17);
      one_by_one.add(17);
      at_once.add(values.data(), values.size());
      for (const std::int64_t value : values) one_by_one.add(value);
      ASSERT_TRUE(at_once.are_plain());
      ASSERT_TRUE(one_by_one.are_plain());
      ASSERT_EQ(at_once.sum, one_by_one.sum);
      ASSERT_EQ(at_once.squares, one_by_one.squares);
      ASSERT_EQ(at_once.min, one_by_one.min);
      ASSERT_EQ(at_once.max, one_by_one.max);
    }
  }
}

TEST(StretchTotals, SayWhenAValueIsTooLargeToBeSquaredAndKeepTheExtremes) {
  Random random(2);
  for (const std::int64_t large : {std::int64_t{1} << 28, -(std::int64_t{1} << 28) - 1, std::numeric_limits<std::int64_t>::max(),
                                   std::numeric_limits<std::int64_t>::min()}) {
    for (std::size_t place = 0; place < 40; ++place) {
      std::vector<std::int64_t> values = some_values(random, 40, 1'000);
      values[place] = large;
      StretchTotals totals;
      totals.add(values.data(), values.size());
      ASSERT_FALSE(totals.are_plain()) << large << " at " << place;
      ASSERT_EQ(totals.min, *std::min_element(values.begin(), values.end()));
      ASSERT_EQ(totals.max, *std::max_element(values.begin(), values.end()));
    }
  }
}

TEST(CountYounger, CountsWhatIsInsideOfEachOfFourWindowsWhereverTheClockWrapsAround) {
  Random random(3);
  const std::uint32_t reaches[4] = {60, 300, 3'600, 86'400};
  for (std::size_t count = 0; count <= 130; ++count) {
    const std::uint32_t now = static_cast<std::uint32_t>(random.below(200'000)) - 100'000;
    std::vector<std::uint32_t> ages;
    for (std::size_t at = 0; at < count; ++at) ages.push_back(static_cast<std::uint32_t>(random.below(at % 3 == 0 ? 100 : 172'800)));
    std::sort(ages.rbegin(), ages.rend());
    std::vector<std::uint32_t> times;
    for (const std::uint32_t age : ages) times.push_back(now - age);
    std::uint32_t younger[4] = {};
    std::uint32_t by_vectors[4] = {};
    count_younger(times.data(), times.size(), now, reaches, younger);
    const bool has_vectors = count_younger_by_vectors(times.data(), times.size(), now, reaches, by_vectors);
    for (std::size_t at = 0; at < 4; ++at) {
      const auto expected = std::count_if(ages.begin(), ages.end(), [&](std::uint32_t age) { return age < reaches[at]; });
      ASSERT_EQ(younger[at], static_cast<std::uint32_t>(expected)) << count << " entries, window " << at;
      ASSERT_TRUE(!has_vectors || by_vectors[at] == younger[at]) << count << " entries, window " << at;
    }
  }
}

}  // namespace
}  // namespace weir
