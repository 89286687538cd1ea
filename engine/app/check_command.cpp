#include "engine/app/check_command.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "engine/app/configuration.h"
#include "engine/app/exit_code.h"
#include "engine/app/rules_cost.h"
#include "engine/settings/config_errors.h"

namespace weir {
namespace {

using std::filesystem::path;

bool is_config(const path& file) {
  return file.extension() == ".yaml" || file.extension() == ".yml";
}

// Rules files below a folder, by name.
std::vector<path> rules_below(const path& folder) {
  std::vector<path> found;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(folder, error), end; at != end && !error; at.increment(error))
    if (at->path().extension() == ".rules" && at->is_regular_file(error)) found.push_back(at->path());
  std::sort(found.begin(), found.end());
  return found;
}

struct Named {
  std::vector<path> configs;
  std::vector<path> rules;
};

Named sorted_by_kind(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  Named named;
  for (const path file : paths) {
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) {
      const std::vector<path> found = rules_below(file);
      if (found.empty())
        diagnostics.push_back(
            config_diagnostic(config_error::no_such_file, {}, "there is no file `*.rules` below `" + file.string() + "`"));
      named.rules.insert(named.rules.end(), found.begin(), found.end());
    } else if (!std::filesystem::exists(file, error)) {
      diagnostics.push_back(config_diagnostic(config_error::unreadable, {}, "there is no file `" + file.string() + "`"));
    } else {
      (is_config(file) ? named.configs : named.rules).push_back(file);
    }
  }
  return named;
}

// Rules that a config brought in already are not checked a second time.
void remove_checked(std::vector<path>& rules, const std::vector<std::unique_ptr<Configuration>>& configurations) {
  const auto checked = [&](const path& each) {
    for (const std::unique_ptr<Configuration>& configuration : configurations)
      for (const SourceFile& file : configuration->rules_files)
        if (std::error_code error; std::filesystem::equivalent(file.path, each, error)) return true;
    return false;
  };
  std::erase_if(rules, checked);
}

}  // namespace

int check_command(const CheckCommandOptions& options, const Terminal& terminal) {
  Diagnostics diagnostics;
  Named named = sorted_by_kind(options.paths, diagnostics);
  std::vector<std::unique_ptr<Configuration>> configurations;
  std::vector<RulesCost> costs;
  for (const path& config : named.configs) {
    configurations.push_back(load_configuration(config, options.overrides, terminal.environment));
    const Configuration& configuration = *configurations.back();
    diagnostics.insert(diagnostics.end(), configuration.diagnostics.begin(), configuration.diagnostics.end());
    if (configuration.rules) costs.push_back(rules_cost(*configuration.rules, configuration.load.draft.state.late.allowed.count()));
  }
  remove_checked(named.rules, configurations);
  std::vector<SourceFile> files;
  std::optional<CheckedRules> rules;
  if (!named.rules.empty()) {
    files = read_rules_files(named.rules, diagnostics);
    rules = check_rules(files, check_options_of_today(), diagnostics);
    if (rules) costs.push_back(rules_cost(*rules, LateSettings{}.allowed.count()));
  }

  if (options.json) {
    terminal.out << "{\"diagnostics\": " << render_json(diagnostics) << ", \"rule_sets\": [";
    for (const RulesCost& cost : costs) terminal.out << (&cost == costs.data() ? "" : ", ") << cost_json(cost);
    terminal.out << "]}\n";
  } else {
    terminal.out << render(diagnostics, terminal.out_colour);
    if (!diagnostics.empty() && !costs.empty()) terminal.out << "\n";
    for (const RulesCost& cost : costs) terminal.out << cost_text(cost);
    if (!has_errors(diagnostics)) terminal.out << "no errors\n";
  }
  return has_errors(diagnostics) ? exit_code::found_something : exit_code::fine;
}

}  // namespace weir
