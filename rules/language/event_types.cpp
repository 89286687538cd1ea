#include "rules/language/event_types.h"

#include <algorithm>

#include "rules/language/expression_walk.h"

namespace weir {

namespace {

std::vector<std::string_view> names_of_types(const EventSchema& schema) {
  std::vector<std::string_view> names;
  for (std::size_t type = 0; type < schema.type_count(); ++type) names.push_back(schema.type_name(type));
  return names;
}

// "`login` and `payment`".
std::string listed(EventTypeSet types, const EventSchema& schema) {
  std::string text;
  for (std::size_t type = 0; type < schema.type_count(); ++type) {
    if ((types >> type & 1U) == 0) continue;
    types &= ~(EventTypeSet{1} << type);
    text += (text.empty() ? "" : types == 0 ? " and " : ", ") + in_backticks(schema.type_name(type));
  }
  return text;
}

void complain_no_type(const std::vector<ColumnIndex>& fields, const TypeClaim& claim, const EventSchema& schema, Reporter& reporter) {
  // Two fields that no type has together say it best; there may be none where it takes three.
  std::string label;
  for (std::size_t one = 0; one < fields.size() && label.empty(); ++one)
    for (std::size_t other = one + 1; other < fields.size() && label.empty(); ++other)
      if ((schema.types_with(fields[one]) & schema.types_with(fields[other])) == 0)
        label = in_backticks(schema.fields[fields[one]].name) + " is a field of " + listed(schema.types_with(fields[one]), schema) + ", " +
                in_backticks(schema.fields[fields[other]].name) + " of " + listed(schema.types_with(fields[other]), schema);
  const std::string help = claim.word == "on" ? "what other types' events say comes through a feature: `last(x) from ... by ...`"
                                              : "declare a feature for each type and combine them in a rule or a `let`";
  reporter.error("R0211", claim.span, "no event type has all the fields that " + claim.what + " reads", label, {help});
}

// It can hold for an event that lacks one of the fields that it reads.
bool may_hold_without_fields(const CheckedRules& rules, ExpressionIndex root) {
  return holds_for_any_part(rules, root, [](const Expression& part) {
    switch (part.kind) {
      case ExpressionKind::logical_or:
      case ExpressionKind::logical_not:
      case ExpressionKind::is_missing:
      case ExpressionKind::call:
      case ExpressionKind::event_is:
        return true;
      default:
        return false;
    }
  });
}

// Of rules that write or read the fact.
EventTypeSet types_using(const CheckedRules& rules, std::uint32_t fact) {
  EventTypeSet types = 0;
  for (const CheckedRule& rule : rules.rules) {
    const bool writes =
        std::any_of(rule.updates.begin(), rule.updates.end(), [&](const CheckedUpdate& update) { return update.fact == fact; });
    if (writes || std::find(rule.facts.begin(), rule.facts.end(), fact) != rule.facts.end())
      types |= rule.on == 0 ? rules.event.all_types() : rule.on;
  }
  return types;
}

}  // namespace

std::vector<ColumnIndex> fields_read(const CheckedRules& rules, const std::vector<ExpressionIndex>& roots) {
  std::vector<ExpressionIndex> open;
  for (const ExpressionIndex root : roots)
    if (root != no_expression) open.push_back(root);
  std::vector<bool> seen(rules.expressions.size(), false);
  std::vector<ColumnIndex> fields;
  while (!open.empty()) {
    const ExpressionIndex index = open.back();
    open.pop_back();
    if (seen[index]) continue;
    seen[index] = true;
    const Expression& node = rules.expressions[index];
    if (node.kind == ExpressionKind::event_column) fields.push_back(node.index);
    if (node.kind == ExpressionKind::let) open.push_back(rules.lets[node.index].value);
    const auto add = [&](const std::vector<ColumnIndex>& by) {
      for (const ColumnIndex part : by) {
        if (part < rules.event.fields.size())
          fields.push_back(part);
        else
          open.push_back(rules.derived[part - rules.event.fields.size()].value);
      }
    };
    if (node.kind == ExpressionKind::feature) add(rules.features[node.index].by);
    if (node.kind == ExpressionKind::fact) add(rules.facts[node.index].spec.by);
    if (node.kind == ExpressionKind::matched) add(rules.sequences[node.index].by);
    open.insert(open.end(), node.operands.begin(), node.operands.end());
  }
  std::sort(fields.begin(), fields.end());
  fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
  return fields;
}

std::optional<EventTypeSet> check_event_types(const std::vector<SyntaxName>& named, const std::vector<ColumnIndex>& fields,
                                              const TypeClaim& claim, const CheckedRules& rules, Reporter& reporter) {
  const EventSchema& schema = rules.event;
  bool fits = true;
  EventTypeSet types = 0;
  for (const SyntaxName& name : named) {
    if (name.text.empty()) return std::nullopt;  // told already
    const std::optional<std::size_t> type = schema.find_type(name.text);
    if (!type) {
      reporter.error("R0210", name.span, "unknown event " + in_backticks(name.text), "", did_you_mean(name.text, names_of_types(schema)));
      fits = false;
      continue;
    }
    types |= EventTypeSet{1} << *type;
    const auto lacking =
        std::find_if(fields.begin(), fields.end(), [&](ColumnIndex field) { return (schema.types_with(field) >> *type & 1U) == 0; });
    if (lacking == fields.end()) continue;
    const std::string& field = schema.fields[*lacking].name;
    reporter.error("R0211", name.span, "event " + in_backticks(name.text) + " has no field " + in_backticks(field),
                   claim.what + " reads it; it is a field of " + listed(schema.types_with(*lacking), schema));
    fits = false;
  }
  if (!fits) return std::nullopt;
  if (named.empty()) {
    types = schema.all_types();
    for (const ColumnIndex field : fields) types &= schema.types_with(field);
    if (types == 0) {
      complain_no_type(fields, claim, schema, reporter);
      return std::nullopt;
    }
  }
  return types == schema.all_types() ? 0 : types;
}

EventTypeSet types_with_key(const EventSchema& schema, const std::vector<ColumnIndex>& by) {
  EventTypeSet types = schema.all_types();
  for (const ColumnIndex part : by) types &= schema.types_with(part);
  return types;
}

EventTypeSet types_fitting(const CheckedRules& rules, const PatternStep& step) {
  const std::size_t fields = rules.event.fields.size();
  std::vector<ColumnIndex> needed;
  if (step.condition < fields) {
    needed.push_back(step.condition);
  } else {
    const ExpressionIndex asks = rules.derived[step.condition - fields].value;
    if (!may_hold_without_fields(rules, asks)) needed = fields_read(rules, {asks});
  }
  for (const StepComparison& comparison : step.comparisons)
    if (comparison.own < fields) needed.push_back(comparison.own);
  return types_with_key(rules.event, needed);
}

bool includes_shard_key(const EventSchema& schema, const std::vector<ColumnIndex>& by, EventTypeSet types) {
  for (std::size_t type = 0; type < schema.type_count(); ++type) {
    if ((types >> type & 1U) == 0) continue;
    const std::optional<std::size_t> key = schema.key_field_of(type);
    if (!key || std::find(by.begin(), by.end(), *key) == by.end()) return false;
  }
  return true;
}

void tie_facts_to_shards(CheckedRules& rules, const std::function<bool(std::uint32_t fact)>& asked_elsewhere) {
  for (std::uint32_t index = 0; index < rules.facts.size(); ++index) {
    FactSpec& fact = rules.facts[index].spec;
    const EventTypeSet with_key = types_with_key(rules.event, fact.by);
    const EventTypeSet users = asked_elsewhere(index) ? with_key : types_using(rules, index) & with_key;
    fact.by_includes_shard_key = includes_shard_key(rules.event, fact.by, users);
    fact.read_by = fact.by_includes_shard_key && !includes_shard_key(rules.event, fact.by, with_key) ? users : 0;
  }
}

}  // namespace weir
