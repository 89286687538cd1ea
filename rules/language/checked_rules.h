// A rule set that passed all checks: names resolved, types known, conversions explicit. Input of the compiler, free of syntax.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/event/decision.h"
#include "engine/event/event_schema.h"
#include "engine/event/feature_spec.h"
#include "engine/event/feedback_spec.h"
#include "rules/language/checked_tests.h"
#include "rules/language/expression.h"
#include "rules/language/lookup_table.h"
#include "rules/language/value_set.h"

namespace weir {

struct CheckedList {
  std::string name;  // without "@"
  ValueSet values;
  std::string path;    // resolved; empty: written in the rules file
  std::string column;  // of a CSV file; empty: one entry a line
};

// A table read by `lookup(name, key).column`.
struct CheckedLookup {
  std::string name;
  LookupShape shape;
  std::shared_ptr<const LookupTable> table;
  std::string path;  // resolved
};

struct CheckedLet {
  std::string name;
  ExpressionIndex value = no_expression;
};

// Column number schema.fields.size() + position: computed from the event alone, before features.
struct DerivedColumn {
  DerivedColumnSpec spec;
  ExpressionIndex value = no_expression;
  bool after_decision = false;  // reads the decision's score or outcome: computed after it
};

struct CheckedFact {
  FactSpec spec;
  bool read = false;  // by a rule, a let or a condition in the configuration; otherwise nothing is kept
};

// `text` as it stands, or the value of an expression (a field, feature or let).
struct ReasonPart {
  std::string text;
  ExpressionIndex value = no_expression;
};

constexpr std::uint32_t no_fact = 0xffffffff;

// `update card_id set compromised = true for 7d`, or `unset`.
struct CheckedUpdate {
  std::vector<ColumnIndex> key;
  std::string field;
  ExpressionIndex value = no_expression;       // none: unset
  std::int64_t for_ms = 0;                     // 0: without end
  std::uint32_t fact = no_fact;                // into CheckedRules::facts; none: no rule gives it a value
  ExpressionIndex fact_value = no_expression;  // `value` in the fact's type
};

struct CheckedRule {
  std::string name;
  std::string title;
  EventTypeSet on = 0;  // judged for events of these types; 0: for all
  RuleMode mode = RuleMode::live;
  std::int64_t canary_share = 0;            // of a canary: of canary_share_all
  ColumnIndex canary_key = 0;               // of a canary: a field of type string, int or ip
  std::int64_t expires_ms = never_expires;  // from this event time on the rule is off
  ExpressionIndex when = no_expression;     // bool, never missing
  OutcomeIndex then = no_outcome;
  std::int64_t score = 0;          // scaled by 10^score_scale
  std::vector<ReasonPart> reason;  // empty: the title stands for it
  std::vector<std::string> tags;
  std::string owner;
  std::vector<CheckedUpdate> updates;
  std::vector<std::uint32_t> resets;    // features whose window of the event's key is emptied
  std::vector<std::uint32_t> features;  // that `when`, `reason` and `update` read, through lets too; ascending
  std::vector<std::uint32_t> facts;     // likewise
  std::vector<std::uint32_t> sequences;
};

struct ScoreBand {
  std::int64_t at_least = 0;  // scaled by 10^score_scale
  OutcomeIndex outcome = 0;
};

struct CheckedPolicy {
  std::vector<std::string> outcomes;     // by OutcomeIndex: precedence first, in its order, then those that only bands or `otherwise` name
  std::vector<OutcomeIndex> precedence;  // strongest first
  std::vector<ScoreBand> bands;          // descending, strictly
  OutcomeIndex otherwise = 0;
};

struct CheckedRules {
  EventSchema event;
  std::vector<CheckedList> lists;
  std::vector<CheckedLookup> lookups;
  std::vector<FeatureSpec> features;  // declared ones in order, then aggregates written in place, named by their canonical text
  std::vector<DerivedColumn> derived;
  std::vector<CheckedFact> facts;      // each that some rule gives a value
  std::vector<PatternSpec> sequences;  // `pattern` declarations
  std::vector<CheckedLet> lets;
  std::vector<CheckedRule> rules;
  CheckedPolicy policy;
  std::vector<CheckedTest> tests;

  std::vector<Expression> expressions;  // see ExpressionIndex
  std::vector<ValueSet> sets;           // of `in [..]`
  std::vector<std::string> patterns;    // of `matches`: valid RE2
  std::vector<std::string> files;       // that lists and lookups were read from, as they were found; ascending
  // By feature, for people: its aggregate in the canonical layout. Empty where the name says it (aggregates written in place).
  std::vector<std::string> feature_texts;

  // Where a fact that is read and a pattern stand in FeatureColumns and DecisionVocabulary::features: behind the features.
  std::uint32_t fact_column(std::uint32_t fact) const {
    std::size_t column = features.size();
    for (std::uint32_t before = 0; before < fact; ++before) column += facts[before].read ? 1 : 0;
    return static_cast<std::uint32_t>(column);
  }
  std::uint32_t sequence_column(std::uint32_t sequence) const { return fact_column(static_cast<std::uint32_t>(facts.size())) + sequence; }

  // The meaning of the files without layout, comments and tests, list entries as a digest of them: what the rule set's hash is taken over.
  std::string canonical_text;
};

}  // namespace weir
