// Parses `pattern` declarations.
#pragma once

#include "rules/language/expression_parser.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// After the word `pattern`. The reader may be in panic afterwards; what could be read is kept, and `broken` set.
SyntaxPattern parse_pattern(TokenReader& reader);

}  // namespace weir
