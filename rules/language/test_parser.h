// Parses `test "title" { given .. when .. expect .. }`.
#pragma once

#include <span>
#include <string_view>

#include "rules/language/syntax_tree.h"
#include "rules/language/token_reader.h"

namespace weir {

// Behind the word `test`.
SyntaxTest parse_test(TokenReader& reader, SourceSpan word);

// Words that begin a step of a test.
std::span<const std::string_view> test_step_words();

}  // namespace weir
