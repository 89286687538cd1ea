#include "engine/app/test_command.h"

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "engine/app/configuration.h"
#include "engine/app/exit_code.h"
#include "engine/app/rules_paths.h"
#include "engine/app/test_report_text.h"
#include "engine/app/test_terms.h"
#include "rules/testing/run_tests.h"

namespace weir {
namespace {

struct Testable {
  CheckedRules* rules = nullptr;
  TestTerms terms;
};

struct Loaded {
  std::vector<std::unique_ptr<Configuration>> configurations;
  std::vector<std::unique_ptr<std::vector<SourceFile>>> files;
  std::vector<std::unique_ptr<std::optional<CheckedRules>>> sets;
};

std::vector<Testable> load(const TestCommandOptions& options, const Terminal& terminal, Loaded& loaded, Diagnostics& diagnostics) {
  std::vector<Testable> all;
  RulesPaths paths = find_rules(options.paths, diagnostics);
  for (const std::filesystem::path& config : paths.configs) {
    loaded.configurations.push_back(load_configuration(config, options.overrides, terminal.environment));
    Configuration& configuration = *loaded.configurations.back();
    diagnostics.insert(diagnostics.end(), configuration.diagnostics.begin(), configuration.diagnostics.end());
    if (configuration.usable()) all.push_back({&*configuration.rules, test_terms(configuration, *configuration.load.settings)});
  }
  for (const std::unique_ptr<Configuration>& configuration : loaded.configurations) remove_read(paths, configuration->rules_files);
  for (const std::vector<std::filesystem::path>& set : paths.sets) {
    loaded.files.push_back(std::make_unique<std::vector<SourceFile>>(read_rules_files(set, diagnostics)));
    loaded.sets.push_back(
        std::make_unique<std::optional<CheckedRules>>(check_rules(*loaded.files.back(), check_options_of_today(), diagnostics)));
    if (*loaded.sets.back()) all.push_back({&**loaded.sets.back(), {}});
  }
  return all;
}

}  // namespace

int test_command(const TestCommandOptions& options, const Terminal& terminal) {
  Loaded loaded;
  Diagnostics diagnostics;
  const std::vector<Testable> sets = load(options, terminal, loaded, diagnostics);
  if (has_errors(diagnostics)) {
    terminal.err << (options.json ? render_json(diagnostics) : render(diagnostics, terminal.err_colour));
    if (!options.json) terminal.err << "nothing was tested\n";
    return exit_code::bad_configuration;
  }
  std::vector<TestedRules> tested;
  for (const Testable& set : sets) {
    TestOptions how;
    how.terms = set.terms;
    how.coverage = options.coverage;
    Result<TestReport> report = run_tests(*set.rules, how);
    if (!report) {
      terminal.err << fmt::format("weir: {}\n", report.error().text);
      return exit_code::bad_configuration;
    }
    tested.push_back({set.rules, report.take()});
  }
  terminal.out << (options.json ? report_json(tested) : report_text(tested, terminal.out_colour));
  if (!options.junit.empty()) {
    std::ofstream file(options.junit, std::ios::binary);
    file << report_junit(tested);
    if (!file.flush()) {
      terminal.err << fmt::format("weir: cannot write `{}`\n", options.junit);
      return exit_code::bad_configuration;
    }
  }
  const bool failed = std::any_of(tested.begin(), tested.end(), [](const TestedRules& each) { return each.report.failed() > 0; });
  return failed ? exit_code::found_something : exit_code::fine;
}

}  // namespace weir
