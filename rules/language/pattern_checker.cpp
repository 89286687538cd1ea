#include "rules/language/pattern_checker.h"

#include <algorithm>
#include <set>
#include <utility>

#include "rules/language/condition_warnings.h"
#include "rules/language/event_types.h"
#include "rules/language/expression_checker.h"
#include "rules/language/feature_identity.h"
#include "rules/language/limits.h"
#include "rules/language/time_literal.h"

namespace weir {

namespace {

std::optional<Comparison> comparison_of(const SyntaxExpression& syntax) {
  if (syntax.kind != SyntaxKind::binary) return std::nullopt;
  if (syntax.text == "==") return Comparison::equal;
  if (syntax.text == "!=") return Comparison::not_equal;
  if (syntax.text == "<") return Comparison::less;
  if (syntax.text == "<=") return Comparison::less_equal;
  if (syntax.text == ">") return Comparison::greater;
  if (syntax.text == ">=") return Comparison::greater_equal;
  return std::nullopt;
}

Comparison mirrored(Comparison comparison) {
  switch (comparison) {
    case Comparison::less:
      return Comparison::greater;
    case Comparison::less_equal:
      return Comparison::greater_equal;
    case Comparison::greater:
      return Comparison::less;
    case Comparison::greater_equal:
      return Comparison::less_equal;
    default:
      return comparison;
  }
}

// Which events an expression reads.
struct Reads {
  bool own = false;
  std::vector<const SyntaxExpression*> members;
};

void collect(const SyntaxExpression& syntax, Reads& reads) {
  if (syntax.kind == SyntaxKind::name) reads.own = true;
  if (syntax.kind == SyntaxKind::member) reads.members.push_back(&syntax);
  for (const SyntaxExpressionPointer& operand : syntax.operands) collect(*operand, reads);
}

class PatternChecker {
 public:
  PatternChecker(CheckScope& scope, Reporter& reporter)
      : scope_(scope), reporter_(reporter), expressions_(scope, reporter, ExpressionPlace::event) {}

  PatternSpec run(const SyntaxPattern& syntax) {
    spec_.name = syntax.name.text;
    key(syntax);
    if (syntax.within) within(*syntax.within);
    for (const SyntaxPatternStep& step : syntax.steps) {
      for (std::uint32_t time = 0; time < step.times; ++time) {
        if (spec_.steps.size() == limits::steps_max) {
          reporter_.error("R0408", step.condition->span, "a pattern has at most " + std::to_string(limits::steps_max) + " steps");
          return std::move(spec_);
        }
        add(step);
      }
    }
    if (spec_.steps.size() < 2 && !syntax.broken)
      reporter_.error("R0408", syntax.name.span, "a pattern has two steps or more", "",
                      {"for example `{ small: amount < 2.00 then big: amount > 500.00 }`; a single condition is a rule's `when`"});
    return std::move(spec_);
  }

 private:
  void key(const SyntaxPattern& syntax) {
    if (syntax.by.size() > limits::key_parts_max)
      reporter_.error("R0404", syntax.by.back().span, "a key has at most " + std::to_string(limits::key_parts_max) + " parts");
    for (const SyntaxName& part : syntax.by) {
      const std::optional<NameEntry> entry = scope_.find(part.text);
      if (entry && entry->kind == NameKind::broken) continue;
      if (!entry) {
        reporter_.error("R0203", part.span, "unknown field " + in_backticks(part.text), "`by` names fields of the event",
                        scope_.suggest(part.text, reporter_));
        continue;
      }
      const bool field = entry->kind == NameKind::field;
      const ValueType type = field ? scope_.rules.event.fields[entry->index].type : ValueType::geo;
      if (!can_be_key(type)) {
        reporter_.error("R0404", part.span, "`by` names fields of the event, of type string, int, bool, decimal or ip");
      } else if (std::find(spec_.by.begin(), spec_.by.end(), entry->index) != spec_.by.end()) {
        reporter_.error("R0404", part.span, in_backticks(part.text) + " stands in this key twice");
      } else {
        spec_.by.push_back(entry->index);
      }
    }
  }

