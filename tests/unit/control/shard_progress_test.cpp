// What a shard has done lately says how far it may come while something is written.
#include "engine/control/shard_progress.h"

#include <chrono>

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;

struct Shard {
  void goes_on(std::chrono::milliseconds time, std::int64_t records) {
    for (auto passed = 0ms; passed < time; passed += 20ms) {
      now += 20ms;
      decided += records;
      progress.saw(now, decided);
    }
  }
  ShardProgress progress;
  ShardProgress::Clock::time_point now{};
  std::int64_t decided = 0;
};

TEST(ShardProgress, OfASteadyShardIsItsRate) {
  Shard shard;
  shard.goes_on(1'000ms, 100);
  EXPECT_EQ(shard.progress.most_within(200ms), 1'000);
  EXPECT_EQ(shard.progress.within_last(200ms), 1'000);
}

TEST(ShardProgress, ABurstCountsForTwoSecondsAndNotForWhatIsHappening) {
  Shard shard;
  shard.goes_on(200ms, 1'000);
  shard.goes_on(1'000ms, 1);
  EXPECT_GE(shard.progress.most_within(200ms), 9'000);
  EXPECT_EQ(shard.progress.within_last(200ms), 10);
  shard.goes_on(2'000ms, 0);
  EXPECT_EQ(shard.progress.most_within(200ms), 0);
}

TEST(ShardProgress, WhatALateLookSawCountsByTheSpansShare) {
  Shard shard;
  shard.goes_on(200ms, 100);
  shard.now += 480ms;
  shard.goes_on(20ms, 2'500);
  EXPECT_EQ(shard.progress.fastest_within(100ms), 500);
  EXPECT_EQ(shard.progress.most_within(100ms), 2'900);
}

TEST(ShardProgress, OfFewRecordsIsFew) {
  Shard shard;
  for (int record = 0; record < 10; ++record) {
    shard.goes_on(140ms, 0);
    shard.goes_on(20ms, 1);
  }
  EXPECT_LE(shard.progress.most_within(200ms), 2);
  EXPECT_LE(shard.progress.within_last(250ms), 2);
}

TEST(ShardProgress, OfAShardThatWasNeverSeenIsNothing) {
  const ShardProgress progress;
  EXPECT_EQ(progress.most_within(200ms), 0);
  EXPECT_EQ(progress.within_last(200ms), 0);
}

}  // namespace
}  // namespace weir
