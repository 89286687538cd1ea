#include "engine/app/test_terms.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace weir {
namespace {

ExpressionIndex add(CheckedRules& rules, ExpressionKind kind, std::vector<ExpressionIndex> operands, std::uint32_t index = 0) {
  Expression node;
  node.kind = kind;
  node.type = ValueType::boolean;
  node.operands = std::move(operands);
  node.index = index;
  rules.expressions.push_back(std::move(node));
  return static_cast<ExpressionIndex>(rules.expressions.size() - 1);
}

bool brings(const RecordTypes& types, std::size_t type) {
  if (types.field.empty()) return types.type == type;
  return std::any_of(types.told.begin(), types.told.end(), [type](const auto& told) { return told.second == type; });
}

// Of the first source that brings events of the type; no_expression: all are taken.
ExpressionIndex filter_of_type(const CheckedSet& set, const ServiceSettings& settings, std::size_t type) {
  for (std::size_t source = 0; source < settings.sources.size(); ++source)
    if (brings(record_types(set.rules->event, settings.sources[source]), type)) return set.filters[source];
  return no_expression;
}

// `event == payment and FILTER or event == login and ...`, where types are treated differently.
std::optional<ExpressionIndex> filter_of_all(CheckedSet& set, const ServiceSettings& settings) {
  CheckedRules& rules = *set.rules;
  std::vector<ExpressionIndex> filters;
  for (std::size_t type = 0; type < rules.event.type_count(); ++type) filters.push_back(filter_of_type(set, settings, type));
  if (std::adjacent_find(filters.begin(), filters.end(), std::not_equal_to<>()) == filters.end())
    return filters[0] == no_expression ? std::nullopt : std::optional(filters[0]);
  std::vector<ExpressionIndex> kept;
  for (std::size_t type = 0; type < filters.size(); ++type) {
    const ExpressionIndex is_type = add(rules, ExpressionKind::event_is, {}, static_cast<std::uint32_t>(type));
    kept.push_back(filters[type] == no_expression ? is_type : add(rules, ExpressionKind::logical_and, {is_type, filters[type]}));
  }
  return add(rules, ExpressionKind::logical_or, std::move(kept));
}

}  // namespace

LatePolicy late_policy(LateThen then) {
  if (then == LateThen::dead_letter) return LatePolicy::dead_letter;
  return then == LateThen::drop ? LatePolicy::drop : LatePolicy::decide;
}

TestTerms test_terms(CheckedSet& set, const ServiceSettings& settings) {
  TestTerms terms;
  if (set.filters.size() == settings.sources.size() && !settings.sources.empty()) terms.filter = filter_of_all(set, settings);
  terms.late = late_policy(settings.state.late.then);
  terms.late_allowed_ms = settings.state.late.allowed.count();
  terms.duplicates = {settings.state.duplicates.horizon.count(), settings.state.duplicates.ids_max};
  const bool strict =
      std::any_of(settings.sources.begin(), settings.sources.end(), [](const SourceSettings& source) { return source.mapping.strict; });
  terms.parse = {settings.parse.record_bytes_max, settings.parse.depth_max, settings.parse.string_bytes_max, strict};
  return terms;
}

}  // namespace weir
