// Pages that are in memory before they are needed, and what is made of them.
#include "engine/features/ready_pages.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "engine/features/growing_array.h"

namespace weir {
namespace {

TEST(ReadyPages, AreZeroAndGivenOutOnce) {
  ReadyPages& pages = ReadyPages::of_process();
  const ReadyPages::Keeper keeper;
  pages.prepare(20);
  EXPECT_GE(pages.count(), 20U);
  std::set<char*> taken;
  for (int count = 0; count < 20; ++count) {
    char* page = pages.take();
    ASSERT_NE(page, nullptr);
    EXPECT_EQ(std::count(page, page + HugeMemory::page_bytes, 0), static_cast<std::ptrdiff_t>(HugeMemory::page_bytes));
    std::fill_n(page, HugeMemory::page_bytes, 'x');
    EXPECT_TRUE(taken.insert(page).second);
  }
  for (char* page : taken) munmap(page, HugeMemory::page_bytes);
}

TEST(ReadyPages, AreThereWhileSomebodyKeepsThem) {
  ReadyPages& pages = ReadyPages::of_process();
  pages.prepare(3);
  EXPECT_EQ(pages.count(), 0U);
  EXPECT_EQ(pages.take(), nullptr);
  {
    const ReadyPages::Keeper one;
    const ReadyPages::Keeper two;
    pages.prepare(3);
    EXPECT_GE(pages.count(), 3U);
  }
  EXPECT_EQ(pages.count(), 0U);
}

TEST(ReadyPages, AreWhatAHugePageOfMemoryIsMadeOf) {
  const ReadyPages::Keeper keeper;
  ReadyPages::of_process().prepare(2);
  const auto is_in_memory = [](const HugeMemory& memory) {
    unsigned char there = 0;
    EXPECT_EQ(mincore(memory.data(), 4096, &there), 0);
    return (there & 1U) != 0;
  };
  EXPECT_TRUE(is_in_memory(HugeMemory(HugeMemory::page_bytes)));
  EXPECT_FALSE(is_in_memory(HugeMemory(2 * HugeMemory::page_bytes)));
}

TEST(ReadyPages, DestroyWhatIsLargeInAnotherThread) {
  std::thread::id destroyed_by;
  const auto note = [&destroyed_by](int* gone) {
    destroyed_by = std::this_thread::get_id();
    delete gone;
  };
  {
    const ReadyPages::Keeper keeper;
    ReadyPages::of_process().retire(std::shared_ptr<int>(new int(1), note));
  }
  EXPECT_NE(destroyed_by, std::thread::id());
  EXPECT_NE(destroyed_by, std::this_thread::get_id());
  ReadyPages::of_process().retire(std::shared_ptr<int>(new int(2), note));
  EXPECT_EQ(destroyed_by, std::this_thread::get_id());
}

// Over the addresses that it has at first, with ready pages and without.
TEST(GrowingArray, KeepsItsElementsOnReadyPagesAndOnOthers) {
  const ReadyPages::Keeper keeper;
  ReadyPages::of_process().prepare(20);
  constexpr std::size_t elements = std::size_t{80} << 17;  // 80 MB
  constexpr std::size_t step = 32'749;
  GrowingArray<std::uint64_t> array;
  for (std::size_t index = 0; index < elements; index += step) {
    array.resize(index + 1);
    ASSERT_EQ(array[index], 0U);
    array[index] = index * 3;
    ASSERT_LT(array.bytes(), index * sizeof(std::uint64_t) + 2 * HugeMemory::page_bytes);
  }
  for (std::size_t index = 0; index < elements; index += step) ASSERT_EQ(array[index], index * 3);
}

}  // namespace
}  // namespace weir
