// What a rule scorer runs: three programs and, for each rule, where its results are. Built by RuleSet::compile, then only read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/event/decision.h"
#include "engine/event/feature_spec.h"
#include "rules/evaluate/attachments.h"
#include "rules/evaluate/missing_values.h"
#include "rules/evaluate/result_reader.h"
#include "rules/evaluate/value_observer.h"
#include "rules/language/checked_rules.h"

namespace weir::evaluate {

struct CompiledReasonPart {
  std::string text;
  std::optional<ResultReader> value;  // stands instead of the text
};

struct CompiledUpdate {
  std::vector<ResultReader> key;
  std::vector<std::string> key_names;
  std::string field;
  std::optional<ResultReader> value;  // none: unset
  std::int64_t for_ms = 0;            // 0: without end
  // Where somebody reads what it writes: the fact's place in FeedbackSpec::facts, and the value in the fact's type.
  std::optional<std::uint32_t> fact;
  std::optional<ResultReader> fact_value;
};

// A derived column, counted from the first behind the fields.
struct DerivedResult {
  std::size_t column = 0;
  ResultReader reader;
};

struct CompiledRule {
  std::uint32_t index = 0;  // into DecisionVocabulary::rules
  MaskIndex fired = mask_empty;
  MaskIndex failed = mask_empty;  // rows where it could not be judged; disjoint from `fired`
  MaskIndex shadow = mask_empty;  // rows where its condition held without effect; disjoint from both
  EventTypeSet on = 0;            // judged for events of these types; 0: for all
  std::int64_t expires_ms = never_expires;
  std::int64_t score = 0;
  OutcomeIndex then = no_outcome;
  std::vector<CompiledReasonPart> reason;
  std::vector<CompiledUpdate> updates;
  std::vector<std::uint32_t> resets;  // features
};

struct CompiledRules {
  EventSchema event;
  std::vector<FeatureSpec> features;
  std::vector<DerivedColumnSpec> derived_specs;
  FeedbackSpec feedback;
  DecisionVocabulary vocabulary;
  std::vector<ScoreBand> bands;  // descending
  OutcomeIndex otherwise = 0;
  Attachments attachments;

  Program prepare;  // filter and derived columns, from fields alone
  std::optional<MaskIndex> filter;
  std::vector<DerivedResult> derived;

  Program judge;  // conditions, and what reasons and updates read
  std::vector<CompiledRule> rules;
  bool has_shadows = false;  // some rule has a `shadow` mask
  std::vector<MissingValues> missing_values;

  Program route;  // the sinks' `when`, which may read score and outcome
  std::vector<MaskIndex> routes;

  Program after;  // derived columns that read score and outcome
  std::vector<DerivedResult> decided;

  ValueObserver* observer = nullptr;          // usually none
  std::vector<ResultReader> watched_judged;   // of `judge`
  std::vector<ResultReader> watched_decided;  // of `route`

  OutcomeIndex outcome_of_score(std::int64_t score) const {
    for (const ScoreBand& band : bands)
      if (score >= band.at_least) return band.outcome;
    return otherwise;
  }
  // `forced`: the strongest outcome that rules force, or no_outcome.
  OutcomeIndex outcome_of(OutcomeIndex forced, std::int64_t score) const { return forced != no_outcome ? forced : outcome_of_score(score); }
};

}  // namespace weir::evaluate
