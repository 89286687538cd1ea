// Rules: condition, outcome, reason, updates, and which features they read.
#pragma once

#include <vector>

#include "rules/language/check_scope.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// Adds the rule to `scope.rules.rules`; after a complaint with gaps.
void check_rule(const SyntaxRule& syntax, CheckScope& scope, Reporter& reporter);

// Features that are read by the expressions, through lets too; ascending.
std::vector<std::uint32_t> features_read(const CheckedRules& rules, const std::vector<ExpressionIndex>& roots);

}  // namespace weir
