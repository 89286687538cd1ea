// Parses expressions: conditions, values, aggregates. Recursion and tree height are bounded by limits::nesting_depth_max.
#pragma once

#include <cstddef>
#include <string_view>

#include "rules/language/syntax_tree.h"
#include "rules/language/token_reader.h"

namespace weir {

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenReader& reader) : reader_(reader) {}

  // Never null. After an error the reader is in panic and the answer may hold nodes of kind `bad`.
  SyntaxExpressionPointer parse();
  // A literal with its sign, for lists.
  SyntaxExpressionPointer parse_value();
  // `10m` after `what`.
  std::optional<SyntaxDuration> parse_duration(std::string_view what);

 private:
  SyntaxExpressionPointer make(SyntaxKind kind, SourceSpan span);
  SyntaxExpressionPointer join(std::string_view operation, SourceSpan head, SyntaxExpressionPointer left, SyntaxExpressionPointer right);
  void adopt(SyntaxExpression& parent, SyntaxExpressionPointer child);

  SyntaxExpressionPointer parse_chain(bool disjunction);
  SyntaxExpressionPointer parse_not();
  SyntaxExpressionPointer parse_comparison();
  SyntaxExpressionPointer parse_word_comparison(SyntaxExpressionPointer left);
  SyntaxExpressionPointer parse_in(SyntaxExpressionPointer left, bool negated, SourceSpan head);
  SyntaxExpressionPointer parse_element();
  SyntaxExpressionPointer parse_presence(SyntaxExpressionPointer left, SourceSpan head);
  SyntaxExpressionPointer parse_sum();
  SyntaxExpressionPointer parse_product();
  SyntaxExpressionPointer parse_unary();
  SyntaxExpressionPointer parse_primary();
  SyntaxExpressionPointer parse_call();
  SyntaxExpressionPointer parse_profile();
  SyntaxExpressionPointer parse_lookup();
  SyntaxExpressionPointer parse_member(SyntaxExpressionPointer step);
  void parse_aggregate_clauses(SyntaxAggregate& aggregate);
  void parse_window(SyntaxAggregate& aggregate);
  bool at_operator(std::string_view word);
  bool at_comparison() const;
  bool at_clause() const;
  void refuse_chain();

  TokenReader& reader_;
  std::size_t depth_ = 0;
  std::size_t nodes_ = 0;
  bool within_where_ = false;  // of an aggregate
};

}  // namespace weir
