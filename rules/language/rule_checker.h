// Rules: condition, outcome, reason, updates, and which features they read.
#pragma once

#include <vector>

#include "rules/language/check_scope.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// Adds the rule to `scope.rules.rules`; after a complaint with gaps.
void check_rule(const SyntaxRule& syntax, CheckScope& scope, Reporter& reporter);

// What the expressions read, through lets too; each ascending.
struct NamesRead {
  std::vector<std::uint32_t> features;
  std::vector<std::uint32_t> facts;
  std::vector<std::uint32_t> sequences;
};
NamesRead names_read(const CheckedRules& rules, const std::vector<ExpressionIndex>& roots);

}  // namespace weir
