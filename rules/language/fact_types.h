// Which facts a rule set writes, and of which type each is: told from the updates before any expression is checked, because rules and
// lets read facts and updates write what rules and lets compute.
#pragma once

#include <vector>

#include "rules/language/check_scope.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// Enters every fact that an update of `trees` gives a value into `scope.rules.facts`. `reporters` is parallel to `trees`. A fact whose
// type cannot be told is complained about and entered as broken. Keys that are wrong are left to the check of the rule.
void declare_facts(const std::vector<SyntaxFile>& trees, std::vector<Reporter>& reporters, CheckScope& scope);

}  // namespace weir
