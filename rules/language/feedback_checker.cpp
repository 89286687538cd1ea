// The part of ExpressionChecker that reads what rules write: profile facts and patterns.
#include <algorithm>
#include <utility>

#include "rules/language/expression_checker.h"

namespace weir {

// Facts and patterns are known when the rules are judged; a feature and a filter are computed before that.
bool ExpressionChecker::refuse_feedback(const SyntaxExpression& syntax, std::string_view what) {
  if (place_ == ExpressionPlace::rule || place_ == ExpressionPlace::decision) return false;
  const bool filter = place_ == ExpressionPlace::filter;
  reporter_.error("R0405", syntax.span,
                  std::string(filter ? "a filter" : "a feature") + " reads fields of the event only, not " + std::string(what), "",
                  {filter ? "write a rule instead of a filter" : "a rule can combine features and what rules have written"});
  return true;
}

TypedValue ExpressionChecker::profile(const SyntaxExpression& syntax) {
  if (refuse_feedback(syntax, "profiles")) return converter_.broken(syntax.span);
  for (std::size_t part = 1; part < syntax.names.size(); ++part) {
    const SyntaxName& key = syntax.names[part];
    const std::optional<NameEntry> entry = scope_.find(key.text);
    if (entry && entry->kind == NameKind::broken) return converter_.broken(syntax.span);
    if (!entry) {
      reporter_.error("R0203", key.span, "unknown field " + in_backticks(key.text), "the key of a profile is a field of the event",
                      scope_.suggest(key.text, reporter_));
      return converter_.broken(syntax.span);
    }
    if (entry->kind != NameKind::field) {
      reporter_.error("R0404", key.span, "the key of a profile is a field of the event, and " + in_backticks(key.text) + " is none", "",
                      {"for example `profile(card_id)." + std::string(syntax.names[0].text) + "`"});
      return converter_.broken(syntax.span);
    }
  }
  const std::optional<std::uint32_t> index = scope_.find_fact(syntax);
  if (!index) {
    std::vector<std::string_view> names;
    for (const CheckedFact& fact : scope_.rules.facts) names.push_back(fact.spec.name);
    const std::string text = canonical_text(syntax);
    std::vector<std::string> help = did_you_mean(text, names, reporter_);
    std::string key;
    for (std::size_t part = 1; part < syntax.names.size(); ++part) key.append(part > 1 ? ", " : "").append(syntax.names[part].text);
    help.push_back("a rule writes it with `update " + key + " set " + std::string(syntax.names[0].text) + " = ...`");
    reporter_.error("R0214", syntax.span, "no rule writes " + in_backticks(text), "", std::move(help));
    return converter_.broken(syntax.span);
  }
  if (scope_.is_broken_fact(*index)) return converter_.broken(syntax.span);
  CheckedFact& fact = scope_.rules.facts[*index];
  fact.read = true;
  Expression leaf;
  leaf.kind = ExpressionKind::fact;
  leaf.type = fact.spec.type;
  leaf.scale = fact.spec.scale;
  leaf.index = *index;
  leaf.may_be_missing = true;
  leaf.event_only = false;
  return converter_.add(std::move(leaf), syntax.span);
}

TypedValue ExpressionChecker::matched(const SyntaxExpression& syntax) {
  if (refuse_feedback(syntax, "patterns")) return converter_.broken(syntax.span);
  const std::optional<NameEntry> entry = scope_.find(syntax.text);
  if (entry && entry->kind == NameKind::broken) return converter_.broken(syntax.span);
  if (!entry || entry->kind != NameKind::pattern) {
    std::vector<std::string_view> names;
    for (const PatternSpec& sequence : scope_.rules.sequences) names.push_back(sequence.name);
    reporter_.error("R0215", syntax.span,
                    entry ? in_backticks(syntax.text) + " is no pattern" : "unknown pattern " + in_backticks(syntax.text), "",
                    did_you_mean(syntax.text, names, reporter_));
    return converter_.broken(syntax.span);
  }
  mark_used(scope_.used_patterns, entry->index);
  Expression leaf;
  leaf.kind = ExpressionKind::matched;
  leaf.type = ValueType::boolean;
  leaf.index = entry->index;
  leaf.event_only = false;
  return converter_.add(std::move(leaf), syntax.span);
}

TypedValue ExpressionChecker::member(const SyntaxExpression& syntax) {
  const SyntaxName& step = syntax.names[0];
  if (step_ && step.text == *step_) {
    const SyntaxName& field = syntax.names[1];
    return name(field.text, syntax.span);
  }
  reporter_.error("R0215", syntax.span, in_backticks(step.text) + " is not an earlier step", "",
                  {step_ ? "inside a pattern, `step.field` reads a field of an earlier step's event"
                         : "fields are plain names, without a point; only the steps of a pattern are read with one"});
  return converter_.broken(syntax.span);
}

}  // namespace weir
