#include "engine/app/check_command.h"

#include <filesystem>
#include <memory>
#include <optional>

#include "engine/app/configuration.h"
#include "engine/app/exit_code.h"
#include "engine/app/rules_cost.h"
#include "engine/app/rules_paths.h"

namespace weir {
namespace {

using std::filesystem::path;

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
  RulesPaths paths = find_rules(options.paths, diagnostics);
  std::vector<std::unique_ptr<Configuration>> configurations;
  std::vector<RulesCost> costs;
  for (const path& config : paths.configs) {
    configurations.push_back(load_configuration(config, options.overrides, terminal.environment));
    const Configuration& configuration = *configurations.back();
    diagnostics.insert(diagnostics.end(), configuration.diagnostics.begin(), configuration.diagnostics.end());
    if (configuration.rules) costs.push_back(rules_cost(*configuration.rules, configuration.load.draft.state.late.allowed.count()));
  }
  std::vector<std::unique_ptr<std::vector<SourceFile>>> files;
  for (std::vector<path>& set : paths.sets) {
    remove_checked(set, configurations);
    if (set.empty()) continue;
    files.push_back(std::make_unique<std::vector<SourceFile>>(read_rules_files(set, diagnostics)));
    const std::optional<CheckedRules> rules = check_rules(*files.back(), check_options_of_today(), diagnostics);
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
