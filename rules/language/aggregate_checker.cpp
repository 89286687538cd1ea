#include "rules/language/aggregate_checker.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/decimal.h"
#include "rules/language/event_types.h"
#include "rules/language/expression_checker.h"
#include "rules/language/feature_identity.h"
#include "rules/language/foreign_words.h"
#include "rules/language/functions.h"
#include "rules/language/limits.h"
#include "rules/language/time_literal.h"

namespace weir {

namespace {

constexpr std::array<std::string_view, 11> aggregate_names{"count",    "sum",   "avg",  "min",        "max", "stddev",
                                                           "distinct", "first", "last", "percentile", "mode"};
constexpr int percentile_digits = 4;
constexpr std::uint32_t median_parts = 5'000;

std::optional<Aggregate> find_aggregate(std::string_view name) {
  if (name == "median") return Aggregate::percentile;
  const auto found = std::find(aggregate_names.begin(), aggregate_names.end(), name);
  if (found == aggregate_names.end()) return std::nullopt;
  return static_cast<Aggregate>(found - aggregate_names.begin());
}

bool accepts(Aggregate aggregate, ValueType type) {
  switch (aggregate) {
    case Aggregate::count:
    case Aggregate::first:
    case Aggregate::last:
      return true;
    case Aggregate::sum:
    case Aggregate::avg:
    case Aggregate::stddev:
    case Aggregate::percentile:
      return is_number(type);
    case Aggregate::min:
    case Aggregate::max:
      return is_number(type) || type == ValueType::timestamp || type == ValueType::duration;
    case Aggregate::distinct:
    case Aggregate::mode:
      return type != ValueType::geo && type != ValueType::floating;
  }
  return false;
}

std::string_view wanted(Aggregate aggregate) {
  if (aggregate == Aggregate::distinct || aggregate == Aggregate::mode) return "anything but a float or a geo";
  return aggregate == Aggregate::min || aggregate == Aggregate::max ? "a number, a timestamp or a duration" : "a number";
}

CommonType result_type(Aggregate aggregate, CommonType input) {
  switch (aggregate) {
    case Aggregate::count:
    case Aggregate::distinct:
      return {ValueType::integer, 0};
    case Aggregate::avg:
    case Aggregate::stddev:
    case Aggregate::percentile:
      return {ValueType::floating, 0};
    default:
      return input;
  }
}

}  // namespace

Expression feature_leaf(const CheckScope& scope, std::uint32_t index) {
  const FeatureSpec& spec = scope.rules.features[index];
  const std::vector<FieldSpec>& fields = scope.rules.event.fields;
  const auto may_be_missing = [&](ColumnIndex part) {
    return part < fields.size() ? fields[part].optional : scope.arena[scope.rules.derived[part - fields.size()].value].may_be_missing;
  };
  const bool empty_is_zero =
      spec.aggregate == Aggregate::count || spec.aggregate == Aggregate::sum || spec.aggregate == Aggregate::distinct;
  Expression leaf;
  leaf.kind = ExpressionKind::feature;
  leaf.type = spec.type;
  leaf.scale = spec.scale;
  leaf.index = index;
  leaf.event_only = false;
  leaf.may_be_missing = !empty_is_zero || std::any_of(spec.by.begin(), spec.by.end(), may_be_missing);
  return leaf;
}

std::optional<FeatureSpec> AggregateChecker::check(const SyntaxExpression& syntax) {
  if (syntax.kind == SyntaxKind::bad) return std::nullopt;
  if (syntax.kind != SyntaxKind::aggregate) {
    reporter_.error("R0401", syntax.span, "a feature is an aggregate over a window", "this is not one",
                    {"for example `count() by card_id over 10m`; other values get names with `let`"});
    return std::nullopt;
  }
  const std::optional<Aggregate> aggregate = aggregate_named(syntax.aggregate->function);
  if (!aggregate) return std::nullopt;
  FeatureSpec spec;
  spec.aggregate = *aggregate;
  const bool argument_fits = argument(syntax, spec);
  const bool key_fits = key(syntax, spec);
  const bool window_fits = window(syntax, spec);
  const bool condition_fits = condition(*syntax.aggregate, spec);
  if (!argument_fits || !key_fits || !window_fits || !condition_fits) return std::nullopt;
  // A delayed window never has the event at hand. Nor has one over own decisions: what is decided will be known when it is answered
  // already.
  spec.exclude_this_event = (syntax.aggregate->exclude_this_event || spec.after_decision) && spec.delay_ms == 0;
  if (!event_types(syntax, spec)) return std::nullopt;
  spec.identity = feature_identity(syntax, scope_, spec.from, spec.by_includes_shard_key);
  return spec;
}

bool AggregateChecker::event_types(const SyntaxExpression& syntax, FeatureSpec& spec) {
  const EventSchema& schema = scope_.rules.event;
  std::vector<ExpressionIndex> roots;
  std::vector<ColumnIndex> columns = spec.by;
  for (const std::optional<ColumnIndex>& column : {spec.input, spec.where})
    if (column) columns.push_back(*column);
  std::vector<ColumnIndex> fields;
  for (const ColumnIndex column : columns) {
    if (column < schema.fields.size()) {
      fields.push_back(column);
    } else {
      roots.push_back(scope_.rules.derived[column - schema.fields.size()].value);
    }
  }
  const std::vector<ColumnIndex> read = fields_read(scope_.rules, roots);
  fields.insert(fields.end(), read.begin(), read.end());
  const std::optional<EventTypeSet> types =
      check_event_types(syntax.aggregate->from, fields, {syntax.span, "this feature", "from"}, scope_.rules, reporter_);
  if (!types) return false;
  spec.from = *types;
  // The shard's key must be among `by` for every event that is added or asks.
  spec.by_includes_shard_key = includes_shard_key(schema, spec.by, types_with_key(schema, spec.by));
  return true;
}

std::optional<Aggregate> AggregateChecker::aggregate_named(const SyntaxName& function) {
  const std::optional<Aggregate> aggregate = find_aggregate(function.text);
  if (aggregate) return aggregate;
  std::vector<std::string_view> names{aggregate_names.begin(), aggregate_names.end()};
  names.push_back("median");
  std::vector<std::string> help = did_you_mean(function.text, names);
  if (const std::string_view meant = aggregate_meant(function.text); !meant.empty()) help = {"did you mean " + in_backticks(meant) + "?"};
  if (help.empty()) {
    std::string all = "aggregates are";
    for (const std::string_view name : names) all += " " + in_backticks(name);
    help = {std::move(all)};
  }
  reporter_.error("R0204", function.span, "unknown aggregate " + in_backticks(function.text), "", std::move(help));
  return std::nullopt;
}

// How many arguments there are, and the second one of `percentile`.
bool AggregateChecker::arguments_fit(const SyntaxExpression& syntax, FeatureSpec& spec) {
  const SyntaxAggregate& aggregate = *syntax.aggregate;
  const std::string name(aggregate.function.text);
  if (name == "median") spec.percentile_parts = median_parts;
  if (name == "percentile") {
    if (aggregate.arguments.size() != 2) {
      reporter_.error("R0403", syntax.head_span, "`percentile` takes a value and a share", "", {"for example `percentile(amount, 0.95)`"});
      return false;
    }
    const SyntaxExpression& share = *aggregate.arguments[1];
    if (share.kind == SyntaxKind::bad) return false;
    const DecimalResult parts = share.kind == SyntaxKind::number ? parse_decimal(share.text, percentile_digits) : DecimalResult{};
    const bool fits = share.kind == SyntaxKind::number && parts.error == DecimalError::none && parts.scaled <= 2 * median_parts;
    if (!fits) {
      reporter_.error("R0403", share.span, "the share of `percentile` is a number from 0 to 1 with at most four digits after the point", "",
                      {"for example `percentile(amount, 0.95)`"});
      return false;
    }
    spec.percentile_parts = static_cast<std::uint32_t>(parts.scaled);
    return true;
  }
  if (aggregate.arguments.size() > 1 || (aggregate.arguments.empty() && spec.aggregate != Aggregate::count)) {
    reporter_.error("R0403", syntax.head_span, in_backticks(name) + " takes one value", aggregate.arguments.empty() ? "of what?" : "",
                    {"for example `" + name + "(amount)`"});
    return false;
  }
  return true;
}

bool AggregateChecker::argument(const SyntaxExpression& syntax, FeatureSpec& spec) {
  const SyntaxAggregate& aggregate = *syntax.aggregate;
  const std::string name(aggregate.function.text);
  if (!arguments_fit(syntax, spec)) return false;
  spec.type = ValueType::integer;
  if (aggregate.arguments.empty()) return true;
  ExpressionChecker checker(scope_, reporter_, ExpressionPlace::event);
  const TypedValue value = checker.value(*aggregate.arguments[0]);
  const ExpressionIndex node = checker.converter().convert(value);
  if (node == no_expression) return false;
  const std::string written(reporter_.text(value.span).substr(0, 60));
  const std::string where_true = "events for which it is true are counted with `count() ... where " + written + "`";
  if (!accepts(spec.aggregate, value.type)) {
    std::vector<std::string> help;
    if (value.type == ValueType::boolean) {
      help = {where_true};
    } else if (accepts(Aggregate::distinct, value.type)) {
      help = {"its different values are counted with `distinct(" + written + ")`"};
    }
    reporter_.error("R0403", value.span,
                    in_backticks(name) + " needs " + std::string(wanted(spec.aggregate)) + ", and " + checker.described(value), "",
                    std::move(help));
    return false;
  }
  if (spec.aggregate == Aggregate::count && value.type == ValueType::boolean)
    reporter_.warning("R0410", value.span, "`count` counts where this is false, too", "every event for which it is known", {where_true});
  const Expression& expression = scope_.arena[node];
  const bool field = expression.kind == ExpressionKind::event_column;
  spec.input = field ? expression.index : scope_.derived_column(node);
  const CommonType result = result_type(spec.aggregate, {value.type, value.scale});
  spec.type = result.type;
  spec.scale = result.scale;
  return true;
}

bool AggregateChecker::key(const SyntaxExpression& syntax, FeatureSpec& spec) {
  const SyntaxAggregate& aggregate = *syntax.aggregate;
  if (aggregate.by.empty()) {
    reporter_.error("R0401", syntax.span, in_backticks(aggregate.function.text) + " needs `by` and a field", "whose events?",
                    {"for example `by card_id over 10m`"});
    return false;
  }
  if (aggregate.by.size() > limits::key_parts_max) {
    reporter_.error("R0404", aggregate.by[limits::key_parts_max].span,
                    "a key has at most " + std::to_string(limits::key_parts_max) + " parts");
    return false;
  }
  bool fits = true;
  for (const SyntaxName& name : aggregate.by) {
    const std::optional<ColumnIndex> part = key_part(name);
    fits = fits && part;
    if (!part) continue;
    if (std::find(spec.by.begin(), spec.by.end(), *part) != spec.by.end()) {
      reporter_.error("R0404", name.span, in_backticks(name.text) + " stands in this key twice");
      fits = false;
    }
    spec.by.push_back(*part);
  }
  return fits;
}

// A field, or a let over fields, which is a column of its own.
std::optional<ColumnIndex> AggregateChecker::key_part(const SyntaxName& name) {
  const std::optional<NameEntry> entry = scope_.find(name.text);
  if (entry && entry->kind == NameKind::broken) return std::nullopt;
  const std::vector<FieldSpec>& fields = scope_.rules.event.fields;
  if (!entry) {
    std::vector<std::string_view> names;
    for (const FieldSpec& field : fields)
      if (!field.name.empty()) names.push_back(field.name);
    reporter_.error("R0203", name.span, "unknown field " + in_backticks(name.text), "`by` names fields of the event",
                    did_you_mean(name.text, names, reporter_));
    return std::nullopt;
  }
  const auto refuse = [&](std::string message, std::vector<std::string> help) {
    reporter_.error("R0404", name.span, std::move(message), "", std::move(help));
    return std::nullopt;
  };
  if (entry->kind == NameKind::feature || entry->kind == NameKind::pattern)
    return refuse("`by` names fields of the event, and " + in_backticks(name.text) + " is a " +
                      (entry->kind == NameKind::feature ? "feature" : "pattern"),
                  {});
  const bool let = entry->kind == NameKind::let;
  const ExpressionIndex value = let ? scope_.rules.lets[entry->index].value : no_expression;
  if (let && !scope_.arena[value].event_only)
    return refuse("a key is made of the event alone, and " + in_backticks(name.text) + " reads more than that", {});
  const ValueType type = let ? scope_.arena[value].type : fields[entry->index].type;
  if (!can_be_key(type))
    return refuse("events are not grouped by " + with_article(std::string(to_string(type))),
                  {"keys are of type string, int, bool, decimal or ip"});
  if (!let) return entry->index;
  mark_used(scope_.used_lets, entry->index);
  if (scope_.arena[value].kind == ExpressionKind::event_column) return scope_.arena[value].index;
  const ColumnIndex column = scope_.derived_column(value);
  std::string& known = scope_.rules.derived[column - fields.size()].spec.name;
  if (known.empty()) known = name.text;
  return column;
}

bool AggregateChecker::window(const SyntaxExpression& syntax, FeatureSpec& spec) {
  const SyntaxAggregate& aggregate = *syntax.aggregate;
  if (aggregate.delay) {
    if (!fits_limit(*aggregate.delay, "a delay")) return false;
    spec.delay_ms = aggregate.delay->ms;
  }
  if (aggregate.last) return count_window(aggregate, spec);
  if (!aggregate.over) {
    reporter_.error("R0401", syntax.span, in_backticks(aggregate.function.text) + " needs a window", "over which time?",
                    {"for example `over 10m`"});
    return false;
  }
  const SyntaxDuration& over = *aggregate.over;
  if (over.ms == 0 && over.span.end == 0) return false;  // told already
  if (over.ms == 0) {
    reporter_.error("R0402", over.span, "a window is longer than nothing");
    return false;
  }
  if (!fits_limit(over, "a window")) return false;
  spec.window_ms = over.ms;
  spec.inclusive = aggregate.inclusive;
  return true;
}

bool AggregateChecker::fits_limit(const SyntaxDuration& length, std::string_view what) {
  if (length.ms <= limits::window_ms_max) return true;
  reporter_.error("R0402", length.span, std::string(what) + " of " + duration_text(length.ms) + " is too long",
                  "at most " + duration_text(limits::window_ms_max));
  return false;
}

bool AggregateChecker::count_window(const SyntaxAggregate& aggregate, FeatureSpec& spec) {
  if (aggregate.last->events == 0 || aggregate.last->events > limits::window_events_max) {
    reporter_.error("R0402", aggregate.last->span,
                    "a window over a number of events holds from 1 to " + std::to_string(limits::window_events_max));
    return false;
  }
  if (aggregate.inclusive) {
    reporter_.error("R0402", aggregate.last->span, "`inclusive` is about a window of time", "", {"leave `inclusive` out"});
    return false;
  }
  spec.last_events = static_cast<std::uint32_t>(aggregate.last->events);
  spec.window_ms = limits::window_ms_max;
  if (!aggregate.over) return true;
  if (aggregate.over->ms == 0) {
    reporter_.error("R0402", aggregate.over->span, "a window is longer than nothing");
    return false;
  }
  if (!fits_limit(*aggregate.over, "a window")) return false;
  spec.window_ms = aggregate.over->ms;
  return true;
}

bool AggregateChecker::names_decision(const SyntaxExpression& syntax) const {
  if (syntax.kind == SyntaxKind::name && (syntax.text == "outcome" || syntax.text == "score") && !scope_.find(syntax.text)) return true;
  return std::any_of(syntax.operands.begin(), syntax.operands.end(),
                     [this](const SyntaxExpressionPointer& operand) { return names_decision(*operand); });
}

bool AggregateChecker::condition(const SyntaxAggregate& aggregate, FeatureSpec& spec) {
  if (!aggregate.where) return true;
  const bool after = names_decision(*aggregate.where);
  ExpressionChecker checker(scope_, reporter_, after ? ExpressionPlace::after : ExpressionPlace::event);
  const ExpressionIndex node = checker.condition(*aggregate.where, "`where`");
  if (node == no_expression) return false;
  const Expression& expression = scope_.arena[node];
  spec.after_decision = !expression.event_only;
  const bool field = expression.kind == ExpressionKind::event_column;
  spec.where = field ? expression.index : scope_.derived_column(node);
  return true;
}

TypedValue AggregateChecker::in_place(const SyntaxExpression& syntax) {
  Converter converter(scope_, reporter_);
  std::optional<FeatureSpec> spec = check(syntax);
  if (!spec) return converter.broken(syntax.span);
  std::optional<std::uint32_t> index = scope_.find_feature(*spec);
  if (!index) {
    if (scope_.rules.features.size() >= limits::features_max) {
      reporter_.beyond_limit("R0406", syntax.span, "a rule set has at most " + std::to_string(limits::features_max) + " features");
      return converter.broken(syntax.span);
    }
    spec->name = canonical_text(syntax);
    index = static_cast<std::uint32_t>(scope_.rules.features.size());
    scope_.know_feature(*spec, *index);
    scope_.rules.features.push_back(std::move(*spec));
  }
  mark_used(scope_.used_features, *index);
  return converter.add(feature_leaf(scope_, *index), syntax.span);
}

}  // namespace weir
