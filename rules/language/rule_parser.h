// Parses the blocks that decide: `rule` and `policy`.
#pragma once

#include <span>
#include <string_view>

#include "rules/language/expression_parser.h"
#include "rules/language/syntax_tree.h"
#include "rules/language/token_reader.h"

namespace weir {

// Both begin behind their first word and end behind their "}", whatever was wrong in between.
SyntaxRule parse_rule(TokenReader& reader, SourceSpan word);
SyntaxPolicy parse_policy(TokenReader& reader, SourceSpan word);

// Complains that a block which began at `opening` has no end. `what` as in "rule `card_testing`".
void complain_not_closed(TokenReader& reader, SourceSpan opening, const std::string& what);

// Words that begin a clause of a rule, and of a policy.
std::span<const std::string_view> rule_clause_words();
std::span<const std::string_view> policy_clause_words();

}  // namespace weir
