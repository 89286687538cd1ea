// The policy, and the rules' outcomes and scores, which it gives meaning.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rules/language/checked_rules.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// The policy of a rule set that declares none: block before alert before allow, and allow when no rule forces anything.
CheckedPolicy default_policy();

CheckedPolicy check_policy(const SyntaxPolicy& syntax, Reporter& reporter);

// The outcome that a rule's `then` forces: one of the policy's precedence.
std::optional<OutcomeIndex> check_outcome(const SyntaxName& name, const CheckedPolicy& policy, Reporter& reporter);

// Scaled by 10^score_scale.
std::optional<std::int64_t> check_score(const SyntaxScore& score, Reporter& reporter);

}  // namespace weir
