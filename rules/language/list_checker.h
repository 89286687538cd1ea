// Lists: inline values, or the entries of a file, read while the rules are checked.
#pragma once

#include <optional>
#include <vector>

#include "rules/language/check_rules.h"
#include "rules/language/check_scope.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// Where the file of a list or lookup is: see CheckOptions::base_folder.
std::string list_file_path(const std::string& written, const CheckOptions& options, const std::string& rules_path);
// For people: where it was looked for, where that is more than one place; otherwise empty.
std::string list_file_places(const std::string& written, const CheckOptions& options, const std::string& rules_path);
// Where its bytes are: see CheckOptions::locate.
std::string located(const std::string& path, const CheckOptions& options);

// Whether one more list or lookup may be read; complains where it may not.
bool may_read_list(const SyntaxName& name, const CheckScope& scope, Reporter& reporter);

// Adds the list to `scope.rules.lists` (also a broken one, so that its uses are not complained about).
void check_list(const SyntaxList& syntax, const CheckOptions& options, CheckScope& scope, Reporter& reporter);

// Literals as entries of `list` (as its type asks), sorted; nothing after a complaint.
std::optional<ValueSet> check_entries(const std::vector<SyntaxExpressionPointer>& values, const CheckedList& list, Reporter& reporter);

}  // namespace weir
