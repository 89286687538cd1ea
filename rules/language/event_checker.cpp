#include "rules/language/event_checker.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/decimal.h"
#include "rules/language/limits.h"
#include "rules/language/typed_value.h"

namespace weir {

namespace {

struct TypeName {
  std::string_view name;
  ValueType type;
};
constexpr std::array<TypeName, 9> type_names{{{"bool", ValueType::boolean},
                                              {"int", ValueType::integer},
                                              {"decimal", ValueType::decimal},
                                              {"float", ValueType::floating},
                                              {"string", ValueType::string},
                                              {"timestamp", ValueType::timestamp},
                                              {"duration", ValueType::duration},
                                              {"geo", ValueType::geo},
                                              {"ip", ValueType::ip}}};

std::vector<std::string> type_help(std::string_view name) {
  if (name == "number" || name == "money") return {"an amount of money is a `decimal`, a whole number an `int`"};
  if (name == "text" || name == "str") return {"text is a `string`"};
  if (name == "boolean") return {"did you mean `bool`?"};
  if (name == "integer" || name == "long") return {"did you mean `int`?"};
  if (name == "double") return {"did you mean `float`?"};
  if (name == "date" || name == "datetime" || name == "time") return {"did you mean `timestamp`?"};
  std::vector<std::string_view> names;
  names.reserve(type_names.size());
  for (const TypeName& known : type_names) names.push_back(known.name);
  std::vector<std::string> help = did_you_mean(name, names);
  help.push_back("types are bool, int, decimal, float, string, timestamp, duration, geo and ip");
  return help;
}

bool check_parameter(DeclaredType& declared, const SyntaxName& name, const SyntaxName& parameter, Reporter& reporter) {
  if (declared.type == ValueType::decimal) {
    if (parameter.text.size() == 1 && parameter.text[0] >= '0' && parameter.text[0] <= '9') {
      declared.scale = parameter.text[0] - '0';
      return true;
    }
    reporter.error("R0301", parameter.span, "a decimal has 0 to " + std::to_string(decimal_scale_max) + " digits after the point");
    return false;
  }
  if (declared.type == ValueType::timestamp) {
    constexpr std::array<std::pair<std::string_view, TimestampUnit>, 3> units{
        {{"s", TimestampUnit::seconds}, {"ms", TimestampUnit::milliseconds}, {"us", TimestampUnit::microseconds}}};
    for (const auto& [text, unit] : units) {
      if (parameter.text != text) continue;
      declared.unit = unit;
      return true;
    }
    reporter.error("R0301", parameter.span, "a timestamp counts in `s`, `ms` or `us`");
    return false;
  }
  reporter.error("R0301", parameter.span, in_backticks(name.text) + " takes no parameter");
  return false;
}

// One event type; its fields join those of the types before it.
class EventChecker {
 public:
  EventChecker(CheckScope& scope, Reporter& reporter, EventType& type)
      : scope_(scope), reporter_(reporter), event_(scope.rules.event), type_(type) {}

  bool run(const SyntaxEvent& syntax) {
    type_.name = syntax.name.text;
    for (const SyntaxField& field : syntax.fields) add(field);
    if (broken_) return false;
    if (!time_) {
      reporter_.error("R0209", syntax.name.span, "event " + in_backticks(syntax.name.text) + " has no time",
                      "which field drives the windows?", {"mark one, for example `created_at timestamp time`"});
      return false;
    }
    return true;
  }

 private:
  void add(const SyntaxField& field) {
    const auto complain = [&](std::string_view code, std::string message, std::string label) {
      reporter_.error(code, field.name.span, std::move(message), std::move(label));
      broken_ = true;
    };
    const std::optional<std::size_t> known = event_.find(field.name.text);
    const bool own = known && std::find(type_.fields.begin(), type_.fields.end(), *known) != type_.fields.end();
    if (own || (!known && scope_.find(field.name.text)))
      return complain("R0201", "field " + in_backticks(field.name.text) + " is declared twice",
                      "declared " + scope_.declared_at(field.name.text, reporter_));
    if (!known && event_.fields.size() >= limits::event_fields_max)
      return complain("R0105", "an event has at most " + std::to_string(limits::event_fields_max) + " fields", "");
    const std::optional<DeclaredType> declared =
        field.type.text.empty() ? std::nullopt : check_type(field.type, field.parameter, reporter_);
    if (!declared) {
      broken_ = true;
      if (!known) scope_.declare(field.name.text, {NameKind::broken, 0});
      return;
    }
    const std::size_t index = known.value_or(event_.fields.size());
    if (!known) {
      scope_.declare(field.name.text, {NameKind::field, static_cast<std::uint32_t>(index)}, {&reporter_.file(), field.name.span});
      event_.fields.push_back({std::string(field.name.text), declared->type, declared->scale, declared->unit, field.optional});
    } else {
      FieldSpec& same = event_.fields[index];
      if (same.type != declared->type || same.scale != declared->scale || same.unit != declared->unit)
        return complain("R0212", "field " + in_backticks(field.name.text) + " is declared otherwise in another event type",
                        "declared " + scope_.declared_at(field.name.text, reporter_) + " as " + written_type(same));
      same.optional = same.optional || field.optional;
    }
    type_.fields.push_back(index);
    if (!field.optional) type_.required.push_back(index);
    for (const SyntaxName& role : field.roles) add_role(field, role, index);
  }

