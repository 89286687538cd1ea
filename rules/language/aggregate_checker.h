// Aggregates to feature specifications: declared ones and those written in place.
#pragma once

#include <optional>
#include <string>

#include "engine/event/feature_spec.h"
#include "rules/language/check_scope.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"
#include "rules/language/typed_value.h"

namespace weir {

class AggregateChecker {
 public:
  AggregateChecker(CheckScope& scope, Reporter& reporter) : scope_(scope), reporter_(reporter) {}

  // Everything but the name; nothing after a complaint.
  std::optional<FeatureSpec> check(const SyntaxExpression& syntax);
  // The value of an aggregate written in a rule: an equal feature when there is one, otherwise a new one named by its text.
  TypedValue in_place(const SyntaxExpression& syntax);

 private:
  std::optional<Aggregate> aggregate_named(const SyntaxName& function);
  bool argument(const SyntaxExpression& syntax, FeatureSpec& spec);
  bool arguments_fit(const SyntaxExpression& syntax, FeatureSpec& spec);
  bool key(const SyntaxExpression& syntax, FeatureSpec& spec);
  std::optional<ColumnIndex> key_part(const SyntaxName& name);
  bool window(const SyntaxExpression& syntax, FeatureSpec& spec);
  bool count_window(const SyntaxAggregate& aggregate, FeatureSpec& spec);
  bool fits_limit(const SyntaxDuration& length, std::string_view what);
  bool condition(const SyntaxAggregate& aggregate, FeatureSpec& spec);
  // Whether a `where` reads the event's own decision.
  bool names_decision(const SyntaxExpression& syntax) const;
  bool event_types(const SyntaxExpression& syntax, FeatureSpec& spec);

  CheckScope& scope_;
  Reporter& reporter_;
};

// The node that reads feature `index`, with its type and whether it may be missing.
Expression feature_leaf(const CheckScope& scope, std::uint32_t index);

}  // namespace weir
