// The pieces that stores are made of, against slow and simple ones.
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/features/distinct_counts.h"
#include "engine/features/exact_totals.h"
#include "engine/features/name_table.h"
#include "engine/features/same_bytes.h"
#include "engine/features/slab.h"
#include "engine/features/suffix_extremes.h"

namespace weir {
namespace {

TEST(Slab, BlocksInUseNeverOverlap) {
  std::mt19937_64 random(1);
  Slab slab;
  struct Held {
    BlockRef block = 0;
    std::size_t lines = 0;
    char mark = 0;
  };
  std::vector<Held> held;
  for (int step = 0; step < 20'000; ++step) {
    if (held.size() > 300 || (!held.empty() && random() % 3 == 0)) {
      std::swap(held[random() % held.size()], held.back());
      const Held& gone = held.back();
      for (std::size_t at = 0; at < gone.lines * Slab::line_bytes; at += 31)
        ASSERT_EQ(slab.at(gone.block)[at], gone.mark) << "step " << step;
      slab.free(gone.block, gone.lines);
      held.pop_back();
      continue;
    }
    const std::size_t wanted = random() % 50 == 0 ? 1 + random() % 6'000 : 1 + random() % 60;
    Held added{0, wanted, static_cast<char>(random())};
    added.block = slab.allocate(added.lines);
    ASSERT_NE(added.block, 0U);
    ASSERT_GE(added.lines, wanted);
    std::memset(slab.at(added.block), added.mark, added.lines * Slab::line_bytes);
    held.push_back(added);
  }
}

TEST(NameTable, KeepsANameAsLongAsItIsHeld) {
  std::mt19937_64 random(2);
  NameTable names;
  std::map<std::string, std::pair<NameNumber, int>> held;
  for (int step = 0; step < 50'000; ++step) {
    const std::string text(random() % 45, static_cast<char>('a' + random() % 20));
    const auto known = held.find(text);
    if (known != held.end() && random() % 2 == 0) {
      ASSERT_EQ(names.text(known->second.first), text);
      names.release(known->second.first);
      if (--known->second.second == 0) held.erase(known);
      continue;
    }
    const NameNumber name = names.intern(text, NameTable::hash(text));
    if (known != held.end()) {
      ASSERT_EQ(name, known->second.first);
    }
    held[text].first = name;
    ++held[text].second;
    ASSERT_EQ(names.names(), held.size());
  }
  for (const auto& [text, name] : held) EXPECT_EQ(names.text(name.first), text);
}

TEST(NameTable, TellsNamesOfEqualHashApart) {
  NameTable names;
  const NameNumber one = names.intern("one", 7);
  const NameNumber two = names.intern("two", 7);
  EXPECT_NE(one, two);
  names.release(one);
  EXPECT_EQ(names.intern("two", 7), two);
}

TEST(DistinctCounts, CountsValuesThatComeAndGo) {
  std::mt19937_64 random(3);
  DistinctCounts counts;
  std::map<std::uint64_t, int> expected;
  for (int step = 0; step < 100'000; ++step) {
    const std::uint64_t value = (random() % 500) << (random() % 2 == 0 ? 0 : 40);
    if (random() % 2 == 0) {
      counts.add(value);
      ++expected[value];
    } else if (const auto known = expected.find(value); known != expected.end()) {
      counts.remove(value);
      if (--known->second == 0) expected.erase(known);
    }
    ASSERT_EQ(counts.size(), expected.size());
  }
}

TEST(DistinctCounts, CountValuesWhileALargeTableMoves) {
  std::mt19937_64 random(5);
  DistinctCounts counts;
  std::map<std::uint64_t, int> expected;
  const auto value_of = [](std::uint64_t number) { return number % 3 == 0 ? number << 40 : number; };
  const auto remove = [&](std::uint64_t value) {
    const auto known = expected.find(value);
    if (known == expected.end()) return;
    counts.remove(value);
    if (--known->second == 0) expected.erase(known);
  };
  std::uint64_t next = 0;
  for (int step = 0; step < 150'000; ++step) {
    const std::uint64_t number = random() % 3 == 0 && next > 0 ? random() % next : next++;
    counts.add(value_of(number));
    ++expected[value_of(number)];
    for (std::uint64_t removed = random() % 3; removed > 0; --removed)
      remove(value_of(next - random() % std::min<std::uint64_t>(next, 40'000)));
    ASSERT_EQ(counts.size(), expected.size());
  }
  EXPECT_GT(expected.size(), 32'768U);
  while (!expected.empty()) remove(expected.begin()->first);
  EXPECT_EQ(counts.size(), 0U);
  counts.add(7);
  counts.clear();
  EXPECT_EQ(counts.size(), 0U);
  counts.add(7);
  EXPECT_EQ(counts.size(), 1U);
}

TEST(SuffixExtremes, KnowTheLargestValueBehindAnyPosition) {
  std::mt19937_64 random(4);
  SuffixExtremes extremes;
  std::vector<std::optional<std::int64_t>> values;
  std::uint64_t begin = 0;
  for (int step = 0; step < 4'000; ++step) {
    const std::uint64_t position = random() % 4 == 0 ? begin + random() % (values.size() - begin + 1) : values.size();
    const bool has_value = random() % 5 != 0;
    const std::int64_t value = static_cast<std::int64_t>(random() % 50);
    extremes.insert(position, value, has_value);
    values.insert(values.begin() + static_cast<std::ptrdiff_t>(position), has_value ? std::optional(value) : std::nullopt);
    if (values.size() - begin > 200) extremes.drop_before(begin += random() % 40);
    const std::uint64_t from = begin + random() % (values.size() - begin);
    std::optional<std::int64_t> largest;
    for (std::uint64_t at = from; at < values.size(); ++at)
      if (values[at] && (!largest || *values[at] > *largest)) largest = values[at];
    const std::optional<SuffixExtremes::Entry> found = extremes.largest_from(from);
    ASSERT_EQ(found.has_value(), largest.has_value());
    if (found) {
      ASSERT_EQ(found->value, *largest);
      ASSERT_EQ(values[found->position], largest);
    }
  }
}

TEST(ExactTotals, AreZeroAgainWhenEverythingIsRemoved) {
  std::mt19937_64 random(5);
  std::vector<std::int64_t> values;
  ExactTotals totals;
  for (int step = 0; step < 1'000; ++step) values.push_back(static_cast<std::int64_t>(random()));
  for (const std::int64_t value : values) totals.add(value);
  EXPECT_GT(totals.squares_above, 0U);
  for (const std::int64_t value : values) totals.remove(value);
  EXPECT_TRUE(totals.sum == 0 && totals.squares == 0 && totals.squares_above == 0);
}

TEST(ExactTotals, SpreadIsRoundedOnceWhateverItsSize) {
  // For two values the spread is the square of their difference.
  for (const int bits : {1, 20, 31, 40, 52, 62}) {
    const std::int64_t value = (std::int64_t{1} << bits) + 1;
    ExactTotals totals;
    totals.add(value);
    totals.add(-value);
    EXPECT_EQ(spread_of(2, totals), static_cast<double>(static_cast<UInt128>(4) * ExactTotals::square_of(value))) << bits;
    if (bits <= 31) {
      EXPECT_EQ(spread_of(2, totals), spread_of(2, std::int64_t{0}, 2 * static_cast<std::uint64_t>(ExactTotals::square_of(value))));
    }
  }
  ExactTotals many;
  for (int pair = 0; pair < 1 << 16; ++pair) {
    many.add(std::numeric_limits<std::int64_t>::min());
    many.add(0);
  }
  // n = 2^17 values, half of them -2^63: n * 2^16 * 2^126 - (2^16 * 2^63)^2 = 2^159 - 2^158.
  EXPECT_EQ(spread_of(1 << 17, many), std::ldexp(1.0, 158));
}

TEST(SameBytes, ComparesEveryByteOfEveryLength) {
  for (std::size_t size = 0; size <= 40; ++size) {
    const std::string text(size, 'x');
    EXPECT_TRUE(same_bytes(text, std::string(size, 'x')));
    EXPECT_FALSE(same_bytes(text, text + "x"));
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = 'y';
      EXPECT_FALSE(same_bytes(text, other)) << size << " " << at;
    }
  }
}

}  // namespace
}  // namespace weir
