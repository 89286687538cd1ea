// What a rule set costs on this machine, over events made up for it.
#pragma once

#include <chrono>

#include "engine/base/result.h"
#include "rules/language/checked_rules.h"

namespace weir {

// Nanoseconds for one event in one lane, everything included. The events have every field; a field that is part of a key has thousands of
// values, other texts have few.
Result<double> measure_rules_ns(const CheckedRules& rules, std::chrono::milliseconds at_least);

}  // namespace weir
