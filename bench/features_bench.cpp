// What the windows of FD-1C cost an event: 21 features by card, four windows each of count, sum, avg, stddev and max, and distinct
// merchants. Beside them the windows that stand apart: of a number of events, delayed, and with their values in order. The answers are
// checked against the brute-force oracle before anything is timed.
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/base/random.h"
#include "engine/base/zipf_distribution.h"
#include "engine/features/feature_store.h"
#include "tests/support/brute_force_windows.h"

namespace weir {
namespace {

enum Field : ColumnIndex { card_id, merchant_id, amount, created_at };

EventSchema payment_schema() {
  EventSchema schema;
  schema.name = "payment";
  schema.fields = {{"card_id", ValueType::string, 0, TimestampUnit::automatic, false},
                   {"merchant_id", ValueType::string, 0, TimestampUnit::automatic, false},
                   {"amount", ValueType::decimal, 4, TimestampUnit::automatic, false},
                   {"created_at", ValueType::timestamp, 0, TimestampUnit::milliseconds, false}};
  schema.time_field = created_at;
  schema.key_field = card_id;
  return schema;
}

std::vector<FeatureSpec> card_features() {
  constexpr std::int64_t day_ms = 86'400'000;
  std::vector<FeatureSpec> features;
  const auto add = [&](Aggregate aggregate, std::optional<ColumnIndex> input, std::int64_t window_ms, ValueType type, int scale) {
    FeatureSpec feature;
    feature.name = "feature_" + std::to_string(features.size());
    feature.aggregate = aggregate;
    feature.input = input;
    feature.by = {card_id};
    feature.window_ms = window_ms;
    feature.type = type;
    feature.scale = scale;
    features.push_back(feature);
  };
  for (const std::int64_t window_ms : {std::int64_t{60'000}, std::int64_t{300'000}, std::int64_t{3'600'000}, day_ms}) {
    add(Aggregate::count, std::nullopt, window_ms, ValueType::integer, 0);
    add(Aggregate::sum, amount, window_ms, ValueType::decimal, 4);
    add(Aggregate::avg, amount, window_ms, ValueType::floating, 0);
    add(Aggregate::stddev, amount, window_ms, ValueType::floating, 0);
    add(Aggregate::max, amount, window_ms, ValueType::decimal, 4);
  }
  add(Aggregate::distinct, merchant_id, day_ms, ValueType::integer, 0);
  return features;
}

// A count window, a delayed one, a median and a mode; each answered by itself.
std::vector<FeatureSpec> card_spans() {
  constexpr std::int64_t day_ms = 86'400'000;
  FeatureSpec feature;
  feature.by = {card_id};
  feature.window_ms = day_ms;
  std::vector<FeatureSpec> features(4, feature);
  features[0].aggregate = Aggregate::avg;
  features[0].input = amount;
  features[0].type = ValueType::floating;
  features[0].window_ms = 30 * day_ms;
  features[0].last_events = 5;
  features[1].delay_ms = 7 * day_ms;
  features[2].aggregate = Aggregate::percentile;
  features[2].percentile_parts = 5'000;
  features[2].input = amount;
  features[2].type = ValueType::floating;
  features[3].aggregate = Aggregate::mode;
  features[3].input = amount;
  features[3].type = ValueType::decimal;
  features[3].scale = 4;
  return features;
}

// Payments as FD-1 has them: three events a card and day (or as many as are asked for), cards and merchants by Zipf, bursts left out, 1 %
// late by up to two seconds.
class Payments {
 public:
  explicit Payments(std::uint64_t cards, double events_a_card_and_day = 3.0)
      : schema_(payment_schema()),
        random_(42),
        cards_(cards, 0.6),
        merchants_(cards / 20 + 1, 1.0),
        step_ms_(86'400'000.0 / (events_a_card_and_day * static_cast<double>(cards))) {}

  const EventSchema& schema() const { return schema_; }

