#include "rules/language/rule_checker.h"

#include <algorithm>
#include <utility>

#include "rules/language/condition_warnings.h"
#include "rules/language/event_types.h"
#include "rules/language/expression_checker.h"
#include "rules/language/mode_checker.h"
#include "rules/language/policy_checker.h"

namespace weir {

namespace {

class RuleChecker {
 public:
  RuleChecker(CheckScope& scope, Reporter& reporter)
      : scope_(scope), reporter_(reporter), expressions_(scope, reporter, ExpressionPlace::rule) {}

  CheckedRule run(const SyntaxRule& syntax) {
    rule_.name = syntax.name.text;
    rule_.title = syntax.title.value;
    check_mode(syntax, scope_, reporter_, rule_);
    if (syntax.when) {
      rule_.when = expressions_.condition(*syntax.when, "`when`");
      if (rule_.when != no_expression)
        warn_if_never_true(scope_.rules, rule_.when, syntax.when->span, reporter_, scope_.condition_steps_left);
    }
    if (syntax.then && !scope_.policy_broken) rule_.then = check_outcome(*syntax.then, scope_.rules.policy, reporter_).value_or(no_outcome);
    if (syntax.score) rule_.score = check_score(*syntax.score, reporter_).value_or(0);
    if (!syntax.then && !syntax.score && syntax.updates.empty() && syntax.resets.empty() && !syntax.broken)
      reporter_.error("R0503", syntax.name.span, "rule " + in_backticks(syntax.name.text) + " changes nothing",
                      "neither `then` nor `score` nor `update` nor `reset`", {"for example `then alert` or `score 40`"});
    if (syntax.reason) reason(*syntax.reason);
    for (const SyntaxName& tag : syntax.tags) rule_.tags.emplace_back(tag.text);
    if (syntax.owner) rule_.owner = syntax.owner->value;
    for (const SyntaxUpdate& update : syntax.updates) add(update);
    for (const SyntaxName& name : syntax.resets) reset(name);
    const NamesRead read = names_read(scope_.rules, roots());
    rule_.features = read.features;
    rule_.facts = read.facts;
    rule_.sequences = read.sequences;
    event_types(syntax);
    return std::move(rule_);
  }

 private:
  void event_types(const SyntaxRule& syntax) {
    std::vector<ColumnIndex> fields = fields_read(scope_.rules, roots());
    for (const CheckedUpdate& update : rule_.updates) fields.insert(fields.end(), update.key.begin(), update.key.end());
    if (rule_.mode == RuleMode::canary) fields.push_back(rule_.canary_key);
    const TypeClaim claim{syntax.name.span, "rule " + in_backticks(syntax.name.text), "on"};
    rule_.on = check_event_types(syntax.on, fields, claim, scope_.rules, reporter_).value_or(0);
  }

  // Text with `{name}`; `{{` and `}}` stand for braces.
  void reason(const SyntaxString& syntax) {
    const std::string& text = syntax.value;
    // Where escapes were resolved, offsets in the value are not those in the file: then the whole string is pointed at.
    const bool as_written = syntax.span.end - syntax.span.begin == text.size() + 2;
    const auto place = [&](std::size_t begin, std::size_t end) {
      return as_written ? SourceSpan{syntax.span.begin + 1 + begin, syntax.span.begin + 1 + end} : syntax.span;
    };
    std::string literal;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const bool doubled = at + 1 < text.size() && text[at + 1] == text[at];
      if (text[at] == '}' && !doubled) {
        reporter_.error("R0207", place(at, at + 1), "this `}` closes nothing", "", {"write `}}` for a brace"});
        return;
      }
      if ((text[at] != '{' && text[at] != '}') || doubled) {
        literal += text[at];
        if (text[at] == '{' || text[at] == '}') ++at;
        continue;
      }
      const std::size_t end = text.find('}', at);
      if (end == std::string::npos) {
        reporter_.error("R0207", place(at, at + 1), "this `{` is not closed", "", {"a placeholder is `{name}`; write `{{` for a brace"});
        return;
      }
      if (!literal.empty()) rule_.reason.push_back({std::exchange(literal, {}), no_expression});
      placeholder(std::string_view(text).substr(at + 1, end - at - 1), place(at, end + 1));
      at = end;
    }
    if (!literal.empty()) rule_.reason.push_back({std::move(literal), no_expression});
  }

  void placeholder(std::string_view name, SourceSpan span) {
    const auto in_name = [](char byte) {
      return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
    };
    if (name.empty() || !std::all_of(name.begin(), name.end(), in_name)) {
      reporter_.error("R0207", span, "a placeholder is the name of a field, feature or let", "", {"give the value a name with `let`"});
      return;
    }
    const TypedValue value = expressions_.name(name, span, "R0207");
    if (value.broken) return;
    if (value.type == ValueType::geo) {
      reporter_.error("R0207", span, "a place has no text", "", {"show a distance: `let km = distance_km(a, b)`"});
      return;
    }
    rule_.reason.push_back({{}, value.node});
  }

