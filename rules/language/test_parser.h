// Parses `test "title" { given .. when .. expect .. }`.
#pragma once

#include "rules/language/syntax_tree.h"
#include "rules/language/token_reader.h"

namespace weir {

// Behind the word `test`.
SyntaxTest parse_test(TokenReader& reader, SourceSpan word);

}  // namespace weir
