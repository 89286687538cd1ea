// The table from hashes to numbers against a map, and how little it does at once however much is in it.
#include "engine/features/slot_table.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/features/growing_array.h"
#include "engine/features/name_table.h"

namespace weir {
namespace {

std::uint32_t number_of(const SlotTable& table, std::uint32_t tag, std::uint32_t number) {
  return table.find(tag, [number](std::uint32_t each) { return each == number; }).number;
}

void add(SlotTable& table, std::uint32_t tag, std::uint32_t number) {
  table.fill(table.find(tag, [](std::uint32_t) { return false; }), tag, number);
}

TEST(SlotTable, HoldsWhatAMapHoldsWhileSlotsComeAndGo) {
  for (const SlotTable::Fill fill : {SlotTable::Fill::half, SlotTable::Fill::three_quarters}) {
    Random random(7);
    SlotTable table(fill);
    std::map<std::uint32_t, std::uint32_t> expected;  // tag by number
    std::uint32_t next = 1;
    for (int step = 0; step < 200'000; ++step) {
      if (expected.empty() || random.chance(step < 100'000 ? 0.7 : 0.45)) {
        // Few different tags, so that some share one.
        const auto tag = static_cast<std::uint32_t>(random.below(30'000) * 143'165);
        add(table, tag, next);
        expected[next++] = tag;
      } else {
        const auto gone = expected.lower_bound(static_cast<std::uint32_t>(random.below(next)));
        if (gone == expected.end()) continue;
        table.erase(table.find(gone->second, [&](std::uint32_t each) { return each == gone->first; }));
        expected.erase(gone);
      }
    }
    ASSERT_EQ(table.used(), expected.size());
    for (const auto& [number, tag] : expected) ASSERT_EQ(number_of(table, tag, number), number);
    std::set<std::uint32_t> visited;
    table.for_each([&](std::uint32_t number) { visited.insert(number); });
    EXPECT_EQ(visited.size(), expected.size());
    EXPECT_EQ(number_of(table, 5, next), 0U);
  }
}

// What no hash does by chance: all tags begin alike, or are the same.
TEST(SlotTable, OfTagsThatAreAlikeIsRightAndStaysSmall) {
  SlotTable table(SlotTable::Fill::half);
  for (std::uint32_t number = 1; number <= 10'000; ++number) add(table, number % 2 == 0 ? 77 : number & 0xfff, number);
  for (std::uint32_t number = 1; number <= 10'000; number += 501)
    EXPECT_EQ(number_of(table, number % 2 == 0 ? 77 : number & 0xfff, number), number);
  EXPECT_LT(table.bytes(), 4U << 20);
}

TEST(SlotTable, MovesNoMoreThanASegmentForANewKeyHoweverManyThereAre) {
  Random random(3);
  SlotTable table(SlotTable::Fill::three_quarters);
  std::uint64_t most = 0;
  for (std::uint32_t number = 1; number <= 300'000; ++number) {
    const std::uint64_t before = table.moved();
    add(table, static_cast<std::uint32_t>(random.next()), number);
    most = std::max(most, table.moved() - before);
  }
  EXPECT_GT(most, 0U);
  EXPECT_LE(most, SlotTable::segment_slots);
  EXPECT_LT(table.moved(), 3U * 300'000);
}

TEST(SlotTable, IsSweptBeforeItGrowsAFewSlotsForEachNewKey) {
  Random random(5);
  SlotTable table(SlotTable::Fill::three_quarters);
  std::uint64_t most_looks = 0;
  std::size_t most_held = 0;
  // Only the last 10,000 numbers are kept.
  for (std::uint32_t number = 1; number <= 300'000; ++number) {
    const auto tag = static_cast<std::uint32_t>(random.next());
    std::uint64_t looks = 0;
    table.sweep(
        tag, [](std::span<const std::uint32_t>) {},
        [&](std::uint32_t each) {
          ++looks;
          return each + 10'000 > number;
        });
    add(table, tag, number);
    most_looks = std::max(most_looks, looks);
    most_held = std::max(most_held, table.used());
  }
  EXPECT_LE(most_looks, 64U);
  EXPECT_LT(most_held, 25'000U);
  std::size_t kept = 0;
  table.for_each([&](std::uint32_t number) { kept += number > 290'000 ? 1 : 0; });
  EXPECT_EQ(kept, 10'000U);
}

TEST(NameTable, MovesNoMoreThanASegmentForANewNameAndKeepsAllTexts) {
  NameTable names;
  std::vector<NameNumber> numbers;
  std::uint64_t most = 0;
  for (int index = 0; index < 100'000; ++index) {
    const std::string text = "name " + std::to_string(index) + (index % 10 == 0 ? " that does not fit into its record" : "");
    const std::uint64_t before = names.moved();
    numbers.push_back(names.intern(text, NameTable::hash(text)));
    most = std::max(most, names.moved() - before);
  }
  EXPECT_LE(most, SlotTable::segment_slots);
  for (int index = 0; index < 100'000; index += 997) {
    const std::string text = "name " + std::to_string(index) + (index % 10 == 0 ? " that does not fit into its record" : "");
    EXPECT_EQ(names.text(numbers[static_cast<std::size_t>(index)]), text);
    EXPECT_EQ(names.find(text, NameTable::hash(text)), numbers[static_cast<std::size_t>(index)]);
  }
  // The number that was released last is the next one.
  names.release(numbers[5]);
  names.release(numbers[9]);
  EXPECT_EQ(names.intern("another", NameTable::hash("another")), numbers[9]);
  EXPECT_EQ(names.intern("one more", NameTable::hash("one more")), numbers[5]);
  EXPECT_EQ(names.names(), 100'000U);
}

TEST(GrowingArray, KeepsItsElementsAndBeginsNewOnesWithZero) {
  GrowingArray<std::uint64_t> array;
  for (std::size_t index = 0; index < 2'000'000; ++index) {
    array.resize(index + 1);
    ASSERT_EQ(array[index], 0U);
    array[index] = index * 3;
  }
  for (std::size_t index = 0; index < 2'000'000; ++index) ASSERT_EQ(array[index], index * 3);
  EXPECT_EQ(array.size(), 2'000'000U);
}

}  // namespace
}  // namespace weir
