// Parses the blocks that decide: `rule` and `policy`.
#pragma once

#include "rules/language/expression_parser.h"
#include "rules/language/syntax_tree.h"
#include "rules/language/token_reader.h"

namespace weir {

// Both begin behind their first word and end behind their "}", whatever was wrong in between.
SyntaxRule parse_rule(TokenReader& reader, SourceSpan word);
SyntaxPolicy parse_policy(TokenReader& reader, SourceSpan word);

// Complains that a block which began at `opening` has no end. `what` as in "rule `card_testing`".
void complain_not_closed(TokenReader& reader, SourceSpan opening, const std::string& what);

}  // namespace weir
