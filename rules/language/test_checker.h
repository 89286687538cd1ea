// Checks `test` blocks against the rule set that they test.
#pragma once

#include "rules/language/check_scope.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// Appends to scope.rules.tests. The rules come first. What a test reads is not thereby used.
void check_test(const SyntaxTest& syntax, CheckScope& scope, Reporter& reporter);

}  // namespace weir
