// A rule's mode and its expiry: the share and key of a canary, and the warning before the end.
#pragma once

#include "rules/language/check_scope.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// Fills in the mode and expiry of `rule`.
void check_mode(const SyntaxRule& syntax, const CheckScope& scope, Reporter& reporter, CheckedRule& rule);

// Warns where the rule ends within `warning_ms` of `now_ms`, or has ended.
void warn_near_expiry(const SyntaxRule& syntax, std::int64_t now_ms, std::int64_t warning_ms, Reporter& reporter);

}  // namespace weir
