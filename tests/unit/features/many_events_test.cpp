// One key with so many events that its ring moves on the way, and pauses after which many of them leave at once.
#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/features/card_windows.h"

namespace weir {
namespace {

constexpr std::int64_t long_ms = 100'000;
constexpr std::int64_t short_ms = 10'000;
constexpr std::int64_t late_allowed_ms = 30'000;

// Feeds payments of one card and compares some of them, and all those right behind a pause, with a walk over everything there was.
class OneCard {
 public:
  explicit OneCard(std::uint64_t seed) : random_(seed), windows_(features(), limits()) {}

  void feed(int count, int compared_after_pause) {
    for (int number = 0; number < count; ++number) {
      now_ms_ += static_cast<std::int64_t>(random_() % 4);
      CardPayment payment;
      payment.time = now_ms_ - (random_() % 1'000 == 0 ? static_cast<std::int64_t>(random_() % (long_ms + late_allowed_ms)) : 0);
      payment.amount = static_cast<std::int64_t>(random_() % 1'000'000);
      payment.merchant = "merchant with a name of some length " + std::to_string(random_() % 300);
      all_.push_back(payment);
      if (number < compared_after_pause || number % 1'000 == 0) {
        flush();
        windows_.add(payment);
        compare(payment);
        if (testing::Test::HasFailure()) return;
      } else {
        pending_.push_back(payment);
        if (pending_.size() == 250) flush();
      }
    }
    flush();
  }
  void pause(std::int64_t ms) { now_ms_ += ms; }
  std::uint64_t events() const { return windows_.store().counters().events; }

 private:
  static std::vector<FeatureSpec> features() {
    return {count_over(long_ms), count_over(short_ms), over(Aggregate::sum, amount_field, long_ms),
            over(Aggregate::max, amount_field, long_ms), over(Aggregate::distinct, merchant_field, short_ms)};
  }
  static FeatureStoreLimits limits() {
    FeatureStoreLimits limits;
    limits.late_allowed_ms = late_allowed_ms;
    return limits;
  }

  void flush() {
    windows_.add_mute(pending_);
    pending_.clear();
  }

  void compare(const CardPayment& own) {
    std::int64_t in_long = 0;
    std::int64_t in_short = 0;
    std::int64_t sum = 0;
    std::int64_t largest = 0;
    std::set<std::string> merchants;
    for (const CardPayment& each : all_) {
      if (each.time > own.time || each.time <= own.time - long_ms) continue;
      ++in_long;
      sum += *each.amount;
      largest = std::max(largest, *each.amount);
      if (each.time <= own.time - short_ms) continue;
      ++in_short;
      merchants.insert(each.merchant);
    }
    ASSERT_EQ(windows_.integer(0), in_long) << "event " << all_.size();
    ASSERT_EQ(windows_.integer(1), in_short) << "event " << all_.size();
    ASSERT_EQ(windows_.integer(2), sum) << "event " << all_.size();
    ASSERT_EQ(windows_.integer(3), largest) << "event " << all_.size();
    ASSERT_EQ(windows_.integer(4), static_cast<std::int64_t>(merchants.size())) << "event " << all_.size();
  }

  std::mt19937_64 random_;
  CardWindows windows_;
  std::vector<CardPayment> all_;
  std::vector<CardPayment> pending_;
  std::int64_t now_ms_ = 10'000'000;
};

TEST(ManyEventsOfOneKey, AreCountedWhileTheRingMoves) {
  OneCard card(1);
  card.feed(300'000, 0);
  EXPECT_GT(card.events(), 100'000U);
}

TEST(ManyEventsOfOneKey, LeaveAllWindowsAtOnceAndAreSeenByLateEvents) {
  OneCard card(2);
  card.feed(100'000, 0);
  card.pause(long_ms + 5'000);
  card.feed(2'000, 1'000);
  card.pause(long_ms - 1);
  card.feed(3'000, 500);
  card.pause(long_ms);
  card.feed(3'000, 500);
}

TEST(ManyEventsOfOneKey, AreLeftBehindByOneAfterAllWindows) {
  OneCard card(3);
  for (int pauses = 0; pauses < 3; ++pauses) {
    card.feed(40'000, 200);
    card.pause(3 * long_ms + 2 * late_allowed_ms);
    card.feed(1, 1);  // late or not
    EXPECT_EQ(card.events(), 1U);
  }
  card.feed(40'000, 200);
}

}  // namespace
}  // namespace weir
