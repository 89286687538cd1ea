// Looks at everything that an expression is made of.
#pragma once

#include <vector>

#include "rules/language/checked_rules.h"

namespace weir {

// Whether `holds` for the expression or for any of its parts, through lets too. Each is looked at once, however often it is used: lets
// that use others twice would double with each of them.
template <typename Holds>
bool holds_for_any_part(const CheckedRules& rules, ExpressionIndex root, Holds holds) {
  std::vector<bool> seen(rules.expressions.size(), false);
  std::vector<ExpressionIndex> open{root};
  while (!open.empty()) {
    const ExpressionIndex index = open.back();
    open.pop_back();
    if (seen[index]) continue;
    seen[index] = true;
    const Expression& part = rules.expressions[index];
    if (holds(part)) return true;
    if (part.kind == ExpressionKind::let) open.push_back(rules.lets[part.index].value);
    open.insert(open.end(), part.operands.begin(), part.operands.end());
  }
  return false;
}

}  // namespace weir
