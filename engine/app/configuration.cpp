#include "engine/app/configuration.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <istream>
#include <system_error>
#include <utility>

#include "connectors/registry.h"
#include "engine/app/feeding_sources.h"
#include "engine/app/start_checks.h"
#include "engine/settings/config_errors.h"
#include "engine/settings/field_wording.h"
#include "rules/language/error_codes.h"
#include "rules/language/limits.h"
#include "rules/language/reporter.h"

namespace weir {
namespace {

// The value of a placeholder may be a secret, so what quotes it is replaced by what the code says in general.
void hide_text(Diagnostic& diagnostic) {
  diagnostic.message = "with its placeholders expanded, this condition is wrong";
  for (const ErrorCode& error : all_rule_error_codes())
    if (error.code == diagnostic.code) diagnostic.message += ": " + std::string(error.title);
  diagnostic.label.clear();
  diagnostic.help = {"the values of placeholders are not shown"};
}

// A condition is checked as a text of its own; what is said about it is then moved to where it stands in the config.
ExpressionIndex check_condition(CheckedSet& set, const LocatedText& condition, ExpressionScope scope) {
  set.conditions.push_back(std::make_unique<SourceFile>());
  SourceFile& text = *set.conditions.back();
  text.path = condition.place.file != nullptr ? condition.place.file->path : "condition";
  text.text = condition.text;
  Diagnostics found;
  const std::optional<ExpressionIndex> expression = check_expression(text, scope, *set.rules, found);
  for (Diagnostic& diagnostic : found) {
    if (diagnostic.file == &text) {
      const SettingsPlace place = condition.place_of(diagnostic.span);
      diagnostic.file = place.file;
      diagnostic.span = place.span;
      if (condition.expanded) hide_text(diagnostic);
    }
    set.diagnostics.push_back(std::move(diagnostic));
  }
  return expression.value_or(no_expression);
}

void check_event_name(CheckedSet& set, const std::string& name, const SettingsPlace& place) {
  const EventSchema& schema = set.rules->event;
  if (name.empty() || schema.find_type(name)) return;  // a missing one was complained about already
  std::vector<std::string> help;
  if (!schema.has_several_types()) {
    help = {"did you mean `" + schema.name + "`? It is the event that the rules declare"};
  } else {
    std::vector<std::string_view> declared;
    for (const EventType& type : schema.types) declared.push_back(type.name);
    help = did_you_mean(name, declared);
    help.push_back("the rules declare " + enumeration(declared, "and"));
  }
  set.diagnostics.push_back(
      config_diagnostic(config_error::unknown_word, place, "the rules declare no event `" + name + "`", "not declared", std::move(help)));
}

void check_event(CheckedSet& set, const SourceSettings& source) {
  check_event_name(set, source.event, source.event_place);
  if (!source.telling) return;
  for (const auto& [says, event] : source.telling->types) check_event_name(set, event, source.telling->type_places.at(says));
}

}  // namespace

CheckOptions check_options_of_today(const RulesSettings& settings) {
  CheckOptions options;
  options.now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  options.expiry_warning_ms = std::chrono::milliseconds(settings.expiry_warning).count();
  return options;
}

std::vector<SourceFile> read_rules_files(std::span<const std::filesystem::path> paths, Diagnostics& diagnostics) {
  std::vector<SourceFile> files;
  std::size_t bytes = 0;
  for (const std::filesystem::path& path : paths) {
    std::ifstream stream(path, std::ios::binary);
    std::string text = read_rules_text(stream);
    if (!stream.is_open() || stream.bad()) {
      diagnostics.push_back(config_diagnostic(config_error::unreadable, {}, "cannot read the rules file `" + path.string() + "`"));
      continue;
    }
    bytes += text.size();
    files.push_back({path.string(), std::move(text)});
    if (bytes <= limits::rules_bytes_max) continue;
    Diagnostic diagnostic;
    diagnostic.code = "R0105";
    diagnostic.message = "the rules files have more than " + std::to_string(limits::rules_bytes_max) +
                         " bytes together: none is read behind `" + path.string() + "`";
    diagnostics.push_back(std::move(diagnostic));
    break;
  }
  return files;
}

std::string read_rules_text(std::istream& stream) {
  constexpr std::size_t piece_bytes = std::size_t{64} * 1024;
  std::string text;
  while (stream && text.size() <= limits::rules_file_bytes_max) {
    const std::size_t before = text.size();
    text.resize(before + piece_bytes);
    stream.read(text.data() + before, static_cast<std::streamsize>(piece_bytes));
    text.resize(before + static_cast<std::size_t>(stream.gcount()));
  }
  return text;
}

RecordTypes record_types(const EventSchema& schema, const SourceSettings& source) {
  RecordTypes types;
  types.type = schema.find_type(source.event).value_or(0);
  if (!source.telling) return types;
  types.field = source.telling->field;
  types.skip_unknown = source.telling->unknown == EventTelling::Unknown::skip;
  for (const auto& [says, event] : source.telling->types) types.told.emplace_back(says, schema.find_type(event).value_or(0));
  for (std::size_t type = 0; source.telling->types.empty() && type < schema.type_count(); ++type)
    types.told.emplace_back(schema.type_name(type), type);
  return types;
}

std::vector<std::filesystem::path> rules_paths(const ServiceSettings& settings, Diagnostics& diagnostics) {
  std::vector<std::filesystem::path> paths = find_rules_files(settings, diagnostics);
  std::error_code error;
  const std::filesystem::path here = std::filesystem::current_path(error);
  for (std::filesystem::path& file : paths) {
    // By the names alone: a link stays the link that it is, and what its rules name is looked for beside it.
    const std::filesystem::path shorter = file.lexically_proximate(here);
    if (shorter.native().size() < file.native().size()) file = shorter;
  }
  return paths;
}

bool writes_all_features(const ServiceSettings& settings) {
  return std::any_of(settings.sinks.begin(), settings.sinks.end(),
                     [](const SinkSettings& sink) { return sink.features == FeaturesWritten::all; });
}

void check_set(CheckedSet& set, const ServiceSettings& settings, CheckOptions options) {
  options.locate = [&set, inner = std::move(options.locate)](const std::string& path) {
    if (std::find(set.read_paths.begin(), set.read_paths.end(), path) == set.read_paths.end()) set.read_paths.push_back(path);
    return inner ? inner(path) : path;
  };
  options.features_are_written = writes_all_features(settings);
  for (const SourceSettings& source : settings.sources)
    if (source.mapping.filter) options.conditions.push_back(source.mapping.filter->text);
  for (const SinkSettings& sink : settings.sinks)
    if (sink.when) options.conditions.push_back(sink.when->text);
  set.rules = check_rules(set.rules_files, options, set.diagnostics);
  if (!set.rules) return;
  if (settings.state.duplicates.horizon.count() > 0 && !set.rules->event.id_field)
    set.diagnostics.push_back(config_diagnostic(
        config_error::contradiction, {}, "`state.duplicates.horizon` is given, and the event `" + set.rules->event.name + "` has no `id`",
        "", {"mark a field of the event with `id` in the rules, or remove the setting"}));
  for (const SourceSettings& source : settings.sources) {
    check_event(set, source);
    const auto& filter = source.mapping.filter;
    set.filters.push_back(filter ? check_condition(set, *filter, ExpressionScope::event) : no_expression);
  }
  for (const SinkSettings& sink : settings.sinks)
    set.routes.push_back(sink.when ? check_condition(set, *sink.when, ExpressionScope::decision) : no_expression);
  if (!has_errors(set.diagnostics)) set.links = find_feeding_sources(settings.sources, *set.rules, set.routes);
  check_lanes(set, settings);
}

std::unique_ptr<Configuration> load_configuration(const std::filesystem::path& path, std::span<const std::string> overrides,
                                                  const Environment& environment) {
  auto configuration = std::make_unique<Configuration>();
  configuration->load = load_service_settings(path, overrides, environment, connector_kinds());
  configuration->diagnostics = configuration->load.diagnostics;
  // With errors elsewhere in the config, its rules are still checked: all complaints at once.
  const ServiceSettings& settings = configuration->load.draft;
  configuration->rules_files = read_rules_files(rules_paths(settings, configuration->diagnostics), configuration->diagnostics);
  if (!configuration->rules_files.empty()) check_set(*configuration, settings, check_options_of_today(settings.rules));
  if (configuration->rules) check_compiles(*configuration);
  return configuration;
}

}  // namespace weir
