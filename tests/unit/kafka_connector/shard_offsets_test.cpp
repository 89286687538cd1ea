// Where a partition begins, decided from what the broker said.
#include "connectors/kafka/shard_offsets.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr ReplayReach no_history{};
constexpr ReplayReach ten_minutes{std::chrono::minutes{10}, std::chrono::minutes{1}};

OffsetFacts facts(std::int64_t low, std::int64_t high, std::int64_t committed) {
  OffsetFacts facts;
  facts.low = low;
  facts.high = high;
  facts.committed = committed;
  return facts;
}

TEST(ShardOffsets, WithoutACommitBeginWhereTheStartSays) {
  EXPECT_EQ(choose_shard_offsets(facts(5, 90, -1), KafkaStart::Kind::earliest, ten_minutes).live_from, 5);
  EXPECT_EQ(choose_shard_offsets(facts(5, 90, -1), KafkaStart::Kind::latest, ten_minutes).live_from, 90);
  OffsetFacts at = facts(5, 90, -1);
  at.start_at = 33;
  const ShardOffsets chosen = choose_shard_offsets(at, KafkaStart::Kind::timestamp, ten_minutes);
  EXPECT_EQ(chosen.live_from, 33);
  EXPECT_EQ(chosen.replay_from, 33) << "windows begin empty";
  EXPECT_EQ(chosen.origin, 33);
  at.start_at = -1;
  EXPECT_EQ(choose_shard_offsets(at, KafkaStart::Kind::timestamp, ten_minutes).live_from, 90) << "a timestamp behind the end waits there";
}

TEST(ShardOffsets, ReplayFromWhereTheTimestampLiesDownToTheOrigin) {
  OffsetFacts known = facts(5, 90, 60);
  known.metadata = CommitMetadata{1'000'000'000, 500, 10};
  known.replay_at = 40;
  EXPECT_EQ(choose_shard_offsets(known, KafkaStart::Kind::latest, ten_minutes).replay_from, 40);
  known.replay_at = 7;
  EXPECT_EQ(choose_shard_offsets(known, KafkaStart::Kind::latest, ten_minutes).replay_from, 10) << "not before the run's own beginning";
  known.replay_at = 80;
  EXPECT_EQ(choose_shard_offsets(known, KafkaStart::Kind::latest, ten_minutes).replay_from, 60) << "never beyond the commit";
  EXPECT_EQ(choose_shard_offsets(known, KafkaStart::Kind::latest, ten_minutes).live_from, 60);
}

TEST(ShardOffsets, ReplayFromTheStartOfTheLogWhereTimeCannotBeLookedUp) {
  OffsetFacts unknown = facts(5, 90, 60);
  EXPECT_EQ(choose_shard_offsets(unknown, KafkaStart::Kind::latest, ten_minutes).replay_from, 5) << "no metadata";
  unknown.metadata = CommitMetadata{1'000'000'000, 500, 2};
  EXPECT_EQ(choose_shard_offsets(unknown, KafkaStart::Kind::latest, ten_minutes).replay_from, 5) << "no answer by timestamp";
}

TEST(ShardOffsets, ReplayNothingWithoutWindowsOrBeforeTheFirstRecord) {
  OffsetFacts known = facts(5, 90, 60);
  EXPECT_EQ(choose_shard_offsets(known, KafkaStart::Kind::latest, no_history).replay_from, 60);
  known.metadata = CommitMetadata{-1, 0, 60};
  EXPECT_EQ(choose_shard_offsets(known, KafkaStart::Kind::latest, ten_minutes).replay_from, 60);
}

TEST(ShardOffsets, FailWhereTheCommitLiesOutsideOfTheLog) {
  EXPECT_TRUE(choose_shard_offsets(facts(61, 90, 60), KafkaStart::Kind::earliest, no_history).failure);
  EXPECT_TRUE(choose_shard_offsets(facts(5, 59, 60), KafkaStart::Kind::earliest, no_history).failure);
  EXPECT_FALSE(choose_shard_offsets(facts(60, 60, 60), KafkaStart::Kind::earliest, no_history).failure);
}

}  // namespace
}  // namespace weir
