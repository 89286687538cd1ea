#include "rules/language/event_types.h"

#include <algorithm>

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

}  // namespace weir
