// A store over payments of cards, one event at a time: for tests that read like the contract.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/event/batch.h"
#include "engine/features/feature_store.h"

namespace weir {

enum CardField : ColumnIndex { card_field, merchant_field, amount_field, time_field, declined_field };

struct CardPayment {
  std::int64_t time = 0;
  std::optional<std::string> card = "c1";
  std::string merchant = "m1";
  std::optional<std::int64_t> amount = 100;
  bool declined = false;
};

inline FeatureSpec over(Aggregate aggregate, std::optional<ColumnIndex> input, std::int64_t window_ms,
                        ValueType type = ValueType::integer) {
  FeatureSpec feature;
  feature.aggregate = aggregate;
  feature.input = input;
  feature.by = {card_field};
  feature.window_ms = window_ms;
  feature.type = type;
  return feature;
}

inline FeatureSpec count_over(std::int64_t window_ms) {
  return over(Aggregate::count, std::nullopt, window_ms);
}

class CardWindows {
 public:
  explicit CardWindows(std::vector<FeatureSpec> features, FeatureStoreLimits limits = {})
      : features_(std::move(features)),
        schema_(make_schema()),
        store_(features_, all(), schema_, std::vector<DerivedColumnSpec>{{}}, limits) {}

  static EventSchema make_schema() {
    EventSchema schema;
    schema.fields = {{"card", ValueType::string, 0, TimestampUnit::automatic, true},
                     {"merchant", ValueType::string, 0, TimestampUnit::automatic, false},
                     {"amount", ValueType::integer, 0, TimestampUnit::automatic, true},
                     {"time", ValueType::timestamp, 0, TimestampUnit::automatic, false}};
    schema.time_field = time_field;
    return schema;
  }

  EventBatch batch_of(const std::vector<CardPayment>& payments) const {
    EventBatch batch;
    batch.schema = &schema_;
    batch.rows = payments.size();
    batch.active.assign(batch.rows, true);
    for (const ValueType type : {ValueType::string, ValueType::string, ValueType::integer, ValueType::timestamp, ValueType::boolean}) {
      Column& column = batch.columns.emplace_back();
      column.type = type;
      column.resize(batch.rows);
      column.present.assign(batch.rows, true);
    }
    for (std::size_t row = 0; row < batch.rows; ++row) {
      const CardPayment& payment = payments[row];
      if (payment.card) batch.columns[card_field].strings[row] = *payment.card;
      if (!payment.card) batch.columns[card_field].present.reset(row);
      batch.columns[merchant_field].strings[row] = payment.merchant;
      batch.columns[amount_field].integers[row] = payment.amount.value_or(0);
      if (!payment.amount) batch.columns[amount_field].present.reset(row);
      batch.columns[time_field].integers[row] = payment.time;
      if (payment.declined) batch.columns[declined_field].bits.set(row);
    }
    return batch;
  }

  // Adds the payment; afterwards `integer` and `number` read its features.
  CardWindows& add(const CardPayment& payment) {
    answers_.arena.clear();
    store_.apply(batch_of({payment}), answers_);
    return *this;
  }
  void add_mute(const std::vector<CardPayment>& payments) { store_.apply(batch_of(payments)); }

  std::optional<std::int64_t> integer(std::size_t feature = 0) const {
    const Column& column = answers_.columns[feature];
    return column.present.test(0) ? std::optional(column.integers[0]) : std::nullopt;
  }
  std::optional<double> number(std::size_t feature = 0) const {
    const Column& column = answers_.columns[feature];
    return column.present.test(0) ? std::optional(column.floats[0]) : std::nullopt;
  }
  const FeatureStore& store() const { return store_; }

 private:
  std::vector<FeatureIndex> all() const {
    std::vector<FeatureIndex> held;
    for (FeatureIndex index = 0; index < features_.size(); ++index) held.push_back(index);
    return held;
  }

  std::vector<FeatureSpec> features_;
  EventSchema schema_;
  FeatureStore store_;
  FeatureColumns answers_;
};

}  // namespace weir
