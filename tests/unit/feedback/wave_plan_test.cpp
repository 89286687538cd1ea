#include "engine/feedback/wave_plan.h"

#include <algorithm>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "engine/base/random.h"

namespace weir {
namespace {

// Rows with up to two keys, given as text; empty: missing.
struct Rows {
  explicit Rows(const std::vector<std::pair<std::string, std::string>>& keys) {
    schema.fields = {{"one", ValueType::string, 0, TimestampUnit::automatic, true},
                     {"two", ValueType::string, 0, TimestampUnit::automatic, true}};
    batch.schema = &schema;
    batch.rows = keys.size();
    batch.active.assign(keys.size(), true);
    batch.columns.resize(2);
    for (Column& column : batch.columns) {
      column.type = ValueType::string;
      column.resize(keys.size());
    }
    for (std::size_t row = 0; row < keys.size(); ++row) {
      const std::string* texts[] = {&keys[row].first, &keys[row].second};
      for (std::size_t part = 0; part < 2; ++part) {
        if (texts[part]->empty()) continue;
        batch.columns[part].strings[row] = batch.arena.copy(*texts[part]);
        batch.columns[part].present.set(row);
      }
    }
  }

  // The wave of each row, from 1 on; 0: in none.
  std::vector<std::size_t> waves(bool one_by_one = false) {
    BatchKeys one({0});
    BatchKeys two({1});
    one.read(batch);
    two.read(batch);
    const std::vector<const BatchKeys*> kinds{&one, &two};
    plan.cut(batch, kinds, one_by_one);
    std::vector<std::size_t> found(batch.rows, 0);
    for (std::size_t wave = 0; wave < plan.size(); ++wave) {
      for (const RowBlock& block : plan.wave(wave)) {
        for (std::size_t bit = 0; bit < 64; ++bit) {
          if (((block.rows >> bit) & 1U) == 0) continue;
          EXPECT_EQ(found[block.block * 64 + bit], 0U);
          found[block.block * 64 + bit] = wave + 1;
        }
      }
    }
    return found;
  }

  EventSchema schema;
  EventBatch batch;
  WavePlan plan;
};

using Waves = std::vector<std::size_t>;

TEST(WavePlan, DifferentKeysShareAWave) {
  EXPECT_EQ(Rows({{"a", "x"}, {"b", "y"}, {"c", "z"}}).waves(), (Waves{1, 1, 1}));
}

TEST(WavePlan, TheNthEventOfAKeyIsInWaveN) {
  EXPECT_EQ(Rows({{"a", ""}, {"b", ""}, {"a", ""}, {"a", ""}, {"b", ""}}).waves(), (Waves{1, 1, 2, 3, 2}));
}

TEST(WavePlan, KeysOfTwoKindsCross) {
  EXPECT_EQ(Rows({{"a", "x"}, {"a", "y"}, {"b", "y"}, {"b", "x"}, {"c", "x"}}).waves(), (Waves{1, 2, 3, 4, 5}));
}

TEST(WavePlan, TheSameTextInTwoKindsIsTwoKeys) {
  EXPECT_EQ(Rows({{"a", "b"}, {"b", "a"}}).waves(), (Waves{1, 1}));
}

TEST(WavePlan, RowsWithoutAKeyWaitForNobodyAndFilteredRowsAreInNoWave) {
  Rows rows({{"a", ""}, {"", ""}, {"a", ""}, {"a", ""}});
  rows.batch.active.reset(2);
  EXPECT_EQ(rows.waves(), (Waves{1, 1, 0, 2}));
}

TEST(WavePlan, OneByOneKeepsTheOrderOfRows) {
  EXPECT_EQ(Rows({{"a", ""}, {"b", ""}, {"c", ""}}).waves(true), (Waves{1, 2, 3}));
}

TEST(WavePlan, OfRandomRowsEachIsOneBehindTheLastThatSharesAKey) {
  Random random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::pair<std::string, std::string>> keys(random.below(300) + 1);
    for (auto& [one, two] : keys) {
      one = random.chance(0.9) ? "k" + std::to_string(random.below(20)) : "";
      two = random.chance(0.5) ? "k" + std::to_string(random.below(40)) : "";
    }
    Waves wanted;
    std::map<std::string, std::size_t> last;
    for (const auto& [one, two] : keys) {
      std::size_t wave = 0;
      if (!one.empty()) wave = std::max(wave, last["1" + one]);
      if (!two.empty()) wave = std::max(wave, last["2" + two]);
      wanted.push_back(++wave);
      if (!one.empty()) last["1" + one] = wave;
      if (!two.empty()) last["2" + two] = wave;
    }
    ASSERT_EQ(Rows(keys).waves(), wanted);
  }
}

}  // namespace
}  // namespace weir
