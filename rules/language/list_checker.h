// Lists: inline values, or the entries of a file, read while the rules are checked.
#pragma once

#include <string>

#include "rules/language/check_scope.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// Adds the list to `scope.rules.lists` (also a broken one, so that its uses are not complained about).
void check_list(const SyntaxList& syntax, const std::string& base_folder, CheckScope& scope, Reporter& reporter);

}  // namespace weir
