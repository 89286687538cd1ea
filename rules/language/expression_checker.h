// Syntax to typed nodes: resolves names, works out types, makes conversions explicit, complains about what does not fit.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/language/check_scope.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"
#include "rules/language/typed_value.h"

namespace weir {

// Where an expression stands, which settles what it may read.
enum class ExpressionPlace {
  event,     // a feature's argument or `where`: fields, lists, lets that read nothing else
  filter,    // the same in a mapping's `filter`
  after,     // a feature's `where` over own decisions: `event`, and `outcome` and `score`
  rule,      // rules and lets: features, facts, patterns and aggregates in place, too
  decision,  // a sink's `when`: features, `outcome` and `score`, no aggregates in place
};

class ExpressionChecker {
 public:
  ExpressionChecker(CheckScope& scope, Reporter& reporter, ExpressionPlace place)
      : scope_(scope), reporter_(reporter), place_(place), converter_(scope, reporter) {}

  TypedValue value(const SyntaxExpression& syntax);
  // A bool that is never missing; `no_expression` after a complaint. `owner` names the clause: "`when`".
  ExpressionIndex condition(const SyntaxExpression& syntax, std::string_view owner);
  // A value's node in its own type; `no_expression` after a complaint.
  ExpressionIndex node(const SyntaxExpression& syntax) { return converter_.convert(value(syntax)); }
  // Text in quotes as an address, where one is expected; anything else is left as it is.
  TypedValue address(const SyntaxExpression& syntax, TypedValue value);
  // A name as a value, for placeholders too.
  TypedValue name(std::string_view text, SourceSpan span, std::string_view code = "R0203");

  // Text is searched in what names a list, as a text in quotes or as it is: it is complained about.
  bool searches_list(const SyntaxExpression& in, const SyntaxExpression& part, bool negated);

  // In a pattern: the earlier step whose event `step.field` reads; none: no step can be read.
  void read_step(std::optional<std::string_view> step) { step_ = step; }

  // "`amount` is a decimal(4)": for messages.
  std::string described(const TypedValue& value) const;

  Converter& converter() { return converter_; }
  Reporter& reporter() { return reporter_; }
  CheckScope& scope() { return scope_; }

 private:
  std::vector<std::string> help_for_unknown(std::string_view text) const;
  TypedValue decision_name(std::string_view text, SourceSpan span);
  TypedValue unary(const SyntaxExpression& syntax);
  TypedValue binary(const SyntaxExpression& syntax);
  TypedValue chain(const SyntaxExpression& syntax, ExpressionKind kind);
  TypedValue arithmetic(const SyntaxExpression& syntax);
  TypedValue time_arithmetic(const SyntaxExpression& syntax, const TypedValue& left, const TypedValue& right);
  TypedValue product(const SyntaxExpression& syntax, const TypedValue& left, const TypedValue& right);
  TypedValue comparison(const SyntaxExpression& syntax);
  bool unquoted_text(const SyntaxExpression& left, const SyntaxExpression& right);
  TypedValue outcome_comparison(const SyntaxExpression& syntax);
  TypedValue text_comparison(const SyntaxExpression& syntax);
  TypedValue between(const SyntaxExpression& syntax);
  TypedValue membership(const SyntaxExpression& syntax);
  TypedValue list_membership(const SyntaxExpression& syntax, const TypedValue& element);
  TypedValue set_membership(const SyntaxExpression& syntax, const TypedValue& element);
  TypedValue address_membership(const SyntaxExpression& syntax, const TypedValue& element);
  TypedValue outcome_membership(const SyntaxExpression& syntax);
  TypedValue matches(const SyntaxExpression& syntax);
  bool new_pattern(const SyntaxExpression& pattern);
  TypedValue lookup(const SyntaxExpression& syntax);
  TypedValue presence(const SyntaxExpression& syntax);
  TypedValue aggregate(const SyntaxExpression& syntax);
  TypedValue profile(const SyntaxExpression& syntax);
  TypedValue matched(const SyntaxExpression& syntax);
  TypedValue member(const SyntaxExpression& syntax);
  bool refuse_feedback(const SyntaxExpression& syntax, std::string_view what);
  bool reads_decision(std::string_view name) const;

  TypedValue operation(ExpressionKind kind, CommonType type, std::vector<ExpressionIndex> operands, SourceSpan span, bool negated = false);
  bool comparable(const SyntaxExpression& syntax, const TypedValue& left, const TypedValue& right, CommonType& type);
  void read_address(const SyntaxExpression& syntax, TypedValue& value, const TypedValue& other);
  bool fits_digits(const TypedValue& literal, const TypedValue& other);
  void complain_mismatch(const SyntaxExpression& syntax, const TypedValue& left, const TypedValue& right, std::string_view verb);
  bool is_event(const SyntaxExpression& syntax) const;
  TypedValue event_comparison(const SyntaxExpression& syntax);
  TypedValue event_membership(const SyntaxExpression& syntax);
  ExpressionIndex event_is(const SyntaxExpression& type, SourceSpan span, bool negated);
  bool is_outcome(const SyntaxExpression& syntax) const;
  ExpressionIndex outcome_is(const SyntaxExpression& outcome, SourceSpan span, bool negated);

  CheckScope& scope_;
  Reporter& reporter_;
  ExpressionPlace place_;
  std::optional<std::string_view> step_;
  Converter converter_;
};

}  // namespace weir
