// A scorer without rule syntax: blocks the third and every later payment of a card within ten minutes; refuses amounts above 1000 by its
// filter.
#pragma once

#include <memory>
#include <string>

#include "engine/ports/scorer.h"

namespace weir::test {

class CountScorer : public Scorer {
 public:
  CountScorer() {
    schema_.name = "payment";
    schema_.fields = {{"id", ValueType::string, 0, TimestampUnit::automatic, false},
                      {"at", ValueType::timestamp, 0, TimestampUnit::milliseconds, false},
                      {"card", ValueType::string, 0, TimestampUnit::automatic, false},
                      {"amount", ValueType::decimal, 4, TimestampUnit::automatic, false}};
    schema_.id_field = 0;
    schema_.time_field = 1;
    schema_.key_field = 2;
    FeatureSpec count;
    count.name = "payments_10m";
    count.by = {2};
    count.window_ms = 600'000;
    features_ = {count};
    vocabulary_.outcomes = {"block", "allow"};
    vocabulary_.rules = {{"third_payment", "Third payment", 0, 800'000, {}, "", {0}}};
    vocabulary_.features = {"payments_10m"};
    vocabulary_.hash = "00000000000000000000000000000abc";
  }

  const EventSchema& event() const override { return schema_; }
  std::span<const DerivedColumnSpec> derived_columns() const override { return {}; }
  std::span<const FeatureSpec> features() const override { return features_; }
  const DecisionVocabulary& vocabulary() const override { return vocabulary_; }
  std::unique_ptr<ScorerScratch> make_scratch() const override { return std::make_unique<ScorerScratch>(); }

  void prepare(EventBatch& batch, ScorerScratch&) const override {
    for (std::size_t row = 0; row < batch.rows; ++row)
      if (batch.columns[3].integers[row] > 10'000'000) batch.active.reset(row);
  }

  void score(const EventBatch& batch, const FeatureColumns& features, DecisionBatch& decisions, ScorerScratch&) const override {
    decisions.rows = batch.rows;
    decisions.scores.assign(batch.rows, 0);
    decisions.outcomes.assign(batch.rows, 1);
    decisions.fired_begin.assign(batch.rows + 1, 0);
    decisions.fired.clear();
    decisions.updates.clear();
    decisions.errors.clear();
    decisions.text.clear();
    decisions.routes.resize(1);
    decisions.routes[0].assign(batch.rows, false);
    for (std::uint32_t row = 0; row < batch.rows; ++row) {
      if (batch.active.test(row) && features.columns[0].integers[row] >= 3) {
        const auto begin = static_cast<std::uint32_t>(decisions.text.size());
        decisions.text.append("payment \"");
        decisions.text.append(static_cast<char>('0' + features.columns[0].integers[row] % 10));
        decisions.text.append('"');
        decisions.fired.push_back({row, 0, begin, static_cast<std::uint32_t>(decisions.text.size()) - begin});
        decisions.scores[row] = 800'000;
        decisions.outcomes[row] = 0;
        decisions.routes[0].set(row);
      }
      decisions.fired_begin[row + 1] = static_cast<std::uint32_t>(decisions.fired.size());
    }
  }

 private:
  EventSchema schema_;
  std::vector<FeatureSpec> features_;
  DecisionVocabulary vocabulary_;
};

}  // namespace weir::test