  void fill(EventBatch& batch, std::size_t rows) {
    batch.schema = &schema_;
    batch.rows = rows;
    batch.active.assign(rows, true);
    batch.arena.clear();
    batch.columns.resize(schema_.fields.size());
    for (std::size_t index = 0; index < schema_.fields.size(); ++index) {
      batch.columns[index].type = schema_.fields[index].type;
      batch.columns[index].scale = schema_.fields[index].scale;
      batch.columns[index].resize(rows);
      batch.columns[index].present.assign(rows, true);
    }
    for (std::size_t row = 0; row < rows; ++row) {
      now_ms_ += step_ms_;
      char text[24];
      std::snprintf(text, sizeof text, "c%07u", static_cast<unsigned>(scatter(cards_(random_))));
      batch.columns[card_id].strings[row] = batch.arena.copy(text);
      std::snprintf(text, sizeof text, "m%05u", static_cast<unsigned>(merchants_(random_)));
      batch.columns[merchant_id].strings[row] = batch.arena.copy(text);
      const double euros = std::min(9999.99, 25.0 * std::exp(random_.normal()));
      batch.columns[amount].integers[row] = static_cast<std::int64_t>(euros * 100) * 100;
      const std::int64_t late_ms = random_.chance(0.01) ? random_.between(0, 2'000) : 0;
      batch.columns[created_at].integers[row] = 1'767'225'600'000 + static_cast<std::int64_t>(now_ms_) - late_ms;
    }
  }

 private:
  // Spreads the frequent ranks over all numbers.
  static std::uint64_t scatter(std::uint64_t rank) { return rank * 7'919 % 10'000'019; }

  EventSchema schema_;
  Random random_;
  ZipfDistribution cards_;
  ZipfDistribution merchants_;
  double step_ms_;
  double now_ms_ = 0;
};

FeatureStore card_store(const EventSchema& schema, const std::vector<FeatureSpec>& features) {
  std::vector<FeatureIndex> held(features.size());
  std::iota(held.begin(), held.end(), 0);
  return FeatureStore(features, held, schema, {}, {});
}

void check_against_oracle(const std::vector<FeatureSpec>& features) {
  Payments payments(300);
  FeatureStore store = card_store(payments.schema(), features);
  BruteForceWindows oracle(features, FeatureStoreLimits{}.late_allowed_ms, FeatureStoreLimits{}.distinct_values_max);
  EventBatch batch;
  FeatureColumns answers;
  FeatureColumns expected;
  for (int round = 0; round < 20; ++round) {
    payments.fill(batch, 256);
    store.apply(batch, answers);
    oracle.apply(batch, expected);
    for (std::size_t index = 0; index < features.size(); ++index) {
      const Column& left = answers.columns[index];
      const Column& right = expected.columns[index];
      for (std::size_t row = 0; row < batch.rows; ++row) {
        const bool same = left.present.test(row) == right.present.test(row) &&
                          (left.type == ValueType::floating
                               ? std::bit_cast<std::uint64_t>(left.floats[row]) == std::bit_cast<std::uint64_t>(right.floats[row])
                               : left.integers[row] == right.integers[row]);
        if (same || !right.present.test(row)) continue;
        std::fprintf(stderr, "features_bench: feature %zu, row %zu of round %d differs from the oracle\n", index, row, round);
        std::exit(1);
      }
    }
  }
}

void features_by_card(benchmark::State& state) {
  const std::uint64_t cards = static_cast<std::uint64_t>(state.range(0));
  const std::size_t rows = static_cast<std::size_t>(state.range(1));
  const bool mute = state.range(2) != 0;
  const std::int64_t events_a_card_and_day = state.range(4);
  Payments payments(cards, static_cast<double>(events_a_card_and_day));
  FeatureStore store = card_store(payments.schema(), state.range(3) != 0 ? card_spans() : card_features());
  auto warm = std::make_unique<EventBatch>();
  for (std::uint64_t done = 0; done < std::min<std::uint64_t>(cards * static_cast<std::uint64_t>(events_a_card_and_day), 20'000'000);
       done += 256) {
    payments.fill(*warm, 256);
    store.apply(*warm);
  }
  constexpr std::size_t timed_events = 2'000'000;
  std::vector<EventBatch> batches(timed_events / rows);
  for (EventBatch& batch : batches) payments.fill(batch, rows);
  FeatureColumns answers;
  for (auto _ : state) {
    for (const EventBatch& batch : batches) {
      if (mute) {
        store.apply(batch);
      } else {
        answers.arena.clear();
        store.apply(batch, answers);
        benchmark::DoNotOptimize(answers.columns.data());
      }
    }
  }
  const FeatureStoreCounters counters = store.counters();
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(batches.size() * rows));
  state.counters["ns_an_event"] = benchmark::Counter(static_cast<double>(batches.size() * rows) * 1e-9,
                                                     benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["keys"] = static_cast<double>(counters.keys);
  state.counters["bytes_a_key"] = static_cast<double>(counters.bytes) / static_cast<double>(counters.keys);
  state.counters["events_a_key"] = static_cast<double>(counters.events) / static_cast<double>(counters.keys);
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  weir::check_against_oracle(weir::card_features());
  weir::check_against_oracle(weir::card_spans());
  benchmark::Initialize(&argc, argv);
  const auto add = [](const char* name, std::int64_t cards, std::int64_t rows, bool mute, bool spans = false, std::int64_t a_day = 3) {
    benchmark::RegisterBenchmark(name, weir::features_by_card)
        ->Args({cards, rows, mute ? 1 : 0, spans ? 1 : 0, a_day})
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond);
  };
  for (const std::int64_t cards : {10'000, 1'000'000, 10'000'000}) add("features_by_card", cards, 256, false);
  add("features_by_card_batch_of_1", 1'000'000, 1, false);
  add("features_by_card_batch_of_64", 1'000'000, 64, false);
  add("features_by_card_mute", 1'000'000, 256, true);
  add("spans_by_card", 1'000'000, 256, false, true);
  add("spans_by_hot_card", 100, 256, false, true, 10'000);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
