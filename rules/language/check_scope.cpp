#include "rules/language/check_scope.h"

#include <algorithm>

#include "rules/language/reporter.h"

namespace weir {

namespace {

// Everything that makes a feature but its name.
std::string meaning(const FeatureSpec& spec) {
  std::string text = std::to_string(static_cast<int>(spec.aggregate));
  text += spec.input ? " of " + std::to_string(*spec.input) : " of events";
  if (spec.from != 0) text += " from " + std::to_string(spec.from);
  for (const ColumnIndex part : spec.by) text += " by " + std::to_string(part);
  text += " over " + std::to_string(spec.window_ms);
  if (spec.where) text += " where " + std::to_string(*spec.where);
  if (spec.inclusive) text += " inclusive";
  if (spec.delay_ms > 0) text += " delay " + std::to_string(spec.delay_ms);
  if (spec.last_events > 0) text += " last " + std::to_string(spec.last_events);
  if (spec.aggregate == Aggregate::percentile) text += " parts " + std::to_string(spec.percentile_parts);
  if (spec.exclude_this_event) text += " excluding";
  return text;
}

std::string fact_key(const std::vector<ColumnIndex>& by, std::string_view field) {
  std::string text(field);
  for (const ColumnIndex part : by) text += " " + std::to_string(part);
  return text;
}

}  // namespace

CheckScope::CheckScope(CheckedRules& checked) : rules(checked), arena(checked) {
  const auto enter = [this](const std::string& name, NameKind kind, std::size_t index) {
    declare(name, {kind, static_cast<std::uint32_t>(index)});
  };
  for (std::size_t index = 0; index < rules.event.fields.size(); ++index) enter(rules.event.fields[index].name, NameKind::field, index);
  for (std::size_t index = 0; index < rules.features.size(); ++index) enter(rules.features[index].name, NameKind::feature, index);
  for (std::size_t index = 0; index < rules.lets.size(); ++index) enter(rules.lets[index].name, NameKind::let, index);
  for (std::size_t index = 0; index < rules.lists.size(); ++index)
    declare_list(rules.lists[index].name, {static_cast<std::uint32_t>(index), false, false, {}});
  for (std::size_t index = 0; index < rules.lookups.size(); ++index)
    declare_lookup(rules.lookups[index].name, {static_cast<std::uint32_t>(index), false, false, {}});
  for (std::size_t index = 0; index < rules.sequences.size(); ++index) enter(rules.sequences[index].name, NameKind::pattern, index);
  for (std::size_t index = 0; index < rules.facts.size(); ++index)
    facts_.emplace(fact_key(rules.facts[index].spec.by, rules.facts[index].spec.field), static_cast<std::uint32_t>(index));
}

std::optional<NameEntry> CheckScope::find(std::string_view name) const {
  const auto found = names_.find(std::string(name));
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

bool CheckScope::declare(std::string_view name, NameEntry entry, DeclaredPlace place) {
  if (!names_.try_emplace(std::string(name), entry).second) return false;
  if (place.file != nullptr) places_.emplace(std::string(name), place);
  return true;
}

std::string CheckScope::declared_at(std::string_view name, Reporter& complains) const {
  const auto found = places_.find(std::string(name));
  return found == places_.end() ? "already" : place_text(*found->second.file, found->second.span, complains);
}

// Among sorted names, so that the answer never depends on the order of a hash table.
std::vector<std::string> CheckScope::suggest(std::string_view name, Reporter& complains) const {
  if (complains.is_full()) return {};
  std::vector<std::string_view> names;
  for (const auto& [known, entry] : names_)
    if (!known.empty()) names.push_back(known);
  std::sort(names.begin(), names.end());
  const std::string_view closest = closest_name(name, names);
  if (closest.empty()) return {};
  const std::string place = places_.contains(std::string(closest)) ? " (declared " + declared_at(closest, complains) + ")" : "";
  return {"did you mean " + in_backticks(closest) + "?" + place};
}

CheckScope::ListEntry* CheckScope::find_list(std::string_view name) {
  const auto found = lists_.find(std::string(name));
  return found == lists_.end() ? nullptr : &found->second;
}

CheckScope::ListEntry* CheckScope::find_lookup(std::string_view name) {
  const auto found = lookups_.find(std::string(name));
  return found == lookups_.end() ? nullptr : &found->second;
}

std::vector<std::string> CheckScope::suggest_of(const std::unordered_map<std::string, ListEntry>& known, std::string_view name,
                                                Reporter& complains) {
  if (complains.is_full()) return {};
  std::vector<std::string_view> names;
  for (const auto& [each, entry] : known) names.push_back(each);
  std::sort(names.begin(), names.end());
  return did_you_mean(name, names);
}

std::optional<std::uint32_t> CheckScope::find_rule(std::string_view name) {
  for (; rules_named_ < rules.rules.size(); ++rules_named_) rules_by_name_.try_emplace(rules.rules[rules_named_].name, rules_named_);
  const auto found = rules_by_name_.find(std::string(name));
  if (found == rules_by_name_.end()) return std::nullopt;
  return found->second;
}

ColumnIndex CheckScope::derived_column(ExpressionIndex value) {
  const auto same = [value](const DerivedColumn& column) { return column.value == value; };
  auto found = std::find_if(rules.derived.begin(), rules.derived.end(), same);
  if (found == rules.derived.end()) {
    const Expression& node = arena[value];
    found = rules.derived.insert(rules.derived.end(), {{node.type, node.scale}, value, !node.event_only});
  }
  return static_cast<ColumnIndex>(rules.event.fields.size() + static_cast<std::size_t>(found - rules.derived.begin()));
}

std::optional<std::uint32_t> CheckScope::find_fact(const std::vector<ColumnIndex>& by, std::string_view field) const {
  const auto found = facts_.find(fact_key(by, field));
  if (found == facts_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::uint32_t> CheckScope::find_fact(const SyntaxExpression& profile) const {
  std::vector<ColumnIndex> by;
  for (std::size_t part = 1; part < profile.names.size(); ++part) {
    const std::optional<std::size_t> field = rules.event.find(profile.names[part].text);
    if (!field) return std::nullopt;
    by.push_back(static_cast<ColumnIndex>(*field));
  }
  return find_fact(by, profile.names[0].text);
}

std::uint32_t CheckScope::declare_fact(std::vector<ColumnIndex> by, std::string_view field) {
  const auto index = static_cast<std::uint32_t>(rules.facts.size());
  facts_.emplace(fact_key(by, field), index);
  CheckedFact fact;
  std::string key;
  for (const ColumnIndex part : by) key += (key.empty() ? "" : ", ") + rules.event.fields[part].name;
  fact.spec.name = "profile(" + key + ")." + std::string(field);
  fact.spec.field = field;
  fact.spec.by = std::move(by);
  rules.facts.push_back(std::move(fact));
  return index;
}

std::optional<std::uint32_t> CheckScope::find_feature(const FeatureSpec& spec) const {
  const auto found = features_.find(meaning(spec));
  if (found == features_.end()) return std::nullopt;
  return found->second;
}

void CheckScope::know_feature(const FeatureSpec& spec, std::uint32_t index) {
  features_.try_emplace(meaning(spec), index);
}

}  // namespace weir
