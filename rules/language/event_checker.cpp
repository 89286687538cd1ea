#include "rules/language/event_checker.h"

#include <array>
#include <utility>

#include "engine/base/decimal.h"
#include "rules/language/limits.h"

namespace weir {

namespace {

struct TypeName {
  std::string_view name;
  ValueType type;
};
constexpr std::array<TypeName, 8> type_names{{{"bool", ValueType::boolean},
                                              {"int", ValueType::integer},
                                              {"decimal", ValueType::decimal},
                                              {"float", ValueType::floating},
                                              {"string", ValueType::string},
                                              {"timestamp", ValueType::timestamp},
                                              {"duration", ValueType::duration},
                                              {"geo", ValueType::geo}}};

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
  help.push_back("types are bool, int, decimal, float, string, timestamp, duration and geo");
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

class EventChecker {
 public:
  EventChecker(CheckScope& scope, Reporter& reporter) : scope_(scope), reporter_(reporter), event_(scope.rules.event) {}

  bool run(const SyntaxEvent& syntax) {
    event_.name = syntax.name.text;
    if (syntax.fields.size() > limits::event_fields_max) {
      reporter_.error("R0105", syntax.fields[limits::event_fields_max].name.span,
                      "an event has at most " + std::to_string(limits::event_fields_max) + " fields");
      return false;
    }
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
    const auto index = static_cast<std::uint32_t>(event_.fields.size());
    if (!scope_.declare(field.name.text, {NameKind::field, index}, line_column(reporter_.file(), field.name.span.begin).line)) {
      reporter_.error("R0201", field.name.span, "field " + in_backticks(field.name.text) + " is declared twice",
                      "declared " + scope_.declared_at(field.name.text));
      broken_ = true;
      return;
    }
    const std::optional<DeclaredType> declared =
        field.type.text.empty() ? std::nullopt : check_type(field.type, field.parameter, reporter_);
    if (!declared) {
      broken_ = true;
      scope_.set(field.name.text, {NameKind::broken, 0});
      return;
    }
    event_.fields.push_back({std::string(field.name.text), declared->type, declared->scale, declared->unit, field.optional});
    for (const SyntaxName& role : field.roles) add_role(field, role, index);
  }

  void add_role(const SyntaxField& field, const SyntaxName& role, std::uint32_t index) {
    const FieldSpec& spec = event_.fields[index];
    std::string problem;
    if (role.text == "time") {
      if (time_) problem = "an event has one `time`, and it is " + in_backticks(event_.fields[event_.time_field].name);
      if (spec.type != ValueType::timestamp) problem = "the event's time is a timestamp";
      if (spec.optional) problem = "the event's time is always present: leave the `?` out";
      event_.time_field = index;
      time_ = true;
    } else if (role.text == "id") {
      if (event_.id_field) problem = "an event has one `id`, and it is " + in_backticks(event_.fields[*event_.id_field].name);
      if (spec.type != ValueType::string && spec.type != ValueType::integer) problem = "the event's id is a string or an int";
      event_.id_field = index;
    } else {
      if (event_.key_field) problem = "an event has one `key`, and it is " + in_backticks(event_.fields[*event_.key_field].name);
      if (spec.type != ValueType::string && spec.type != ValueType::integer) problem = "the shard's key is a string or an int";
      event_.key_field = index;
    }
    if (problem.empty()) return;
    reporter_.error("R0209", role.span, in_backticks(field.name.text) + " cannot be `" + std::string(role.text) + "`", problem);
    broken_ = true;
  }

  CheckScope& scope_;
  Reporter& reporter_;
  EventSchema& event_;
  bool time_ = false;
  bool broken_ = false;
};

}  // namespace

std::optional<DeclaredType> check_type(const SyntaxName& name, const std::optional<SyntaxName>& parameter, Reporter& reporter) {
  if (name.text == "ip") {
    reporter.error("R0110", name.span, "type `ip` is not supported yet", "", {"declare the field as `string`"});
    return std::nullopt;
  }
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

bool check_event(const SyntaxEvent& syntax, CheckScope& scope, Reporter& reporter) {
  return EventChecker(scope, reporter).run(syntax);
}

std::vector<std::string_view> type_words() {
  std::vector<std::string_view> words;
  for (const TypeName& type : type_names) words.push_back(type.name);
  return words;
}

}  // namespace weir
