// The door of this room: checked rules in, a scorer out. Control plane; the scorer is immutable and shared by all lanes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/ports/scorer.h"
#include "rules/evaluate/instruction_set.h"
#include "rules/evaluate/value_observer.h"
#include "rules/language/checked_rules.h"

namespace weir {

struct RuleSetOptions {
  std::optional<ExpressionIndex> filter;  // of the mapping: rows where it is false take no part (ExpressionScope::event)
  // One for each sink with a `when`, in the order of DecisionBatch::routes (ExpressionScope::decision).
  std::vector<ExpressionIndex> routes;
  WatchedExpressions watched{};                            // none in the live stream
  std::optional<evaluate::InstructionSet> instructions{};  // none: the best that this processor has
  // False: of features, only the values are read that rules look at, and in decisions those of rules that fired. Then features are computed
  // where they are read (FeatureSpec::demand).
  bool every_feature_is_read = true;
  // What decisions call the set. `hash`: empty: that of `rules`; else what it was when the version was made.
  std::uint64_t version = 1;
  std::string hash{};
};

class RuleSet {
 public:
  // Keeps nothing of `rules`. Fails when a regular expression or time zone cannot be loaded, which the checker should have found.
  static Result<std::shared_ptr<const Scorer>> compile(const CheckedRules& rules, const RuleSetOptions& options = {});
  // Over the canonical text: 32 hexadecimal digits.
  static std::string hash(const CheckedRules& rules);
};

}  // namespace weir
