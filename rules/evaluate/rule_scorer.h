// The Scorer that runs compiled rules.
#pragma once

#include <memory>
#include <span>

#include "engine/ports/scorer.h"
#include "rules/evaluate/compiled_rules.h"

namespace weir::evaluate {

// Immutable; any number of lanes may call it at once, each with its own scratch. After warm-up nothing is allocated.
class RuleScorer final : public Scorer {
 public:
  explicit RuleScorer(std::unique_ptr<const CompiledRules> rules);

  const EventSchema& event() const override { return rules_->event; }
  std::span<const DerivedColumnSpec> derived_columns() const override { return rules_->derived_specs; }
  std::span<const FeatureSpec> features() const override { return rules_->features; }
  const DecisionVocabulary& vocabulary() const override { return rules_->vocabulary; }
  std::unique_ptr<ScorerScratch> make_scratch() const override;
  void prepare(EventBatch& batch, ScorerScratch& scratch) const override;
  void score(const EventBatch& batch, const FeatureColumns& features, DecisionBatch& decisions, ScorerScratch& scratch) const override;

  const FeedbackSpec& feedback() const override { return rules_->feedback; }
  void begin_waves(const EventBatch& batch, const FeatureColumns& features, DecisionBatch& decisions,
                   ScorerScratch& scratch) const override;
  void score_wave(EventBatch& batch, const FeatureColumns& features, std::span<const RowBlock> wave, DecisionBatch& decisions,
                  FeedbackWrites& writes, ScorerScratch& scratch) const override;
  void end_waves(DecisionBatch& decisions, ScorerScratch& scratch) const override;

  const CompiledRules& compiled() const { return *rules_; }

 private:
  std::unique_ptr<const CompiledRules> rules_;
};

}  // namespace weir::evaluate
