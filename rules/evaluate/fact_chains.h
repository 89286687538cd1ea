// How far back facts can reach that lead to a fact's value: rules read facts and write others.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rules/language/checked_rules.h"

namespace weir::evaluate {

// By fact: FactSpec::chain_ms.
std::vector<std::optional<std::int64_t>> fact_chains(const CheckedRules& rules);

}  // namespace weir::evaluate