  void within(const SyntaxDuration& duration) {
    spec_.within_ms = duration.ms;
    if (duration.ms == 0) reporter_.error("R0402", duration.span, "`within` needs a length of time above zero");
    if (duration.ms > limits::window_ms_max)
      reporter_.error("R0402", duration.span, "a pattern over " + duration_text(duration.ms) + " is too long",
                      "at most " + duration_text(limits::window_ms_max));
  }

  void add(const SyntaxPatternStep& syntax) {
    PatternStep step;
    std::vector<ExpressionIndex> own;
    split(*syntax.condition, step, own);
    ExpressionIndex condition = no_expression;
    if (own.size() == 1) {
      condition = own[0];
    } else if (!own.empty()) {
      Expression all;
      all.kind = ExpressionKind::logical_and;
      all.type = ValueType::boolean;
      all.operands = std::move(own);
      condition = expressions_.converter().add(std::move(all), syntax.condition->span).node;
    }
    // A step that only compares, or that is broken, asks nothing of its event alone.
    if (condition == no_expression)
      condition = expressions_.converter().literal(ValueType::boolean, {.boolean = true, .text = {}}, syntax.condition->span).node;
    step.condition = column(condition);
    spec_.steps.push_back(std::move(step));
    labels_.push_back(syntax.times == 1 ? syntax.label.text : std::string_view());
    if (syntax.times > 1 && !syntax.label.text.empty()) repeated_.push_back(syntax.label.text);
    const auto same = [&](std::string_view label) { return !label.empty() && label == labels_.back(); };
    if (std::count_if(labels_.begin(), labels_.end(), same) > 1)
      reporter_.error("R0201", syntax.label.span, "step " + in_backticks(syntax.label.text) + " stands in this pattern twice");
  }

  // `a and b and c`: each part either asks something of the event alone, or compares it with an earlier step's.
  void split(const SyntaxExpression& syntax, PatternStep& step, std::vector<ExpressionIndex>& own) {
    if (syntax.kind == SyntaxKind::binary && syntax.text == "and") {
      for (const SyntaxExpressionPointer& part : syntax.operands) split(*part, step, own);
      return;
    }
    Reads reads;
    collect(syntax, reads);
    if (reads.members.empty()) {
      own.push_back(expressions_.condition(syntax, "a step"));
    } else {
      compare(syntax, step);
    }
  }

