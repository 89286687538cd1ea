// The canonical layout of a rules file: `weir fmt`. Works on tokens, so it knows lines, blocks and clauses but no construct in particular.
#pragma once

#include <optional>
#include <string>

#include "engine/base/diagnostic.h"

namespace weir {

// The file in its canonical layout; formatting that again changes nothing, and the rule set means the same. Comments stay where they are,
// line breaks inside conditions too. Nothing when the file has a syntax error, which is then in `diagnostics`.
std::optional<std::string> format_rules(const SourceFile& file, Diagnostics& diagnostics);

}  // namespace weir