  static std::string written_type(const FieldSpec& field) {
    const std::string unit = field.unit == TimestampUnit::seconds        ? "(s)"
                             : field.unit == TimestampUnit::milliseconds ? "(ms)"
                             : field.unit == TimestampUnit::microseconds ? "(us)"
                                                                         : "";
    return in_backticks(type_text(field.type, field.scale) + unit);
  }

  void add_role(const SyntaxField& field, const SyntaxName& role, std::size_t index) {
    const FieldSpec& spec = event_.fields[index];
    std::string problem;
    if (role.text == "time") {
      if (time_) problem = "an event has one `time`, and it is " + in_backticks(event_.fields[type_.time_field].name);
      if (spec.type != ValueType::timestamp) problem = "the event's time is a timestamp";
      if (field.optional) problem = "the event's time is always present: leave the `?` out";
      type_.time_field = index;
      time_ = true;
    } else if (role.text == "id") {
      if (type_.id_field) problem = "an event has one `id`, and it is " + in_backticks(event_.fields[*type_.id_field].name);
      if (spec.type != ValueType::string && spec.type != ValueType::integer) problem = "the event's id is a string or an int";
      type_.id_field = index;
    } else {
      if (type_.key_field) problem = "an event has one `key`, and it is " + in_backticks(event_.fields[*type_.key_field].name);
      const bool can_be = spec.type == ValueType::string || spec.type == ValueType::integer || spec.type == ValueType::ip;
      if (!can_be) problem = "the shard's key is a string, an int or an ip";
      type_.key_field = index;
    }
    if (problem.empty()) return;
    reporter_.error("R0209", role.span, in_backticks(field.name.text) + " cannot be `" + std::string(role.text) + "`", problem);
    broken_ = true;
  }

  CheckScope& scope_;
  Reporter& reporter_;
  EventSchema& event_;
  EventType& type_;
  bool time_ = false;
  bool broken_ = false;
};

// What all types have in common becomes the schema's.
void finish_types(EventSchema& schema, std::vector<EventType> types) {
  const auto common = [&types](std::optional<std::size_t> EventType::*role) {
    const auto same = [&](const EventType& type) { return type.*role == types.front().*role; };
    return std::all_of(types.begin(), types.end(), same) ? types.front().*role : std::nullopt;
  };
  schema.id_field = common(&EventType::id_field);
  schema.key_field = common(&EventType::key_field);
  schema.time_field = types.front().time_field;
  if (types.size() == 1) {
    schema.name = std::move(types.front().name);
    return;
  }
  for (std::size_t field = 0; field < schema.fields.size(); ++field)
    for (EventType& type : types)
      if (std::find(type.fields.begin(), type.fields.end(), field) == type.fields.end()) schema.fields[field].optional = true;
  for (EventType& type : types) std::sort(type.fields.begin(), type.fields.end());
  const auto same_time = [&](const EventType& type) { return type.time_field == schema.time_field; };
  if (!std::all_of(types.begin(), types.end(), same_time)) {
    schema.time_field = schema.fields.size();
    schema.fields.push_back({.name = "", .type = ValueType::timestamp});
  }
  schema.types = std::move(types);
}

}  // namespace

std::optional<DeclaredType> check_type(const SyntaxName& name, const std::optional<SyntaxName>& parameter, Reporter& reporter) {
  for (const TypeName& known : type_names) {
    if (known.name != name.text) continue;
    DeclaredType declared;
    declared.type = known.type;
    if (declared.type == ValueType::decimal) declared.scale = decimal_scale_default;
    if (parameter && !check_parameter(declared, name, *parameter, reporter)) return std::nullopt;
    return declared;
  }
  reporter.error("R0301", name.span, "unknown type " + in_backticks(name.text), "", type_help(name.text));
  return std::nullopt;
}

bool check_events(const std::vector<DeclaredEvent>& events, CheckScope& scope) {
  std::vector<EventType> types;
  bool fine = true;
  for (const DeclaredEvent& event : events) {
    const SyntaxName& name = event.syntax->name;
    if (types.size() == limits::event_types_max) {
      event.reporter->beyond_limit("R0105", name.span,
                                   "a rule set has at most " + std::to_string(limits::event_types_max) + " event types");
      return false;
    }
    const auto same_name = [&](const DeclaredEvent& known) { return !name.text.empty() && known.syntax->name.text == name.text; };
    const auto first = std::find_if(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(types.size()), same_name);
    if (first != events.begin() + static_cast<std::ptrdiff_t>(types.size())) {
      event.reporter->error("R0201", name.span, "event " + in_backticks(name.text) + " is declared twice",
                            "declared " + place_text(first->reporter->file(), first->syntax->name.span, *event.reporter));
      fine = false;
    }
    fine = EventChecker(scope, *event.reporter, types.emplace_back()).run(*event.syntax) && fine;
  }
  finish_types(scope.rules.event, std::move(types));
  return fine;
}

std::vector<std::string_view> type_words() {
  std::vector<std::string_view> words;
  for (const TypeName& type : type_names) words.push_back(type.name);
  return words;
}

}  // namespace weir
