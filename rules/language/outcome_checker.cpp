// The part of ExpressionChecker that a sink's `when` and features over own decisions need: `outcome` and its comparisons with declared
// outcomes.
#include <algorithm>
#include <utility>

#include "rules/language/expression_checker.h"

namespace weir {

bool ExpressionChecker::is_outcome(const SyntaxExpression& syntax) const {
  return syntax.kind == SyntaxKind::name && syntax.text == "outcome" && reads_decision(syntax.text);
}

ExpressionIndex ExpressionChecker::outcome_is(const SyntaxExpression& outcome, SourceSpan span, bool negated) {
  if (outcome.kind == SyntaxKind::bad) return no_expression;
  const std::vector<std::string>& outcomes = scope_.rules.policy.outcomes;
  const auto found = std::find(outcomes.begin(), outcomes.end(), outcome.text);
  const bool named = outcome.kind == SyntaxKind::name || outcome.kind == SyntaxKind::string;
  if (!named || found == outcomes.end()) {
    std::vector<std::string> help = did_you_mean(outcome.text, {outcomes.begin(), outcomes.end()});
    std::string all = "outcomes are";
    for (const std::string& name : outcomes) all += " " + in_backticks(name);
    help.push_back(std::move(all));
    reporter_.error("R0501", outcome.span, "unknown outcome " + in_backticks(reporter_.text(outcome.span)), "no policy or rule declares it",
                    std::move(help));
    return no_expression;
  }
  Expression node;
  node.kind = ExpressionKind::outcome_is;
  node.type = ValueType::boolean;
  node.event_only = false;
  node.negated = negated;
  node.index = static_cast<std::uint32_t>(found - outcomes.begin());
  return converter_.add(std::move(node), span).node;
}

TypedValue ExpressionChecker::outcome_comparison(const SyntaxExpression& syntax) {
  if (syntax.text != "==" && syntax.text != "!=") {
    reporter_.error("R0302", syntax.span, "outcomes have no order", "", {"use `outcome == ...` or `outcome in [...]`"});
    return converter_.broken(syntax.span);
  }
  const bool swapped = !is_outcome(*syntax.operands[0]);
  return converter_.node(outcome_is(*syntax.operands[swapped ? 0 : 1], syntax.span, syntax.text == "!="), syntax.span);
}

// `outcome in [block, alert]`: one of several tests; `not in`: none of them.
TypedValue ExpressionChecker::outcome_membership(const SyntaxExpression& syntax) {
  const SyntaxExpression& set = *syntax.operands[1];
  if (set.kind != SyntaxKind::set || set.operands.empty()) {
    reporter_.error("R0306", set.span, "`outcome` is compared with outcomes", "", {"for example `outcome in [block, alert]`"});
    return converter_.broken(syntax.span);
  }
  std::vector<ExpressionIndex> tests;
  for (const SyntaxExpressionPointer& outcome : set.operands) tests.push_back(outcome_is(*outcome, outcome->span, syntax.flag));
  if (tests.size() == 1) return converter_.node(tests[0], syntax.span);
  return operation(syntax.flag ? ExpressionKind::logical_and : ExpressionKind::logical_or, {ValueType::boolean, 0}, std::move(tests),
                   syntax.span);
}

}  // namespace weir
