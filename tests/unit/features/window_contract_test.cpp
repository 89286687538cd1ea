// The sentences of the window contract (engine/features/README.md), one example each.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/unit/features/card_windows.h"

namespace weir {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t day_ms = 86'400'000;

TEST(WindowContract, AnEventExactlyAWindowOlderIsOutAndOneMillisecondYoungerIsIn) {
  CardWindows windows({count_over(minute_ms)});
  windows.add({.time = 0}).add({.time = 1}).add({.time = minute_ms});
  EXPECT_EQ(windows.integer(), 2);
}

TEST(WindowContract, InclusiveClosesTheLowerEnd) {
  FeatureSpec closed = count_over(minute_ms);
  closed.inclusive = true;
  CardWindows windows({closed});
  windows.add({.time = 0}).add({.time = minute_ms});
  EXPECT_EQ(windows.integer(), 2);
  EXPECT_EQ(windows.add({.time = minute_ms + 1}).integer(), 2);
}

TEST(WindowContract, TheEventItselfCountsUnlessExcluded) {
  FeatureSpec before = count_over(minute_ms);
  before.exclude_this_event = true;
  CardWindows windows({count_over(minute_ms), before});
  windows.add({.time = 5});
  EXPECT_EQ(windows.integer(0), 1);
  EXPECT_EQ(windows.integer(1), 0);
}

TEST(WindowContract, OfEventsAtOneInstantThoseThatArrivedEarlierAreIn) {
  CardWindows windows(
      {count_over(minute_ms), over(Aggregate::first, amount_field, minute_ms), over(Aggregate::last, amount_field, minute_ms)});
  windows.add({.time = 7, .amount = 1}).add({.time = 7, .amount = 2});
  EXPECT_EQ(windows.integer(0), 2);
  EXPECT_EQ(windows.integer(1), 1);
  EXPECT_EQ(windows.integer(2), 2);
}

TEST(WindowContract, ALateEventIsJudgedAsOfItsOwnTimeAndLaterEventsSeeIt) {
  CardWindows windows({count_over(minute_ms), over(Aggregate::sum, amount_field, minute_ms)});
  windows.add({.time = 1'000, .amount = 1}).add({.time = 3'000, .amount = 10}).add({.time = 2'000, .amount = 100});
  EXPECT_EQ(windows.integer(0), 2);
  EXPECT_EQ(windows.integer(1), 101);
  windows.add({.time = 4'000, .amount = 1'000});
  EXPECT_EQ(windows.integer(1), 1'111);
  EXPECT_EQ(windows.store().counters().late_events, 1U);
}

TEST(WindowContract, AnEventLaterThanTheLongestWindowAndTheAllowanceIsJudgedButNotAdded) {
  FeatureStoreLimits limits;
  limits.late_allowed_ms = 10;
  CardWindows windows({count_over(100)}, limits);
  windows.add({.time = 1'000}).add({.time = 890});
  EXPECT_EQ(windows.store().counters().too_late_events, 0U);
  EXPECT_EQ(windows.add({.time = 889}).integer(), 1);
  EXPECT_EQ(windows.store().counters().too_late_events, 1U);
  EXPECT_EQ(windows.store().counters().events, 2U);
  EXPECT_EQ(windows.add({.time = 890}).integer(), 2);
}

TEST(WindowContract, ARowIsTooLateForEachOfItsKeysByItself) {
  FeatureStoreLimits limits;
  limits.late_allowed_ms = 10;
  FeatureSpec by_merchant = count_over(100);
  by_merchant.by = {merchant_field};
  CardWindows windows({count_over(100), by_merchant}, limits);
  const std::vector<CardPayment> payments{{.time = 1'000},
                                          {.time = 889, .merchant = "m2"},
                                          {.time = 889},
                                          {.time = 889, .card = std::nullopt},
                                          {.time = 889, .card = std::nullopt, .merchant = "m3"},
                                          {.time = 900}};
  windows.add_mute(payments);
  EXPECT_EQ(windows.store().too_late_rows(), (std::vector<std::uint32_t>{1, 2, 2, 3}));  // by card, then by merchant
  windows.add({.time = 1'000});
  EXPECT_TRUE(windows.store().too_late_rows().empty());
}

TEST(WindowContract, TheLatestAdmittedEventFindsItsWholeWindow) {
  FeatureStoreLimits limits;
  limits.late_allowed_ms = 10;
  CardWindows windows({count_over(100)}, limits);
  windows.add({.time = 791}).add({.time = 850}).add({.time = 1'000});
  EXPECT_EQ(windows.add({.time = 890}).integer(), 3);
}

TEST(WindowContract, ADelayMovesTheWindowBackAndLeavesTheEventOut) {
  FeatureSpec delayed = over(Aggregate::sum, amount_field, 100);
  delayed.delay_ms = 10;
  CardWindows windows({delayed});
  EXPECT_EQ(windows.add({.time = 0, .amount = 1}).integer(), 0);
  EXPECT_EQ(windows.add({.time = 9, .amount = 10}).integer(), 0);
  EXPECT_EQ(windows.add({.time = 10, .amount = 100}).integer(), 1);
  EXPECT_EQ(windows.add({.time = 109, .amount = 1'000}).integer(), 111);
  EXPECT_EQ(windows.add({.time = 110}).integer(), 110);
  EXPECT_EQ(windows.add({.time = 19, .amount = 10'000}).integer(), 11);  // late, as of its own time
}

TEST(WindowContract, ACountWindowHoldsTheNewestEventsThatSatisfyItsCondition) {
  FeatureSpec last = over(Aggregate::sum, amount_field, day_ms);
  last.last_events = 2;
  FeatureSpec declined = last;
  declined.where = declined_field;
  FeatureSpec before = last;
  before.exclude_this_event = true;
  CardWindows windows({last, declined, before});
  const auto expect = [&](CardPayment payment, std::int64_t all, std::int64_t only_declined, std::int64_t earlier) {
    windows.add(payment);
    EXPECT_EQ(windows.integer(0), all);
    EXPECT_EQ(windows.integer(1), only_declined);
    EXPECT_EQ(windows.integer(2), earlier);
  };
  expect({.time = 1, .amount = 1, .declined = true}, 1, 1, 0);
  expect({.time = 2, .amount = 10}, 11, 1, 1);
  expect({.time = 3, .amount = 100}, 110, 1, 11);
  expect({.time = 4, .amount = 1'000, .declined = true}, 1'100, 1'001, 110);
  expect({.time = 5, .amount = 10'000, .declined = true}, 11'000, 11'000, 1'100);
  expect({.time = 2, .amount = 5}, 15, 1, 11);  // late: the one at its own instant came before it
  expect({.time = day_ms + 4, .amount = 7}, 10'007, 10'000, 10'000);
}

TEST(WindowContract, ACountWindowCountsEventsAndSkipsMissingValues) {
  FeatureSpec count = over(Aggregate::count, amount_field, day_ms);
  count.last_events = 3;
  CardWindows windows({count});
  windows.add({.time = 1, .amount = 1}).add({.time = 2, .amount = 1}).add({.time = 3, .amount = std::nullopt});
  EXPECT_EQ(windows.integer(), 2);
  EXPECT_EQ(windows.add({.time = 4, .amount = std::nullopt}).integer(), 1);
}

TEST(WindowContract, AKeyWithCountWindowsKeepsTheirEventsAndNoMore) {
  FeatureStoreLimits limits;
  limits.late_allowed_ms = 10;
  FeatureSpec last = count_over(day_ms);
  last.last_events = 3;
  CardWindows windows({last}, limits);
  for (std::int64_t time = 0; time < 1'000; time += 100) windows.add({.time = time});
  EXPECT_EQ(windows.store().counters().events, 4U);  // three settled ones, and the newest
  windows.add({.time = 890});
  EXPECT_EQ(windows.integer(), 3);
  EXPECT_EQ(windows.store().counters().too_late_events, 0U);
  windows.add({.time = 889});
  EXPECT_EQ(windows.store().counters().too_late_events, 1U);
  EXPECT_EQ(windows.store().history_reach_ms(), day_ms + 10);
}

TEST(WindowContract, APercentileLiesBetweenTwoValuesInProportion) {
  std::vector<FeatureSpec> features;
  for (const std::uint32_t parts : {0U, 5'000U, 9'500U, 10'000U}) {
    features.push_back(over(Aggregate::percentile, amount_field, minute_ms, ValueType::floating));
    features.back().percentile_parts = parts;
  }
  CardWindows windows(features);
  windows.add({.time = 1, .amount = 7});
  for (std::size_t feature = 0; feature < 4; ++feature) EXPECT_EQ(windows.number(feature), 7.0);
  windows.add({.time = 2, .amount = 1}).add({.time = 3, .amount = 3}).add({.time = 4, .amount = 2});
  EXPECT_EQ(windows.number(0), 1.0);
  EXPECT_EQ(windows.number(1), 2.5);
  EXPECT_EQ(windows.number(2), 6.4);  // rank 2.85: from 3 on 17/20 of the way to 7
  EXPECT_EQ(windows.number(3), 7.0);
  EXPECT_EQ(windows.add({.time = 200'000, .amount = std::nullopt}).number(1), std::nullopt);
}

TEST(WindowContract, TheModeIsTheMostFrequentValueAndTheSmallestOfSeveral) {
  CardWindows windows({over(Aggregate::mode, amount_field, minute_ms)});
  EXPECT_EQ(windows.add({.time = 1, .amount = 9}).integer(), 9);
  EXPECT_EQ(windows.add({.time = 2, .amount = -3}).integer(), -3);
  EXPECT_EQ(windows.add({.time = 3, .amount = 9}).integer(), 9);
  EXPECT_EQ(windows.add({.time = 4, .amount = -3}).integer(), -3);
  EXPECT_EQ(windows.add({.time = 200'000, .amount = std::nullopt}).integer(), std::nullopt);
}

TEST(WindowContract, MissingValuesAreSkippedAndCountCountsEvents) {
  CardWindows windows({count_over(minute_ms), over(Aggregate::count, amount_field, minute_ms),
                       over(Aggregate::avg, amount_field, minute_ms, ValueType::floating),
                       over(Aggregate::stddev, amount_field, minute_ms, ValueType::floating)});
  windows.add({.time = 1, .amount = std::nullopt});
  EXPECT_EQ(windows.integer(0), 1);
  EXPECT_EQ(windows.integer(1), 0);
  EXPECT_EQ(windows.number(2), std::nullopt);
  windows.add({.time = 2, .amount = 3});
  EXPECT_EQ(windows.integer(0), 2);
  EXPECT_EQ(windows.number(2), 3.0);
  EXPECT_EQ(windows.number(3), std::nullopt);
  EXPECT_EQ(windows.add({.time = 3, .amount = 5}).number(3), std::sqrt(2.0));
}

TEST(WindowContract, WhereIsJudgedWhenTheEventIsAdded) {
  FeatureSpec declined = count_over(minute_ms);
  declined.where = declined_field;
  CardWindows windows({declined});
  windows.add({.time = 1, .declined = true}).add({.time = 2});
  EXPECT_EQ(windows.integer(), 1);
}

TEST(WindowContract, AKeyWithAMissingPartHasNoFeaturesAndAddsNothing) {
  CardWindows windows({count_over(minute_ms)});
  EXPECT_EQ(windows.add({.time = 1, .card = std::nullopt}).integer(), std::nullopt);
  EXPECT_EQ(windows.store().counters().keys, 0U);
  EXPECT_EQ(windows.store().counters().missing_keys, 1U);
  EXPECT_EQ(windows.add({.time = 2, .card = ""}).integer(), 1);
}

TEST(WindowContract, ASumThatDoesNotFitIsMissingAndCountedUntilItFitsAgain) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CardWindows windows({over(Aggregate::sum, amount_field, 10), over(Aggregate::avg, amount_field, 10, ValueType::floating)});
  windows.add({.time = 0, .amount = most}).add({.time = 5, .amount = most});
  EXPECT_EQ(windows.integer(0), std::nullopt);
  EXPECT_EQ(windows.number(1), static_cast<double>(most));
  EXPECT_EQ(windows.store().counters().out_of_range, 1U);
  EXPECT_EQ(windows.add({.time = 12, .amount = -1}).integer(0), most - 1);
}

TEST(WindowContract, DeviationsOfTheLargestAndSmallestIntegersAreExact) {
  CardWindows windows({over(Aggregate::stddev, amount_field, day_ms, ValueType::floating), over(Aggregate::max, amount_field, day_ms),
                       over(Aggregate::min, amount_field, day_ms)});
  for (std::int64_t pair = 1; pair <= 150; ++pair) {
    windows.add({.time = pair, .amount = std::numeric_limits<std::int64_t>::max()});
    windows.add({.time = pair, .amount = std::numeric_limits<std::int64_t>::min()});
    // n values at -a and n at +a around their mean: the variance is a * a * 2n / (2n - 1), with a = 2^63 - 0.5.
    const double n = static_cast<double>(2 * pair);
    EXPECT_DOUBLE_EQ(windows.number(0).value(), std::sqrt(n / (n - 1)) * 0x1p63);
  }
  EXPECT_EQ(windows.integer(1), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(windows.integer(2), std::numeric_limits<std::int64_t>::min());
}

TEST(WindowContract, DeviationsAreExactWhereSquaresOfAFullScanGrowBeyond64Bits) {
  CardWindows windows({over(Aggregate::stddev, amount_field, day_ms, ValueType::floating)});
  for (const int bits : {28, 29, 30, 31}) {
    for (std::int64_t pair = 1; pair <= 60; ++pair) {
      const std::int64_t time = bits * 10 * day_ms + pair;
      windows.add({.time = time, .amount = (std::int64_t{1} << bits) - 1});
      windows.add({.time = time, .amount = (std::int64_t{1} << bits) - 3});
      const double n = static_cast<double>(2 * pair);
      EXPECT_EQ(windows.number(0).value(), std::sqrt(n * n / (n * (n - 1)))) << bits << " bits, " << n << " values";
    }
  }
}

TEST(WindowContract, DistinctIsCutToItsBoundAndSaysSo) {
  FeatureStoreLimits limits;
  limits.distinct_values_max = 3;
  CardWindows windows({over(Aggregate::distinct, merchant_field, 100)}, limits);
  for (std::int64_t time = 0; time < 5; ++time) windows.add({.time = time, .merchant = "m" + std::to_string(time)});
  EXPECT_EQ(windows.integer(), 3);
  EXPECT_EQ(windows.store().counters().distinct_bound_reached, 2U);
  EXPECT_EQ(windows.add({.time = 103, .merchant = "m4"}).integer(), 1);
}

TEST(WindowContract, GapsOfAnyLengthEmptyTheWindows) {
  CardWindows windows({count_over(minute_ms)});
  for (const std::int64_t time : {std::numeric_limits<std::int64_t>::min() + 1, std::int64_t{-5}, std::int64_t{1} << 32,
                                  (std::int64_t{1} << 33) + 7, std::numeric_limits<std::int64_t>::max() - 1})
    EXPECT_EQ(windows.add({.time = time}).integer(), 1) << time;
  EXPECT_EQ(windows.add({.time = std::numeric_limits<std::int64_t>::min() + 1}).integer(), 1);
  EXPECT_EQ(windows.store().counters().too_late_events, 1U);
}

TEST(WindowContract, KeysAreComparedByAllTheirBytes) {
  CardWindows windows({count_over(minute_ms)});
  const std::string long_key(5'000, 'k');
  for (const std::string& card : {std::string(), std::string(1, '\0'), std::string(2, '\0'), std::string("card"), std::string("Card"),
                                  long_key, long_key + "k", std::string(100'000, 'x')}) {
    EXPECT_EQ(windows.add({.time = 1, .card = card}).integer(), 1);
    EXPECT_EQ(windows.add({.time = 1, .card = card}).integer(), 2);
  }
}

}  // namespace
}  // namespace weir
