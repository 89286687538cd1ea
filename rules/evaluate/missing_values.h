// Which values, when they are missing, leave a rule's condition false, and on how many rows that may have been so.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/decision.h"
#include "rules/evaluate/program.h"
#include "rules/language/checked_rules.h"

namespace weir::evaluate {

struct CompiledRules;

// Rules that compare the same values: looked at together, and not at all in a block of rows that has all of these.
struct MissingValues {
  std::vector<MaskIndex> presences;  // of inputs of the judging program
  std::vector<std::uint32_t> rules;  // into CompiledRules::rules
};

// Fields, features and facts that `when` compares. What `is present` and `is missing` ask for, and what `coalesce` stands in for, is not
// among them. Precondition: the rules are compiled.
std::vector<MissingValues> find_missing_values(const CheckedRules& rules, const CompiledRules& compiled);

// Appends to `decisions.undecided`: of the judged rows of a block, those on which a rule did not fire and one of its values was missing.
void count_undecided(const CompiledRules& compiled, const ProgramMemory& memory, const EventBatch& batch, std::size_t block,
                     std::uint64_t judged, DecisionBatch& decisions);

}  // namespace weir::evaluate
