#include "engine/pipeline/ack_ring.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(AckRing, StandsAtTheLiveOffsetBeforeAnythingIsAcknowledged) {
  AckRing ring(42);
  EXPECT_EQ(ring.next_offset(), 42);
  EXPECT_FALSE(ring.advance());
  EXPECT_EQ(ring.timestamp_ms(), -1);
}

TEST(AckRing, KeepsOffsetWhileAnEarlierRecordIsUnacknowledged) {
  AckRing ring(10);
  ring.add(10, 100, 1);
  ring.add(11, 101, 2);
  ring.acknowledge(1);
  ring.acknowledge(1);
  EXPECT_FALSE(ring.advance());
  EXPECT_EQ(ring.next_offset(), 10);
  ring.acknowledge(0);
  EXPECT_TRUE(ring.advance());
  EXPECT_EQ(ring.next_offset(), 12);
  EXPECT_EQ(ring.in_flight(), 0U);
  EXPECT_EQ(ring.timestamp_ms(), 101);
}

TEST(AckRing, WaitsForEveryOutputOfARecord) {
  AckRing ring(0);
  ring.add(0, -1, 3);
  ring.acknowledge(0);
  ring.acknowledge(0);
  EXPECT_FALSE(ring.advance());
  ring.acknowledge(0);
  EXPECT_TRUE(ring.advance());
}

TEST(AckRing, PassesRecordsWithoutOutputsAndGapsInOffsets) {
  AckRing ring(0);
  ring.add(5, 7, 0);
  ring.add(9, 6, 0);
  EXPECT_TRUE(ring.advance());
  EXPECT_EQ(ring.next_offset(), 10);
  EXPECT_EQ(ring.timestamp_ms(), 7);
}

TEST(AckRing, GrowsWithoutLosingWhatIsPending) {
  AckRing ring(0, 4);
  for (std::int64_t offset = 0; offset < 3; ++offset) ring.add(offset, offset, 0);
  EXPECT_TRUE(ring.advance());
  for (std::int64_t offset = 3; offset < 100; ++offset) ring.add(offset, offset, 1);
  for (std::uint64_t sequence = 99; sequence > 3; --sequence) ring.acknowledge(sequence);
  EXPECT_FALSE(ring.advance());
  EXPECT_EQ(ring.next_offset(), 3);
  ring.acknowledge(3);
  EXPECT_TRUE(ring.advance());
  EXPECT_EQ(ring.next_offset(), 100);
}

TEST(AckRingDeathTest, ASecondAcknowledgementOfOneOutputIsABrokenInvariant) {
  AckRing ring(0);
  ring.add(0, 0, 1);
  ring.acknowledge(0);
  EXPECT_DEATH(ring.acknowledge(0), "pending > 0");
}

}  // namespace
}  // namespace weir
