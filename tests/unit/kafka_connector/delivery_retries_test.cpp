// Which failed deliveries go out again, when, and in which order.
#include "connectors/kafka/delivery_retries.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::milliseconds;
using Ids = std::vector<DeliveryId>;
const DeliveryRetries::Time start{};

TEST(DeliveryRetries, SendsWhatAnOutageStoppedTogetherAndInOrder) {
  DeliveryRetries retries(1);
  retries.failed(7, 30, DeliveryFailure::outage, start);
  retries.failed(8, 10, DeliveryFailure::outage, start);
  retries.failed(9, 20, DeliveryFailure::recreate, start + milliseconds{50});
  EXPECT_TRUE(retries.holds_back());
  EXPECT_EQ(retries.take_outage(start + milliseconds{120}), Ids{}) << "the last of them still backs off";
  EXPECT_EQ(retries.take_outage(start + milliseconds{150}), (Ids{8, 9, 7}));
  EXPECT_FALSE(retries.holds_back());
  EXPECT_FALSE(retries.empty()) << "not delivered yet";
  for (const DeliveryId id : {7U, 8U, 9U}) retries.delivered(id);
  EXPECT_TRUE(retries.empty());
}

TEST(DeliveryRetries, BacksOffTwiceAsLongEachTimeUpToTheMost) {
  DeliveryRetries retries(1);
  auto now = start;
  milliseconds expected{100};
  for (int attempt = 0; attempt < 40; ++attempt) {
    retries.failed(7, 1, DeliveryFailure::outage, now);
    EXPECT_TRUE(retries.take_outage(now + expected * 3 / 4 - milliseconds{1}).empty()) << attempt;
    EXPECT_EQ(retries.take_outage(now + expected), Ids{7}) << attempt;
    now += expected;
    expected = std::min(expected * 2, milliseconds{30'000});
  }
  EXPECT_EQ(retries.attempts_total(), 40U);
  retries.delivered(7);
  retries.failed(7, 1, DeliveryFailure::outage, now);
  EXPECT_EQ(retries.take_outage(now + milliseconds{100}), Ids{7}) << "a delivery ends the back-off";
}

TEST(DeliveryRetries, SendsRejectedOnesAloneAndHoldsNobodyBack) {
  DeliveryRetries retries(1);
  retries.failed(7, 1, DeliveryFailure::rejection, start);
  retries.failed(8, 2, DeliveryFailure::rejection, start);
  EXPECT_FALSE(retries.holds_back());
  EXPECT_FALSE(retries.take_rejected(start));
  const auto first = retries.take_rejected(start + milliseconds{100});
  ASSERT_TRUE(first);
  EXPECT_FALSE(retries.take_rejected(start + milliseconds{100})) << "one at a time";
  retries.failed(*first, 1, DeliveryFailure::rejection, start + milliseconds{100});
  const auto second = retries.take_rejected(start + milliseconds{101});
  ASSERT_TRUE(second);
  EXPECT_NE(*first, *second) << "its neighbour does not wait for the longer back-off";
  retries.delivered(*second);
  EXPECT_EQ(retries.take_rejected(start + milliseconds{300}), first);
}

}  // namespace
}  // namespace weir
