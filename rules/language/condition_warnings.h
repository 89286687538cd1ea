// Conditions that no event can meet: contradicting bounds, empty lists, values that are never missing.
#pragma once

#include <cstddef>

#include "rules/language/checked_rules.h"
#include "rules/language/reporter.h"

namespace weir {

// What is looked at in one condition, and in all conditions of a rule set together: beyond either, a condition counts as possible.
constexpr std::size_t condition_steps_max = 20'000;
constexpr std::size_t all_condition_steps_max = 5'000'000;

// Warns (R0310) when the condition, or one branch of an `or` at its top, can never be true. Takes from `steps_left`.
void warn_if_never_true(const CheckedRules& rules, ExpressionIndex condition, SourceSpan span, Reporter& reporter, std::size_t& steps_left);

}  // namespace weir
