// Lookups: their declarations, with the tables read while the rules are checked, and the expressions that read them.
#pragma once

#include "rules/language/check_rules.h"
#include "rules/language/check_scope.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// Adds the lookup to `scope.rules.lookups` (also a broken one, so that its uses are not complained about).
void check_lookup(const SyntaxLookup& syntax, const CheckOptions& options, CheckScope& scope, Reporter& reporter);

}  // namespace weir
