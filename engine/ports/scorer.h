// The port to the rules: the engine knows features and decisions, not the syntax that asks for them.
#pragma once

#include <memory>
#include <span>

#include "engine/event/batch.h"
#include "engine/event/decision.h"
#include "engine/event/feature_spec.h"

namespace weir {

// Working memory of one lane for one scorer.
class ScorerScratch {
 public:
  virtual ~ScorerScratch() = default;
};

// A compiled rule set. Immutable and shared by all lanes; what changes lives in the lane's scratch. One virtual call a batch.
class Scorer {
 public:
  virtual ~Scorer() = default;

  virtual const EventSchema& event() const = 0;
  // Types of the columns behind the schema's fields that `prepare` fills.
  virtual std::span<const DerivedColumnSpec> derived_columns() const = 0;
  virtual std::span<const FeatureSpec> features() const = 0;
  virtual const DecisionVocabulary& vocabulary() const = 0;

  virtual std::unique_ptr<ScorerScratch> make_scratch() const = 0;

  // Before features: clears filtered rows from `batch.active` and fills the derived columns (appending them on the batch's first use).
  virtual void prepare(EventBatch& batch, ScorerScratch& scratch) const = 0;
  // After features: judges every active row. `decisions` is overwritten; rows that are not active get no fired rules and no routes.
  virtual void score(const EventBatch& batch, const FeatureColumns& features, DecisionBatch& decisions, ScorerScratch& scratch) const = 0;
};

}  // namespace weir