  void add(const SyntaxUpdate& syntax) {
    CheckedUpdate update;
    update.field = syntax.field.text;
    for (const SyntaxName& name : syntax.key) {
      const TypedValue part = expressions_.name(name.text, name.span);
      if (part.broken) continue;
      const Expression& node = scope_.arena[part.node];
      const bool keyed = node.kind == ExpressionKind::event_column &&
                         (node.type == ValueType::string || node.type == ValueType::integer || node.type == ValueType::ip);
      if (!keyed) {
        reporter_.error("R0404", name.span, "a profile belongs to a field of the event, of type string, int or ip", "",
                        {"for example `update card_id set ...`"});
        continue;
      }
      update.key.push_back(node.index);
    }
    const std::optional<std::uint32_t> fact =
        update.key.size() == syntax.key.size() ? scope_.find_fact(update.key, syntax.field.text) : std::nullopt;
    if (fact && !scope_.is_broken_fact(*fact)) update.fact = *fact;
    if (syntax.value) {
      const TypedValue value = expressions_.value(*syntax.value);
      update.value = expressions_.converter().convert(value);
      if (update.value != no_expression && update.fact != no_fact) update.fact_value = fact_value(value, update.fact);
      if (update.value != no_expression && scope_.arena[update.value].type == ValueType::geo)
        reporter_.error("R0302", syntax.value->span, "a place cannot be written to a profile");
    }
    if (syntax.duration) {
      update.for_ms = syntax.duration->ms;
      if (update.for_ms == 0) reporter_.error("R0402", syntax.duration->span, "`for` needs a length of time above zero");
    }
    rule_.updates.push_back(std::move(update));
  }

  // What is written must be what is read, whichever rule wrote it.
  ExpressionIndex fact_value(const TypedValue& value, std::uint32_t index) {
    const FactSpec& fact = scope_.rules.facts[index].spec;
    const bool numbers = is_number(value.type) && is_number(fact.type);
    const bool wider = fact.type == ValueType::floating || (value.type != ValueType::floating && value.scale <= fact.scale);
    if (value.type == fact.type ? value.scale <= fact.scale : numbers && wider && fact.type != ValueType::integer)
      return expressions_.converter().convert(value, {fact.type, fact.scale});
    reporter_.error(
        "R0314", value.span,
        in_backticks(fact.name) + " is " + with_article(type_text(fact.type, fact.scale)) + ", and " + expressions_.described(value), "",
        {"all updates of a fact write one type"});
    return no_expression;
  }

  void reset(const SyntaxName& name) {
    const std::optional<NameEntry> entry = scope_.find(name.text);
    if (entry && entry->kind == NameKind::broken) return;
    if (!entry || entry->kind != NameKind::feature) {
      reporter_.error(entry ? "R0409" : "R0203", name.span,
                      entry ? "`reset` empties the window of a feature, and " + in_backticks(name.text) + " is none"
                            : "unknown feature " + in_backticks(name.text),
                      "", entry ? std::vector<std::string>{} : scope_.suggest(name.text, reporter_));
      return;
    }
    scope_.rules.features[entry->index].resettable = true;
    rule_.resets.push_back(entry->index);
  }

  std::vector<ExpressionIndex> roots() const {
    std::vector<ExpressionIndex> all{rule_.when};
    for (const ReasonPart& part : rule_.reason) all.push_back(part.value);
    for (const CheckedUpdate& update : rule_.updates) all.push_back(update.value);
    return all;
  }

  CheckScope& scope_;
  Reporter& reporter_;
  ExpressionChecker expressions_;
  CheckedRule rule_;
};

}  // namespace

void check_rule(const SyntaxRule& syntax, CheckScope& scope, Reporter& reporter) {
  scope.rules.rules.push_back(RuleChecker(scope, reporter).run(syntax));
}

NamesRead names_read(const CheckedRules& rules, const std::vector<ExpressionIndex>& roots) {
  std::vector<ExpressionIndex> open;
  for (const ExpressionIndex root : roots)
    if (root != no_expression) open.push_back(root);
  std::vector<bool> seen(rules.expressions.size(), false);
  NamesRead read;
  while (!open.empty()) {
    const ExpressionIndex index = open.back();
    open.pop_back();
    if (seen[index]) continue;
    seen[index] = true;
    const Expression& node = rules.expressions[index];
    if (node.kind == ExpressionKind::feature) read.features.push_back(node.index);
    if (node.kind == ExpressionKind::fact) read.facts.push_back(node.index);
    if (node.kind == ExpressionKind::matched) read.sequences.push_back(node.index);
    if (node.kind == ExpressionKind::let) open.push_back(rules.lets[node.index].value);
    open.insert(open.end(), node.operands.begin(), node.operands.end());
  }
  for (std::vector<std::uint32_t>* names : {&read.features, &read.facts, &read.sequences}) std::sort(names->begin(), names->end());
  return read;
}

}  // namespace weir
