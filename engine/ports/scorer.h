// The port to the rules: the engine knows features and decisions, not the syntax that asks for them.
#pragma once

#include <memory>
#include <span>

#include "engine/event/batch.h"
#include "engine/event/decision.h"
#include "engine/event/feature_spec.h"
#include "engine/event/feedback_spec.h"

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

  // What rules write and later events read, features over decisions and resets apart (see FeatureSpec). Empty for most rule sets.
  virtual const FeedbackSpec& feedback() const {
    static const FeedbackSpec none;
    return none;
  }
  // Where rules read what rules write, in place of `score`: `begin_waves` once a batch; `score_wave` for rows that depend on no row that is
  // still to come, each active row once, when the columns that they read are filled in; then `end_waves`. A wave's decisions go into
  // `decisions` and into the derived columns that read them, what its rules write into `writes`, whose texts live until the end.
  virtual void begin_waves(const EventBatch& batch, const FeatureColumns& features, DecisionBatch& decisions,
                           ScorerScratch& scratch) const {
    (void)batch, (void)features, (void)decisions, (void)scratch;
  }
  virtual void score_wave(EventBatch& batch, const FeatureColumns& features, std::span<const RowBlock> wave, DecisionBatch& decisions,
                          FeedbackWrites& writes, ScorerScratch& scratch) const {
    (void)batch, (void)features, (void)wave, (void)decisions, (void)writes, (void)scratch;
  }
  virtual void end_waves(DecisionBatch& decisions, ScorerScratch& scratch) const { (void)decisions, (void)scratch; }
};

}  // namespace weir
