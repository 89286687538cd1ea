// Text to syntax tree. One error does not hide the next: after it the parser goes on at the next clause or declaration.
#pragma once

#include "rules/language/expression_parser.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"
#include "rules/language/token_reader.h"

namespace weir {

// `file` must outlive the tree. What was wrong is left out or `bad`.
SyntaxFile parse_rules(const SourceFile& file, Reporter& reporter);

// The same from tokens, with what they turned out to be.
SyntaxFile parse_tokens(const SourceFile& file, const TokenList& tokens, Reporter& reporter, TokenMarks& marks);

// One expression that fills the whole text.
SyntaxExpressionPointer parse_expression(const SourceFile& text, Reporter& reporter);

}  // namespace weir