  void compare(const SyntaxExpression& syntax, PatternStep& step) {
    const std::optional<Comparison> comparison = comparison_of(syntax);
    Reads left;
    Reads right;
    if (comparison) {
      collect(*syntax.operands[0], left);
      collect(*syntax.operands[1], right);
    }
    const bool mixed = (!left.members.empty() && (left.own || !right.members.empty())) || (!right.members.empty() && right.own);
    if (!comparison || mixed) {
      reporter_.error("R0408", syntax.span, "an earlier step is read on one side of a comparison, this step's event on the other", "",
                      {"for example `merchant_id != small.merchant_id` or `amount > 10 * small.amount`, joined with `and`"});
      return;
    }
    const bool swapped = !left.members.empty();
    const std::vector<const SyntaxExpression*>& members = swapped ? left.members : right.members;
    const std::string_view label = members[0]->names[0].text;
    const auto other =
        std::find_if(members.begin(), members.end(), [&](const SyntaxExpression* member) { return member->names[0].text != label; });
    if (other != members.end()) {
      reporter_.error("R0408", (*other)->span, "one comparison reads one earlier step", "", {"compare with each of them on its own"});
      return;
    }
    const std::optional<std::uint32_t> earlier = find_step(members[0]->names[0]);
    if (!earlier) return;
    const TypedValue own = expressions_.value(*syntax.operands[swapped ? 1 : 0]);
    expressions_.read_step(label);
    const TypedValue theirs = expressions_.value(*syntax.operands[swapped ? 0 : 1]);
    expressions_.read_step(std::nullopt);
    if (own.broken || theirs.broken) return;
    const std::optional<CommonType> type = Converter::common_type(own, theirs);
    const bool equality = *comparison == Comparison::equal || *comparison == Comparison::not_equal;
    const bool ordered = type && type->type != ValueType::string && type->type != ValueType::boolean && type->type != ValueType::ip;
    if (!type || type->type == ValueType::geo || (!equality && !ordered)) {
      reporter_.error(
          "R0302", syntax.span,
          in_backticks(syntax.text) + " does not work here: " + expressions_.described(own) + ", " + expressions_.described(theirs));
      return;
    }
    const ExpressionIndex own_node = expressions_.converter().convert(own, *type);
    const ExpressionIndex their_node = expressions_.converter().convert(theirs, *type);
    if (own_node == no_expression || their_node == no_expression) return;
    const StepComparison made{column(own_node), swapped ? mirrored(*comparison) : *comparison, *earlier, column(their_node), type->type};
    const std::size_t before = compared_.size();
    compared_.insert({made.own, made.earlier});
    if (before <= limits::pattern_values_max && compared_.size() > limits::pattern_values_max)
      reporter_.error("R0408", syntax.span,
                      "the steps of a pattern compare at most " + std::to_string(limits::pattern_values_max) + " different values",
                      "the limit is reached here");
    step.comparisons.push_back(made);
  }

  std::optional<std::uint32_t> find_step(const SyntaxName& name) {
    const auto found = std::find(labels_.begin(), labels_.end(), name.text);
    if (found != labels_.end()) return static_cast<std::uint32_t>(found - labels_.begin());
    const bool repeated = std::find(repeated_.begin(), repeated_.end(), name.text) != repeated_.end();
    std::vector<std::string_view> names;
    for (const std::string_view label : labels_)
      if (!label.empty()) names.push_back(label);
    reporter_.error("R0215", name.span, in_backticks(name.text) + (repeated ? " is several steps" : " is not an earlier step"), "",
                    repeated ? std::vector<std::string>{"write the steps one by one to read one of them"} : did_you_mean(name.text, names));
    return std::nullopt;
  }

  ColumnIndex column(ExpressionIndex index) {
    const Expression& node = scope_.arena[index];
    return node.kind == ExpressionKind::event_column ? node.index : scope_.derived_column(index);
  }

  CheckScope& scope_;
  Reporter& reporter_;
  ExpressionChecker expressions_;
  PatternSpec spec_;
  std::vector<std::string_view> labels_;    // by step; empty: cannot be read
  std::vector<std::string_view> repeated_;  // labels of steps that stand for several
  std::set<ColumnIndex> compared_;          // what is remembered of an event
};

}  // namespace

bool searches_combinations(const PatternSpec& pattern) {
  return std::any_of(pattern.steps.begin(), pattern.steps.end(), [&](const PatternStep& step) {
    return std::any_of(step.comparisons.begin(), step.comparisons.end(),
                       [&](const StepComparison& comparison) { return comparison.step + 2 < pattern.steps.size(); });
  });
}

void check_pattern(const SyntaxPattern& syntax, std::uint32_t index, CheckScope& scope, Reporter& reporter) {
  PatternSpec& spec = scope.rules.sequences[index];
  spec = PatternChecker(scope, reporter).run(syntax);
  // Events that fit no step are no part of it.
  EventTypeSet fitting = 0;
  for (const PatternStep& step : spec.steps) fitting |= types_fitting(scope.rules, step);
  const EventSchema& schema = scope.rules.event;
  spec.by_includes_shard_key = includes_shard_key(schema, spec.by, fitting & types_with_key(schema, spec.by));
  spec.identity = pattern_identity(syntax, scope, fitting, spec.by_includes_shard_key);
}

}  // namespace weir
