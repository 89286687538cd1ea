// A scorer without rule syntax whose features have several keys: the shard's card, and device, merchant and both together. Its one rule
// looks at the card alone.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/ports/scorer.h"

namespace weir::test {

class KeysScorer : public Scorer {
 public:
  static constexpr ColumnIndex card = 2;
  static constexpr ColumnIndex device = 3;
  static constexpr ColumnIndex merchant = 4;
  static constexpr ColumnIndex amount = 5;

  // `only_card`: no feature is keyed by anything else.
  explicit KeysScorer(bool only_card = false) {
    schema_.name = "payment";
    schema_.fields = {{"id", ValueType::string, 0, TimestampUnit::automatic, false},
                      {"at", ValueType::timestamp, 0, TimestampUnit::milliseconds, false},
                      {"card", ValueType::string, 0, TimestampUnit::automatic, false},
                      {"device", ValueType::string, 0, TimestampUnit::automatic, true},
                      {"merchant", ValueType::integer, 0, TimestampUnit::automatic, false},
                      {"amount", ValueType::decimal, 2, TimestampUnit::automatic, false}};
    schema_.id_field = 0;
    schema_.time_field = 1;
    schema_.key_field = card;
    add("card_count", Aggregate::count, {}, {card});
    add("card_sum", Aggregate::sum, amount, {card});
    if (!only_card) {
      add("device_count", Aggregate::count, {}, {device});
      add("device_sum", Aggregate::sum, amount, {device});
      add("device_cards", Aggregate::distinct, card, {device});
      add("device_last_card", Aggregate::last, card, {device});
      add("merchant_count", Aggregate::count, {}, {merchant});
      add("merchant_max", Aggregate::max, amount, {merchant});
      add("merchant_avg", Aggregate::avg, amount, {merchant});
      add("pair_count", Aggregate::count, {}, {device, merchant});
      add("pair_first_card", Aggregate::first, card, {device, merchant});
    }
    vocabulary_.outcomes = {"block", "allow"};
    vocabulary_.rules = {{"third_payment", "Third payment", 0, 800'000, {}, "", {0, 1}}};
    for (const FeatureSpec& feature : features_) vocabulary_.features.push_back(feature.name);
    vocabulary_.hash = "00000000000000000000000000000abc";
  }

  const EventSchema& event() const override { return schema_; }
  std::span<const DerivedColumnSpec> derived_columns() const override { return {}; }
  std::span<const FeatureSpec> features() const override { return features_; }
  const DecisionVocabulary& vocabulary() const override { return vocabulary_; }
  std::unique_ptr<ScorerScratch> make_scratch() const override { return std::make_unique<ScorerScratch>(); }
  void prepare(EventBatch&, ScorerScratch&) const override {}

  void score(const EventBatch& batch, const FeatureColumns& features, DecisionBatch& decisions, ScorerScratch&) const override {
    decisions.rows = batch.rows;
    decisions.scores.assign(batch.rows, 0);
    decisions.outcomes.assign(batch.rows, 1);
    decisions.fired_begin.assign(batch.rows + 1, 0);
    decisions.fired.clear();
    decisions.updates.clear();
    decisions.errors.clear();
    decisions.text.clear();
    decisions.routes.clear();
    for (std::uint32_t row = 0; row < batch.rows; ++row) {
      if (features.columns[0].integers[row] >= 3) {
        decisions.fired.push_back({row, 0, 0, 0});
        decisions.scores[row] = 800'000;
        decisions.outcomes[row] = 0;
      }
      decisions.fired_begin[row + 1] = static_cast<std::uint32_t>(decisions.fired.size());
    }
  }

 private:
  void add(std::string name, Aggregate aggregate, std::optional<ColumnIndex> input, std::vector<ColumnIndex> by) {
    FeatureSpec feature;
    feature.name = std::move(name);
    feature.aggregate = aggregate;
    feature.input = input;
    feature.by_includes_shard_key = by.front() == card;
    feature.by = std::move(by);
    feature.window_ms = 3'600'000;
    if (aggregate == Aggregate::avg) {
      feature.type = ValueType::floating;
    } else if (input && aggregate != Aggregate::distinct) {
      feature.type = *input == card ? ValueType::string : ValueType::decimal;
      feature.scale = *input == card ? 0 : 2;
    }
    features_.push_back(std::move(feature));
  }

  EventSchema schema_;
  std::vector<FeatureSpec> features_;
  DecisionVocabulary vocabulary_;
};

}  // namespace weir::test
