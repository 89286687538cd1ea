// A store that goes on under another rule set: kept features answer as if nothing had happened, new ones as if the stream began there.
#include <algorithm>
#include <memory>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "engine/features/feature_store.h"
#include "tests/support/brute_force_windows.h"
#include "tests/unit/features/random_stream.h"

namespace weir {
namespace {

void swap_conditions(FeatureSpec& feature) {
  if (!feature.where) return;
  if (*feature.where == where_a)
    feature.where = where_b;
  else if (*feature.where == where_b)
    feature.where = where_a;
}

// The longest window of its key: without it, what is too late would change.
bool is_longest(const std::vector<FeatureSpec>& features, const FeatureSpec& feature) {
  return std::none_of(features.begin(), features.end(), [&](const FeatureSpec& other) {
    return other.by == feature.by &&
           (other.window_ms > feature.window_ms || (other.window_ms == feature.window_ms && other.inclusive && !feature.inclusive));
  });
}

struct Switched {
  std::vector<FeatureSpec> features;  // in the order of the second rule set
  std::vector<bool> fresh;
};

// Some features leave, the others are shuffled, new ones come, and the two derived conditions change places.
Switched second_set(const std::vector<FeatureSpec>& first, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::pair<FeatureSpec, bool>> all;
  for (const FeatureSpec& feature : first) {
    if (is_longest(first, feature) || random() % 3 != 0) all.emplace_back(feature, false);
    if (random() % 4 == 0) {
      all.emplace_back(feature, true);
      all.back().first.identity += " anew";
      all.back().first.name += "_anew";
    }
  }
  std::shuffle(all.begin(), all.end(), random);
  Switched second;
  for (auto& [feature, fresh] : all) {
    swap_conditions(feature);
    second.features.push_back(feature);
    second.fresh.push_back(fresh);
  }
  return second;
}

std::vector<FeatureIndex> all_of(const std::vector<FeatureSpec>& features) {
  std::vector<FeatureIndex> held(features.size());
  for (std::size_t index = 0; index < held.size(); ++index) held[index] = static_cast<FeatureIndex>(index);
  return held;
}

std::vector<FeatureSpec> with_identities(const std::vector<FeatureSpec>& features) {
  std::vector<FeatureSpec> named = features;
  for (std::size_t index = 0; index < named.size(); ++index) {
    named[index].name = "f" + std::to_string(index);
    named[index].identity = "identity " + std::to_string(index);
  }
  return named;
}

EventBatch swapped(EventBatch batch) {
  std::swap(batch.columns[where_a], batch.columns[where_b]);
  return batch;
}

class FeatureSwitch : public testing::TestWithParam<std::uint64_t> {};

TEST_P(FeatureSwitch, KeptFeaturesGoOnAndNewOnesBeginEmpty) {
  StreamShape shape;
  shape.features = 40;
  shape.keys = GetParam() % 2 == 0 ? 3 : 60;
  shape.step_max = GetParam() % 3 == 0 ? 1 : 3;
  const RandomStream stream(GetParam(), shape);
  std::vector<FeatureSpec> first = with_identities(with_demands(stream.features(), GetParam()));
  for (FeatureSpec& feature : first) feature.demand.emplace();  // nobody reads anything before the switch
  const std::size_t cut = stream.rows() / 2;
  Switched second = second_set(first, GetParam());
  second.features = with_demands(second.features, GetParam());
  second.fresh.resize(second.features.size(), true);

  FeatureStore store(first, all_of(first), stream.schema(), stream.derived(), stream.limits());
  FeatureColumns out;
  for (std::size_t begin = 0; begin < cut; begin += 50) store.apply(stream.batch(begin, std::min(begin + 50, cut)), out);
  std::vector<std::shared_ptr<void>> retired;
  store.switch_to(first, second.features, all_of(second.features), stream.schema(), stream.derived(), retired);

  std::vector<std::vector<std::string>> answers(second.features.size());
  for (std::size_t begin = cut; begin < stream.rows(); begin += 50) {
    const EventBatch batch = swapped(stream.batch(begin, std::min(begin + 50, stream.rows())));
    out.arena.clear();
    store.apply(batch, out);
    for (std::size_t index = 0; index < answers.size(); ++index) {
      const std::vector<std::string> texts = texts_of(out, index, batch.rows);
      answers[index].insert(answers[index].end(), texts.begin(), texts.end());
    }
  }

  const auto oracle_of = [&](std::size_t begin) {
    BruteForceWindows oracle(second.features, stream.limits().late_allowed_ms, stream.limits().distinct_values_max);
    FeatureColumns columns;
    oracle.apply(swapped(stream.batch(begin, stream.rows())), columns);
    return columns;
  };
  const FeatureColumns of_all = oracle_of(0);
  const FeatureColumns of_rest = oracle_of(cut);
  for (std::size_t index = 0; index < answers.size(); ++index) {
    std::vector<std::string> wanted =
        texts_of(second.fresh[index] ? of_rest : of_all, index, stream.rows() - (second.fresh[index] ? cut : 0));
    if (!second.fresh[index]) wanted.erase(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(cut));
    for (std::size_t row = 0; row < wanted.size(); ++row) {
      if (!is_read(second.features[index], [&](std::uint32_t count) {
            const Column& column = (second.fresh[count] ? of_rest : of_all).columns[count];
            const std::size_t at = second.fresh[count] ? row : cut + row;
            return column.present.test(at) ? &column.integers[at] : nullptr;
          }))
        continue;
      ASSERT_EQ(answers[index][row], wanted[row]) << "seed " << GetParam() << (second.fresh[index] ? ", new: " : ", kept: ")
                                                  << stream.describe(second.features[index]) << ", " << stream.describe(cut + row);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, FeatureSwitch, testing::Range(std::uint64_t{1}, std::uint64_t{25}));

TEST(FeatureSwitchBack, AFeatureThatWasAwayBeginsEmptyAndItsStateIsHandedOver) {
  StreamShape shape;
  shape.features = 6;
  const RandomStream stream(3, shape);
  const std::vector<FeatureSpec> first = with_identities(stream.features());
  FeatureStore store(first, all_of(first), stream.schema(), stream.derived(), stream.limits());
  store.apply(stream.batch(0, stream.rows()));
  EXPECT_GT(store.totals().keys, 0U);
  std::vector<std::shared_ptr<void>> retired;
  store.switch_to(first, {}, {}, stream.schema(), stream.derived(), retired);
  EXPECT_FALSE(retired.empty());
  EXPECT_EQ(store.totals().keys, 0U);
  store.switch_to({}, first, all_of(first), stream.schema(), stream.derived(), retired);
  EXPECT_EQ(store.totals().keys, 0U);
}

}  // namespace
}  // namespace weir
