// Every answer of a store against the brute-force oracle, on streams made of edges.
#include <gtest/gtest.h>

#include "engine/features/feature_store.h"
#include "tests/support/brute_force_windows.h"
#include "tests/unit/features/random_stream.h"

namespace weir {
namespace {

std::vector<std::vector<std::string>> answers_of_store(const RandomStream& stream, const std::vector<FeatureSpec>& features,
                                                       std::size_t batch_rows) {
  std::vector<FeatureIndex> held(features.size());
  for (std::size_t index = 0; index < held.size(); ++index) held[index] = static_cast<FeatureIndex>(index);
  FeatureStore store(features, held, stream.schema(), stream.derived(), stream.limits());
  std::vector<std::vector<std::string>> answers(held.size());
  FeatureColumns out;
  for (std::size_t begin = 0; begin < stream.rows(); begin += batch_rows) {
    const EventBatch batch = stream.batch(begin, std::min(begin + batch_rows, stream.rows()));
    out.arena.clear();
    store.apply(batch, out);
    for (const FeatureIndex index : held) {
      const std::vector<std::string> texts = texts_of(out, index, batch.rows);
      answers[index].insert(answers[index].end(), texts.begin(), texts.end());
    }
  }
  return answers;
}

// Of values that are not read, only whether they are there; of sums not even that, since it takes the sum to know.
void compare_with_oracle(std::uint64_t seed, const StreamShape& shape, bool demanding = false) {
  const RandomStream stream(seed, shape);
  const std::vector<FeatureSpec> features = demanding ? with_demands(stream.features(), seed) : stream.features();
  BruteForceWindows oracle(features, stream.limits().late_allowed_ms, stream.limits().distinct_values_max);
  FeatureColumns expected;
  oracle.apply(stream.batch(0, stream.rows()), expected);
  for (const std::size_t batch_rows : {std::size_t{1}, std::size_t{7}, std::size_t{256}}) {
    const std::vector<std::vector<std::string>> answers = answers_of_store(stream, features, batch_rows);
    for (std::size_t index = 0; index < features.size(); ++index) {
      const std::vector<std::string> wanted = texts_of(expected, index, stream.rows());
      for (std::size_t row = 0; row < stream.rows(); ++row) {
        const bool only_presence = !is_read(features[index], [&](std::uint32_t count) {
          const Column& column = expected.columns[count];
          return column.present.test(row) ? &column.integers[row] : nullptr;
        });
        if (only_presence && (features[index].aggregate == Aggregate::sum || (answers[index][row] == "-") == (wanted[row] == "-")))
          continue;
        ASSERT_EQ(answers[index][row], wanted[row])
            << "seed " << seed << ", batches of " << batch_rows << ": " << stream.describe(features[index]) << ", " << stream.describe(row);
      }
    }
  }
}

class AgainstOracle : public testing::TestWithParam<std::uint64_t> {};

TEST_P(AgainstOracle, FewKeysWithTiesLateEventsAndGaps) {
  compare_with_oracle(GetParam(), {});
}

TEST_P(AgainstOracle, ManyKeysComeAndGo) {
  StreamShape shape;
  shape.keys = 400;
  shape.step_max = 1;
  compare_with_oracle(GetParam() + 1000, shape);
}

TEST_P(AgainstOracle, HotKeysWithManyEventsAtOnce) {
  StreamShape shape;
  shape.keys = 2;
  shape.step_max = 1;
  shape.gap_share = 0.002;
  shape.late_share = 0.3;
  compare_with_oracle(GetParam() + 2000, shape);
}

TEST_P(AgainstOracle, WindowsOfMonths) {
  StreamShape shape;
  shape.unit_ms = 86'400'000;
  compare_with_oracle(GetParam() + 3000, shape);
}

TEST_P(AgainstOracle, WindowsWhoseReachJustFitsInto32Bits) {
  StreamShape shape;
  shape.unit_ms = 6'000'000;
  compare_with_oracle(GetParam() + 4000, shape);
}

TEST_P(AgainstOracle, LargeValues) {
  StreamShape shape;
  shape.keys = 3;
  shape.value_max = std::int64_t{1} << 45;
  compare_with_oracle(GetParam() + 5000, shape);
}

TEST_P(AgainstOracle, DelayedCountedAndOrderedWindows) {
  StreamShape shape;
  shape.span_share = 0.7;
  shape.features = 20;
  compare_with_oracle(GetParam() + 6000, shape);
}

TEST_P(AgainstOracle, DelayedCountedAndOrderedWindowsOfHotKeys) {
  StreamShape shape;
  shape.keys = 2;
  shape.step_max = 1;
  shape.gap_share = 0.003;
  shape.late_share = 0.3;
  shape.span_share = 0.8;
  shape.features = 20;
  compare_with_oracle(GetParam() + 7000, shape);
}

TEST_P(AgainstOracle, CountWindowsAlone) {
  StreamShape shape;
  shape.keys = 3;
  shape.span_share = 1;
  shape.features = 4;
  shape.late_share = 0.4;
  shape.late_allowed_ms = 60;
  compare_with_oracle(GetParam() + 8000, shape);
}

TEST_P(AgainstOracle, CountWindowsOfMonths) {
  StreamShape shape;
  shape.unit_ms = 86'400'000;
  shape.span_share = 0.7;
  shape.features = 20;
  compare_with_oracle(GetParam() + 9000, shape);
}

TEST_P(AgainstOracle, OrdersOfLargeValues) {
  StreamShape shape;
  shape.keys = 3;
  shape.span_share = 0.8;
  shape.features = 20;
  shape.value_max = std::int64_t{1} << 60;
  compare_with_oracle(GetParam() + 10'000, shape);
}

TEST_P(AgainstOracle, SeveralEventTypesOfWhichSomeOnlyAsk) {
  StreamShape shape;
  shape.several_types = true;
  shape.span_share = 0.3;
  compare_with_oracle(GetParam() + 11'000, shape);
}

TEST_P(AgainstOracle, HotKeysThatAreAskedInBetween) {
  StreamShape shape;
  shape.several_types = true;
  shape.span_share = 0.3;
  shape.keys = 2;
  shape.step_max = 1;
  shape.gap_share = 0.002;
  shape.late_share = 0.3;
  shape.events = 3000;
  compare_with_oracle(GetParam() + 12'000, shape);
}

TEST_P(AgainstOracle, SeveralEventTypesWithWindowsThatJustFitInto32Bits) {
  StreamShape shape;
  shape.several_types = true;
  shape.span_share = 0.3;
  shape.unit_ms = 6'000'000;
  compare_with_oracle(GetParam() + 13'000, shape);
}

TEST_P(AgainstOracle, ValuesThatAreReadWhereCountsAreHigh) {
  compare_with_oracle(GetParam() + 14'000, {}, true);
}

TEST_P(AgainstOracle, ValuesOfHotKeysThatAreReadWhereCountsAreHigh) {
  StreamShape shape;
  shape.keys = 2;
  shape.step_max = 1;
  shape.gap_share = 0.002;
  shape.late_share = 0.3;
  compare_with_oracle(GetParam() + 15'000, shape, true);
}

TEST_P(AgainstOracle, ValuesOfSeveralEventTypesThatAreReadWhereCountsAreHigh) {
  StreamShape shape;
  shape.several_types = true;
  shape.span_share = 0.3;
  shape.keys = 3;
  compare_with_oracle(GetParam() + 16'000, shape, true);
}

INSTANTIATE_TEST_SUITE_P(Seeds, AgainstOracle, testing::Range(std::uint64_t{1}, std::uint64_t{9}));

}  // namespace
}  // namespace weir
