// Conditions that no event can meet: contradicting bounds, empty lists, values that are never missing.
#pragma once

#include <optional>
#include <string>

#include "rules/language/checked_rules.h"
#include "rules/language/reporter.h"

namespace weir {

// Why `condition` can never be true, in the author's words; nothing when it may be. What is not understood counts as possible.
std::optional<std::string> why_never_true(const CheckedRules& rules, ExpressionIndex condition, const SourceFile& file);

// Warns (R0310) when the condition, or one branch of an `or` at its top, can never be true.
void warn_if_never_true(const CheckedRules& rules, ExpressionIndex condition, SourceSpan span, Reporter& reporter);

}  // namespace weir
