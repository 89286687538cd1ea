#include "rules/language/feature_identity.h"

#include <algorithm>
#include <set>
#include <xxhash.h>

#include "engine/base/byte_buffer.h"
#include "engine/base/json_text.h"

namespace weir {

namespace {

void collect_names(const SyntaxExpression& syntax, std::set<std::string>& names) {
  if (syntax.kind == SyntaxKind::name) names.insert(syntax.text);
  if (syntax.kind == SyntaxKind::member && syntax.names.size() > 1) names.insert(std::string(syntax.names[1].text));
  for (const SyntaxExpressionPointer& operand : syntax.operands) collect_names(*operand, names);
  if (!syntax.aggregate) return;
  for (const SyntaxExpressionPointer& argument : syntax.aggregate->arguments) collect_names(*argument, names);
  for (const SyntaxName& part : syntax.aggregate->by) names.insert(std::string(part.text));
  if (syntax.aggregate->where) collect_names(*syntax.aggregate->where, names);
}

// In events of some type that has it. A type that lacks it says nothing about the others.
bool may_be_missing(const EventSchema& event, std::size_t index) {
  if (event.types.empty()) return event.fields[index].optional;
  return std::any_of(event.types.begin(), event.types.end(), [index](const EventType& type) {
    return std::binary_search(type.fields.begin(), type.fields.end(), index) &&
           std::find(type.required.begin(), type.required.end(), index) == type.required.end();
  });
}

std::string field_text(const EventSchema& event, std::size_t index) {
  const FieldSpec& field = event.fields[index];
  return field.name + ' ' + std::to_string(static_cast<int>(field.type)) + ' ' + std::to_string(field.scale) + ' ' +
         std::to_string(static_cast<int>(field.unit)) + (may_be_missing(event, index) ? " ?" : "");
}

std::string time_text(const EventSchema& event, std::size_t type) {
  const std::size_t field = event.types.empty() ? event.time_field : event.types[type].time_field;
  return field < event.fields.size() ? "time " + field_text(event, field) : "";
}

// No types are all types.
bool is_in(EventTypeSet types, std::size_t type) {
  return types == 0 || (types >> type & 1U) != 0;
}

}  // namespace

std::string meaning_text(const SyntaxExpression& syntax, const CheckScope& scope) {
  std::set<std::string> names;
  collect_names(syntax, names);
  std::string text = canonical_text(syntax);
  for (const std::string& name : names) {
    const std::optional<NameEntry> entry = scope.find(name);
    if (!entry) continue;
    if (entry->kind == NameKind::field) text += "; field " + field_text(scope.rules.event, entry->index);
    if (entry->kind == NameKind::let) text += "; let " + name + " = (" + scope.let_meaning(name) + ')';
  }
  return text;
}

std::string pattern_identity(const SyntaxPattern& pattern, const CheckScope& scope, EventTypeSet fitting, bool by_includes_shard_key) {
  std::string text = "pattern by";
  for (const SyntaxName& part : pattern.by) {
    const std::optional<NameEntry> entry = scope.find(part.text);
    if (entry && entry->kind == NameKind::field) text += "; field " + field_text(scope.rules.event, entry->index);
  }
  text += "; within " + std::to_string(pattern.within ? pattern.within->ms : 0);
  for (const SyntaxPatternStep& step : pattern.steps)
    text += "; step " + std::string(step.label.text) + ' ' + std::to_string(step.times) + " x " + meaning_text(*step.condition, scope);
  const EventSchema& event = scope.rules.event;
  std::set<std::string> times;
  for (std::size_t type = 0; type < event.type_count(); ++type)
    if (is_in(fitting, type)) times.insert(time_text(event, type));
  for (const std::string& time : times) text += "; " + time;
  return text + (by_includes_shard_key ? "; of the shard" : "; of all shards");
}

std::string meaning_digest(const SyntaxExpression& syntax, const CheckScope& scope) {
  const std::string text = meaning_text(syntax, scope);
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  ByteBuffer digits;
  append_hex(digits, hash.high64);
  append_hex(digits, hash.low64);
  return std::string(digits.view());
}

std::string feature_identity(const SyntaxExpression& syntax, const CheckScope& scope, EventTypeSet from, bool by_includes_shard_key) {
  const EventSchema& event = scope.rules.event;
  std::set<std::string> types;
  for (std::size_t type = 0; type < event.type_count(); ++type)
    if (is_in(from, type)) types.insert(event.type_name(type) + ", " + time_text(event, type));
  std::string text = meaning_text(syntax, scope);
  for (const std::string& type : types) text += "; from " + type;
  return text + (by_includes_shard_key ? "; of the shard" : "; of all shards");
}

}  // namespace weir
