// Sets against std::set, at every size and with copies; what a large one costs; and that reading again reads only what changed.
#include "rules/language/value_set.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "rules/language/check_rules.h"
#include "tests/unit/language/checking.h"

namespace weir {
namespace {

std::string random_text(Random& random) {
  const std::size_t size = random.chance(0.05) ? random.below(600) : random.below(9);
  std::string text;
  for (std::size_t at = 0; at < size; ++at) text += static_cast<char>('a' + random.below(3));
  return text;
}

TEST(TextSet, HoldsExactlyWhatItWasGivenInOneAndInManyQuestions) {
  for (const std::size_t entries : {0U, 1U, 2U, 11U, 12U, 13U, 100U, 1'000U, 60'000U}) {
    Random random(entries + 1);
    TextPacker packer;
    std::set<std::string> expected;
    for (std::size_t entry = 0; entry < entries; ++entry) {
      const std::string text = random_text(random) + (random.chance(0.7) ? std::to_string(random.below(entries)) : "");
      expected.insert(text);
      ASSERT_TRUE(packer.add(text));
    }
    const TextSet set = packer.finish();
    EXPECT_EQ(set.size(), expected.size());
    std::set<std::string> held;
    set.for_each([&](std::string_view text) { EXPECT_TRUE(held.emplace(text).second) << "twice: " << text; });
    EXPECT_EQ(held, expected);
    for (int round = 0; round < 200; ++round) {
      std::vector<std::string> asked(64);
      std::vector<std::string_view> views;
      for (std::string& text : asked) {
        text = random_text(random) + (random.chance(0.7) ? std::to_string(random.below(entries + 2)) : "");
        views.push_back(text);
      }
      const std::uint64_t rows = random.next() & random.next();
      const std::uint64_t found = set.contains_each(views.data(), rows);
      for (std::size_t row = 0; row < 64; ++row) {
        const bool wanted = expected.contains(asked[row]);
        EXPECT_EQ(set.contains(asked[row]), wanted);
        EXPECT_EQ((found >> row) & 1U, wanted && ((rows >> row) & 1U) != 0 ? 1U : 0U);
      }
    }
  }
}

TEST(IntegerSet, HoldsExactlyWhatItWasGivenTheEndsOfTheRangeToo) {
  constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
  for (const std::size_t entries : {0U, 1U, 7U, 8U, 9U, 1'000U, 100'000U}) {
    Random random(entries + 5);
    std::vector<std::int64_t> values;
    for (std::size_t entry = 0; entry < entries; ++entry) values.push_back(random.between(-static_cast<std::int64_t>(entries), 1'000));
    if (entries > 8) values.insert(values.end(), {lowest, highest, 0, lowest});
    const std::set<std::int64_t> expected(values.begin(), values.end());
    const IntegerSet set(values);
    EXPECT_EQ(set.size(), expected.size());
    std::set<std::int64_t> held;
    set.for_each([&](std::int64_t value) { EXPECT_TRUE(held.insert(value).second); });
    EXPECT_EQ(held, expected);
    std::vector<std::int64_t> asked(64);
    for (int round = 0; round < 200; ++round) {
      for (std::int64_t& value : asked) value = random.between(-static_cast<std::int64_t>(entries) - 5, 1'010);
      asked[3] = lowest;
      asked[4] = highest;
      const std::uint64_t rows = random.next();
      const std::uint64_t found = set.contains_each(asked.data(), rows);
      for (std::size_t row = 0; row < 64; ++row) {
        EXPECT_EQ(set.contains(asked[row]), expected.contains(asked[row]));
        EXPECT_EQ((found >> row) & 1U, expected.contains(asked[row]) && ((rows >> row) & 1U) != 0 ? 1U : 0U);
      }
    }
  }
}

TEST(ValueSet, TheDigestFollowsTheValuesNotTheirOrderOrCopies) {
  const auto text_of = [](const std::vector<std::string>& texts) {
    ValueSetBuilder set(ValueType::string, 0);
    for (const std::string& text : texts) set.add(text);
    return set.finish().canonical_text();
  };
  EXPECT_EQ(text_of({"a", "b", "c"}), text_of({"c", "a", "b", "a"}));
  EXPECT_NE(text_of({"a", "b", "c"}), text_of({"a", "b", "d"}));
  EXPECT_NE(text_of({"a", "bc"}), text_of({"ab", "c"}));
  EXPECT_NE(text_of({}), text_of({""}));
}

// A list of ten million shall cost ten bytes an entry beyond its text; here it is measured with a million.
TEST(ValueSet, AMillionEntriesCostAtMostTenBytesEachBeyondTheirText) {
  constexpr std::size_t entries = 1'000'000;
  ValueSetBuilder texts(ValueType::string, 0);
  ValueSetBuilder integers(ValueType::integer, 0);
  for (std::size_t entry = 0; entry < entries; ++entry) {
    texts.add("4" + std::to_string(100'000'000'000'000 + entry * 7'919));
    integers.add_integer(static_cast<std::int64_t>(entry) * 7'919);
  }
  const ValueSet strings = texts.finish();
  const ValueSet numbers = integers.finish();
  ASSERT_EQ(strings.size(), entries);
  ASSERT_EQ(numbers.size(), entries);
  EXPECT_LE(strings.memory_bytes() - strings.texts->text_bytes(), 10 * entries);
  EXPECT_LE(numbers.memory_bytes(), 10 * entries + 1'024);
}

class CachedLists : public testing::Test {
 protected:
  CachedLists() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-cache-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    files_ = {{"x.rules", checking::event_text + "list l of string from \"cards.txt\"\nrule r \"R\" { when card_id in @l then alert }\n"}};
  }
  ~CachedLists() override { std::filesystem::remove_all(folder_); }

  // As if it had been written an hour ago.
  void write(const std::string& text, int hours_ago = 1) {
    std::ofstream(folder_ / "cards.txt", std::ios::binary) << text;
    std::filesystem::last_write_time(folder_ / "cards.txt", std::filesystem::file_time_type::clock::now() - std::chrono::hours(hours_ago));
  }
  std::optional<CheckedRules> check() {
    CheckOptions options;
    options.base_folder = folder_.string();
    options.list_cache = &cache_;
    Diagnostics diagnostics;
    return check_rules(files_, options, diagnostics);
  }

  std::filesystem::path folder_;
  std::vector<SourceFile> files_;
  ListCache cache_;
};

TEST_F(CachedLists, AChangedFileIsReadAndTheHashOfTheRulesFollows) {
  write("a\nb\n");
  const auto first = check();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->files, (std::vector<std::string>{(folder_ / "cards.txt").string()}));
  write("a\nc\n", 2);
  const auto second = check();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->lists[0].values.sorted_texts(), (std::vector<std::string>{"a", "c"}));
  EXPECT_NE(first->canonical_text, second->canonical_text);
  write("# only a comment is new\nc\na\n", 3);
  EXPECT_EQ(check()->canonical_text, second->canonical_text);
}

TEST(ListCache, GivesTheSameSetForTheSameFileAndForgetsWhatNobodyAsksFor) {
  ListCache cache;
  ValueSetBuilder builder(ValueType::string, 0);
  builder.add("a");
  const ValueSet set = builder.finish();
  const ListCache::Key key{"cards.txt", "", ValueType::string, 0};
  FileStamp stamp{1, 2, 3, 1'000'000'000, 1'000'000'000, 9'000'000'000};
  EXPECT_FALSE(cache.find(key, stamp));
  cache.keep(key, stamp, set);
  cache.end_of_check();
  ASSERT_TRUE(cache.find(key, stamp));
  EXPECT_EQ(cache.find(key, stamp)->texts, set.texts);
  FileStamp changed = stamp;
  changed.changed_ns += 1;
  EXPECT_FALSE(cache.find(key, changed));
  EXPECT_FALSE(cache.find({"cards.txt", "id", ValueType::string, 0}, stamp));
  cache.end_of_check();
  cache.end_of_check();
  EXPECT_EQ(cache.size(), 0U);
  // Written at the moment of reading: what came after the read could have the same times.
  stamp.looked_ns = stamp.modified_ns + 1'000'000;
  cache.keep(key, stamp, set);
  EXPECT_FALSE(cache.find(key, stamp));
}

}  // namespace
}  // namespace weir
