#include "engine/app/check_command.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "engine/app/configuration.h"
#include "engine/app/connect_check.h"
#include "engine/app/exit_code.h"
#include "engine/app/rules_cost.h"
#include "engine/app/rules_paths.h"
#include "engine/app/state_dir_check.h"
#include "rules/testing/measure_rules.h"

namespace weir {
namespace {

using std::filesystem::path;

// Those warnings alone: everything else was said when the config was loaded.
void warn_about_untested(const std::vector<SourceFile>& files, Diagnostics& diagnostics) {
  CheckOptions options;
  options.warn_untested = true;
  Diagnostics found;
  check_rules(files, options, found);
  for (Diagnostic& diagnostic : found)
    if (diagnostic.code == "R0706") diagnostics.push_back(std::move(diagnostic));
}

RulesCost cost_of(std::string name, const CheckedRules& rules, std::int64_t late_allowed_ms, bool measure, const Terminal& terminal) {
  RulesCost cost = rules_cost(rules, late_allowed_ms);
  cost.name = std::move(name);
  if (!measure) return cost;
  terminal.err << "measuring, about two seconds\n";
  const Result<double> measured = measure_rules_ns(rules, std::chrono::milliseconds(1'000));
  if (!measured) return cost;
  cost.event_ns = measured.value();
  cost.measured = true;
  return cost;
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
    if (configuration.load.settings) {
      check_state_dir(*configuration.load.settings, options.connect ? StateUser::service : StateUser::anybody, diagnostics);
      if (options.connect) check_brokers(*configuration.load.settings, connect_time_max, terminal.err, diagnostics);
    }
    if (!configuration.rules) continue;
    if (options.strict) warn_about_untested(configuration.rules_files, diagnostics);
    costs.push_back(
        cost_of(config.string(), *configuration.rules, configuration.load.draft.state.late.allowed.count(), options.measure, terminal));
  }
  std::vector<std::unique_ptr<std::vector<SourceFile>>> files;
  for (const std::unique_ptr<Configuration>& configuration : configurations) remove_read(paths, configuration->rules_files);
  for (const std::vector<path>& set : paths.sets) {
    files.push_back(std::make_unique<std::vector<SourceFile>>(read_rules_files(set, diagnostics)));
    CheckOptions how = check_options_of_today();
    how.warn_untested = options.strict;
    const std::optional<CheckedRules> rules = check_rules(*files.back(), how, diagnostics);
    if (rules)
      costs.push_back(cost_of((set.size() == 1 ? set.front() : set.front().parent_path()).string(), *rules, LateSettings{}.allowed.count(),
                              options.measure, terminal));
  }

  if (options.json) {
    terminal.out << "{\"diagnostics\": " << render_json(diagnostics) << ", \"rule_sets\": [";
    for (const RulesCost& cost : costs) terminal.out << (&cost == costs.data() ? "" : ", ") << cost_json(cost);
    terminal.out << "]}\n";
  } else {
    terminal.out << render(diagnostics, terminal.out_colour);
    if (!diagnostics.empty() && !costs.empty()) terminal.out << "\n";
    for (const RulesCost& cost : costs) terminal.out << (costs.size() > 1 ? cost.name + ": " : "") << cost_text(cost);
    if (!has_errors(diagnostics)) terminal.out << "no errors\n";
  }
  const bool found = has_errors(diagnostics) || (options.strict && !diagnostics.empty());
  return found ? exit_code::found_something : exit_code::fine;
}

}  // namespace weir
