// Checks `pattern` declarations: splits each step into what it asks of its own event and what it compares with earlier steps.
#pragma once

#include <cstdint>

#include "rules/language/check_scope.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// Fills `scope.rules.sequences[index]`, whose name is declared already.
// Whether finding a match may mean trying many combinations of events: a step that is read later may be any of them, and so may those
// between it and the last.
bool searches_combinations(const PatternSpec& pattern);

void check_pattern(const SyntaxPattern& syntax, std::uint32_t index, CheckScope& scope, Reporter& reporter);

}  // namespace weir
