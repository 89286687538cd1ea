#include "engine/features/count_distinct.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/random.h"

namespace weir {
namespace {

TEST(CountDistinct, AgreesWithASet) {
  Random random(1);
  for (std::size_t count = 0; count <= 130; ++count) {
    for (const std::uint64_t kinds : {1U, 2U, 7U, 40U, 1'000U}) {
      std::vector<std::uint32_t> values;
      for (std::size_t at = 0; at < count; ++at) values.push_back(static_cast<std::uint32_t>(random.below(kinds)) * 0x10001U);
      const std::size_t counted = count_distinct(values.data(), values.size());
      if (counted == no_count) GTEST_SKIP() << "this processor has no conflict detection";
      ASSERT_EQ(counted, std::set<std::uint32_t>(values.begin(), values.end()).size()) << count << " of " << kinds;
    }
  }
}

}  // namespace
}  // namespace weir
