// How far back facts can reach that lead to a fact's value: rules read facts and write others.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rules/language/checked_rules.h"

namespace weir::evaluate {

// By fact: its own length and the longest of those that lead to it. None: without end.
std::vector<std::optional<std::int64_t>> fact_chains(const CheckedRules& rules);
// What the state holds, with FactSpec::sources filled in.
std::vector<FactSpec> facts_that_are_read(const CheckedRules& rules);

}  // namespace weir::evaluate
