// The part of ExpressionChecker that asks for an event's type: `event == login`, `event in [login, payment]`.
#include <utility>

#include "rules/language/expression_checker.h"

namespace weir {

// A field, feature or let may have that name; then it is meant.
bool ExpressionChecker::is_event(const SyntaxExpression& syntax) const {
  return syntax.kind == SyntaxKind::name && syntax.text == "event" && !scope_.find("event");
}

ExpressionIndex ExpressionChecker::event_is(const SyntaxExpression& type, SourceSpan span, bool negated) {
  if (type.kind == SyntaxKind::bad) return no_expression;
  const EventSchema& schema = scope_.rules.event;
  const bool named = type.kind == SyntaxKind::name || type.kind == SyntaxKind::string;
  const std::optional<std::size_t> found = named ? schema.find_type(type.text) : std::nullopt;
  if (!found) {
    std::vector<std::string_view> names;
    for (std::size_t index = 0; index < schema.type_count(); ++index) names.push_back(schema.type_name(index));
    std::vector<std::string> help = did_you_mean(type.text, names);
    if (help.empty()) help = {"`event` is compared with the name of an event, for example `event == " + std::string(names.front()) + "`"};
    reporter_.error("R0210", type.span, "unknown event " + in_backticks(reporter_.text(type.span)), "", std::move(help));
    return no_expression;
  }
  Expression node;
  node.kind = ExpressionKind::event_is;
  node.type = ValueType::boolean;
  node.negated = negated;
  node.index = static_cast<std::uint32_t>(*found);
  return converter_.add(std::move(node), span).node;
}

TypedValue ExpressionChecker::event_comparison(const SyntaxExpression& syntax) {
  if (syntax.text != "==" && syntax.text != "!=") {
    reporter_.error("R0302", syntax.span, "event types have no order", "", {"use `event == ...` or `event in [...]`"});
    return converter_.broken(syntax.span);
  }
  const bool swapped = !is_event(*syntax.operands[0]);
  const ExpressionIndex test = event_is(*syntax.operands[swapped ? 0 : 1], syntax.span, syntax.text == "!=");
  return test == no_expression ? converter_.broken(syntax.span) : converter_.node(test, syntax.span);
}

// One of several tests; `not in`: none of them.
TypedValue ExpressionChecker::event_membership(const SyntaxExpression& syntax) {
  const SyntaxExpression& set = *syntax.operands[1];
  if (set.kind != SyntaxKind::set || set.operands.empty()) {
    reporter_.error("R0306", set.span, "`event` is compared with events", "", {"for example `event in [login, payment]`"});
    return converter_.broken(syntax.span);
  }
  std::vector<ExpressionIndex> tests;
  for (const SyntaxExpressionPointer& type : set.operands) tests.push_back(event_is(*type, type->span, syntax.flag));
  for (const ExpressionIndex test : tests)
    if (test == no_expression) return converter_.broken(syntax.span);
  if (tests.size() == 1) return converter_.node(tests[0], syntax.span);
  return operation(syntax.flag ? ExpressionKind::logical_and : ExpressionKind::logical_or, {ValueType::boolean, 0}, std::move(tests),
                   syntax.span);
}

}  // namespace weir
