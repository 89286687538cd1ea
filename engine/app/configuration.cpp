#include "engine/app/configuration.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>

#include "connectors/registry.h"
#include "engine/settings/config_errors.h"
#include "rules/language/error_codes.h"

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
ExpressionIndex check_condition(Configuration& configuration, const LocatedText& condition, ExpressionScope scope) {
  configuration.conditions.push_back(std::make_unique<SourceFile>());
  SourceFile& text = *configuration.conditions.back();
  text.path = condition.place.file != nullptr ? condition.place.file->path : "condition";
  text.text = condition.text;
  Diagnostics found;
  const std::optional<ExpressionIndex> expression = check_expression(text, scope, *configuration.rules, found);
  for (Diagnostic& diagnostic : found) {
    if (diagnostic.file == &text) {
      const SettingsPlace place = condition.place_of(diagnostic.span);
      diagnostic.file = place.file;
      diagnostic.span = place.span;
      if (condition.expanded) hide_text(diagnostic);
    }
    configuration.diagnostics.push_back(std::move(diagnostic));
  }
  return expression.value_or(no_expression);
}

void check_event(Configuration& configuration, const SourceSettings& source) {
  const std::string& declared = configuration.rules->event.name;
  if (source.event.empty() || source.event == declared) return;  // a missing one was complained about already
  configuration.diagnostics.push_back(config_diagnostic(config_error::unknown_word, source.event_place,
                                                        "the rules declare no event `" + source.event + "`", "not declared",
                                                        {"did you mean `" + declared + "`? It is the event that the rules declare"}));
}

}  // namespace

CheckOptions check_options_of_today() {
  CheckOptions options;
  options.now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  return options;
}

std::vector<SourceFile> read_rules_files(std::span<const std::filesystem::path> paths, Diagnostics& diagnostics) {
  std::vector<SourceFile> files;
  for (const std::filesystem::path& path : paths) {
    std::ifstream stream(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (!stream.is_open() || stream.bad())
      diagnostics.push_back(config_diagnostic(config_error::unreadable, {}, "cannot read the rules file `" + path.string() + "`"));
    else
      files.push_back({path.string(), std::move(text)});
  }
  return files;
}

std::unique_ptr<Configuration> load_configuration(const std::filesystem::path& path, std::span<const std::string> overrides,
                                                  const Environment& environment) {
  auto configuration = std::make_unique<Configuration>();
  configuration->load = load_service_settings(path, overrides, environment, connector_kinds());
  configuration->diagnostics = configuration->load.diagnostics;
  // With errors elsewhere in the config, its rules are still checked: all complaints at once.
  const ServiceSettings& settings = configuration->load.draft;
  std::vector<std::filesystem::path> paths = find_rules_files(settings, configuration->diagnostics);
  // As short as the user would write them, so that diagnostics can be clicked and read.
  for (std::filesystem::path& file : paths) {
    const std::filesystem::path shorter = std::filesystem::proximate(file);
    if (shorter.native().size() < file.native().size()) file = shorter;
  }
  configuration->rules_files = read_rules_files(paths, configuration->diagnostics);
  if (configuration->rules_files.empty()) return configuration;
  configuration->rules = check_rules(configuration->rules_files, check_options_of_today(), configuration->diagnostics);
  if (!configuration->rules) return configuration;
  if (settings.state.duplicates.horizon.count() > 0 && !configuration->rules->event.id_field)
    configuration->diagnostics.push_back(
        config_diagnostic(config_error::contradiction, {},
                          "`state.duplicates.horizon` is given, and the event `" + configuration->rules->event.name + "` has no `id`", "",
                          {"mark a field of the event with `id` in the rules, or remove the setting"}));
  for (const SourceSettings& source : settings.sources) {
    check_event(*configuration, source);
    const auto& filter = source.mapping.filter;
    configuration->filters.push_back(filter ? check_condition(*configuration, *filter, ExpressionScope::event) : no_expression);
  }
  for (const SinkSettings& sink : settings.sinks)
    configuration->routes.push_back(sink.when ? check_condition(*configuration, *sink.when, ExpressionScope::decision) : no_expression);
  return configuration;
}

}  // namespace weir
