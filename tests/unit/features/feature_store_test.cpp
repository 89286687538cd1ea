// Stores as a whole: memory, replay, limits, several of them over one batch.
#include "engine/features/feature_store.h"

#include <array>

#include <gtest/gtest.h>

#include "engine/features/window_scan.h"
#include "tests/unit/features/card_windows.h"
#include "tests/unit/features/random_stream.h"

namespace weir {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

std::vector<FeatureSpec> four_windows() {
  std::vector<FeatureSpec> features;
  for (const std::int64_t window_ms : {std::int64_t{60'000}, std::int64_t{300'000}, std::int64_t{3'600'000}, day_ms}) {
    features.push_back(count_over(window_ms));
    for (const Aggregate aggregate : {Aggregate::sum, Aggregate::max}) features.push_back(over(aggregate, amount_field, window_ms));
    for (const Aggregate aggregate : {Aggregate::avg, Aggregate::stddev})
      features.push_back(over(aggregate, amount_field, window_ms, ValueType::floating));
  }
  features.push_back(over(Aggregate::distinct, merchant_field, day_ms));
  return features;
}

TEST(FeatureStore, ACardWithFourWindowsAnd32EventsTakesAtMost700Bytes) {
  CardWindows windows(four_windows());
  constexpr int cards = 40'000;
  for (int event = 0; event < 32; ++event) {
    std::vector<CardPayment> payments;
    for (int card = 0; card < cards; ++card)
      payments.push_back(
          {.time = event * 600'000 + card, .card = "c" + std::to_string(1'000'000 + card), .merchant = "m" + std::to_string(card % 500)});
    windows.add_mute(payments);
  }
  const FeatureStoreCounters counters = windows.store().counters();
  EXPECT_EQ(counters.keys, std::uint64_t{cards});
  EXPECT_EQ(counters.events, std::uint64_t{cards} * 32);
  EXPECT_LE(counters.bytes / counters.keys, 700U);
  RecordProperty("bytes_a_card", static_cast<int>(counters.bytes / counters.keys));
}

TEST(FeatureStore, AMuteReplayLeavesTheSameState) {
  const RandomStream stream(77, {});
  const std::vector<FeatureIndex> held = stream.all_features();
  FeatureStore live(stream.features(), held, stream.schema(), stream.derived(), stream.limits());
  FeatureStore replayed(stream.features(), held, stream.schema(), stream.derived(), stream.limits());
  const EventBatch first = stream.batch(0, 900);
  const EventBatch second = stream.batch(900, stream.rows());
  FeatureColumns answers;
  FeatureColumns after_replay;
  live.apply(first, answers);
  answers.arena.clear();
  live.apply(second, answers);
  replayed.apply(first);
  replayed.apply(second, after_replay);
  for (const FeatureIndex index : held) EXPECT_EQ(texts_of(answers, index, second.rows), texts_of(after_replay, index, second.rows));
}

TEST(FeatureStore, TwoStoresFillOneSetOfColumns) {
  const RandomStream stream(78, {});
  std::array<std::vector<FeatureIndex>, 2> parts;
  for (const FeatureIndex index : stream.all_features()) parts[index % 2].push_back(index);
  FeatureStore whole(stream.features(), stream.all_features(), stream.schema(), stream.derived(), stream.limits());
  FeatureStore even(stream.features(), parts[0], stream.schema(), stream.derived(), stream.limits());
  FeatureStore odd(stream.features(), parts[1], stream.schema(), stream.derived(), stream.limits());
  const EventBatch batch = stream.batch(0, stream.rows());
  FeatureColumns together;
  FeatureColumns apart;
  whole.apply(batch, together);
  even.apply(batch, apart);
  odd.apply(batch, apart);
  for (const FeatureIndex index : stream.all_features())
    EXPECT_EQ(texts_of(together, index, batch.rows), texts_of(apart, index, batch.rows));
}

TEST(FeatureStore, AHistoryAsLongAsItsReachRebuildsTheState) {
  CardWindows windows({count_over(1'000), count_over(60'000)});
  EXPECT_EQ(windows.store().history_reach_ms(), 2 * 60'000 + FeatureStoreLimits{}.late_allowed_ms);
}

// A stream of count windows and delays, stopped at some row and begun again from as far back as the store says.
TEST(FeatureStore, AReplayOfItsReachLeavesTheStateOfARunThatNeverStopped) {
  for (const std::size_t keys : {std::size_t{2}, std::size_t{30}}) {
    StreamShape shape;
    shape.keys = keys;
    shape.events = 6'000;
    shape.span_share = 0.6;
    shape.features = 20;
    const RandomStream stream(keys, shape);
    const std::vector<FeatureIndex> held = stream.all_features();
    FeatureStore whole(stream.features(), held, stream.schema(), stream.derived(), stream.limits());
    FeatureStore restarted(stream.features(), held, stream.schema(), stream.derived(), stream.limits());
    const EventBatch all = stream.batch(0, stream.rows());
    constexpr std::int64_t lag_max = 600;
    const std::size_t cut = 4'500;
    const std::int64_t from = all.time().integers[cut] - lag_max - whole.history_reach_ms();
    std::size_t begin = 0;
    while (all.time().integers[begin] + lag_max < from) ++begin;
    ASSERT_GT(begin, 500U) << "too short a stream to show anything";
    whole.apply(stream.batch(0, cut));
    restarted.apply(stream.batch(begin, cut));
    const EventBatch rest = stream.batch(cut, stream.rows());
    FeatureColumns expected;
    FeatureColumns answers;
    whole.apply(rest, expected);
    restarted.apply(rest, answers);
    for (const FeatureIndex index : held) EXPECT_EQ(texts_of(expected, index, rest.rows), texts_of(answers, index, rest.rows)) << index;
  }
}

TEST(FeatureStore, AHotKeyCoolsDownAndGivesItsMemoryBack) {
  CardWindows windows({over(Aggregate::distinct, merchant_field, 1'000), over(Aggregate::max, amount_field, 1'000)});
  std::vector<CardPayment> burst;
  for (std::int64_t event = 0; event < 20'000; ++event)
    burst.push_back({.time = event / 100, .merchant = std::to_string(event), .amount = event % 77});
  windows.add_mute(burst);
  const std::uint64_t hot_bytes = windows.store().counters().bytes;
  EXPECT_EQ(windows.add({.time = 400, .merchant = "19999"}).integer(0), 20'000);
  EXPECT_EQ(windows.add({.time = 900'000}).integer(0), 1);
  EXPECT_EQ(windows.store().counters().events, 1U);
  EXPECT_LT(windows.store().counters().bytes, hot_bytes);
}

TEST(FeatureStore, TheOldestEventsOfAKeyAreDroppedAtTheBound) {
  FeatureStoreLimits limits;
  limits.events_a_key_max = 500;
  CardWindows windows({count_over(day_ms), over(Aggregate::sum, amount_field, day_ms), over(Aggregate::max, amount_field, day_ms),
                       over(Aggregate::distinct, merchant_field, day_ms)},
                      limits);
  const auto payment = [](std::int64_t event) {
    return CardPayment{.time = event, .merchant = std::to_string(event), .amount = 800 - event};
  };
  for (std::int64_t event = 0; event < 780; ++event) windows.add(payment(event));
  for (std::int64_t event = 780; event < 800; ++event) windows.add_mute({payment(event)});
  EXPECT_EQ(windows.store().counters().events, 500U);
  EXPECT_EQ(windows.store().counters().events_bound_reached, 300U);
  EXPECT_EQ(windows.add({.time = 800, .amount = 0}).integer(0), 501);
  EXPECT_EQ(windows.integer(1), 500 * 501 / 2);
  EXPECT_EQ(windows.integer(2), 500);
  EXPECT_EQ(windows.integer(3), 501);
}

TEST(FeatureStore, IdleKeysAreForgottenWithoutAnEffectOnAnswers) {
  CardWindows windows({count_over(1'000)}, {.late_allowed_ms = 0});
  std::int64_t time = 0;
  for (int round = 0; round < 40; ++round) {
    std::vector<CardPayment> payments;
    for (int event = 0; event < 10'000; ++event) payments.push_back({.time = ++time, .card = "once " + std::to_string(time)});
    payments.push_back({.time = std::int64_t{1} << 50, .card = "wrong clock"});
    payments.push_back({.time = time, .card = "always"});
    windows.add_mute(payments);
    EXPECT_EQ(windows.add({.time = time + 500, .card = "always"}).integer(), 2);
  }
  EXPECT_GT(windows.store().counters().keys_forgotten, 100'000U);
  EXPECT_LT(windows.store().counters().keys, 280'000U);
  EXPECT_EQ(windows.add({.time = std::int64_t{1} << 50, .card = "wrong clock"}).integer(), 41);
}

TEST(FeatureStore, AStoreWithoutFeaturesDoesNothing) {
  CardWindows windows({});
  windows.add({.time = 1});
  EXPECT_EQ(windows.store().history_reach_ms(), 0);
  EXPECT_EQ(windows.store().counters().keys, 0U);
}

TEST(FeatureStore, TheStreamsOfHotKeysReachBeyondWhatIsScanned) {
  StreamShape shape;
  shape.keys = 2;
  shape.step_max = 1;
  shape.gap_share = 0.002;
  std::uint64_t events_a_key = 0;
  for (std::uint64_t seed = 2001; seed <= 2020; ++seed) {
    const RandomStream stream(seed, shape);
    FeatureStore store(stream.features(), stream.all_features(), stream.schema(), stream.derived(), stream.limits());
    for (std::size_t row = 0; row + 100 <= stream.rows(); row += 100) {
      store.apply(stream.batch(row, row + 100));
      events_a_key = std::max(events_a_key, store.counters().events / std::max<std::uint64_t>(store.counters().keys, 1));
    }
  }
  EXPECT_GT(events_a_key, WindowScan::entries_max);
}

}  // namespace
}  // namespace weir
