#include "engine/app/format_command.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

#include <fmt/format.h>

#include "engine/app/configuration.h"
#include "engine/app/exit_code.h"
#include "engine/app/rules_paths.h"
#include "rules/language/formatter.h"

namespace weir {
namespace {

int format_input(const Terminal& terminal) {
  const SourceFile file{"standard input", read_rules_text(std::cin)};
  Diagnostics diagnostics;
  const std::optional<std::string> formatted = format_rules(file, diagnostics);
  terminal.err << render(diagnostics, terminal.err_colour);
  if (!formatted) return exit_code::bad_configuration;
  terminal.out << *formatted;
  return exit_code::fine;
}

// Beside the file and then over it, so that an editor or a running service never reads half of it. A link stays one: what it leads to is
// written.
bool replace(const std::string& named, const std::string& text) {
  std::error_code error;
  const std::string path = std::filesystem::canonical(named, error).string();
  if (error) return false;
  const std::string beside = path + ".formatted";
  {
    std::ofstream file(beside, std::ios::binary);
    file << text;
    if (!file.flush()) return false;
  }
  std::filesystem::permissions(beside, std::filesystem::status(path, error).permissions(), error);
  std::filesystem::rename(beside, path, error);
  return !error;
}

}  // namespace

int format_command(const FormatCommandOptions& options, const Terminal& terminal) {
  if (options.paths.size() == 1 && options.paths.front() == "-") return format_input(terminal);
  Diagnostics diagnostics;
  std::vector<SourceFile> files;
  const RulesPaths paths = find_rules(options.paths, diagnostics);
  for (const std::filesystem::path& config : paths.configs) {
    if (std::find(options.paths.begin(), options.paths.end(), config.string()) == options.paths.end()) continue;  // in a folder of rules
    Diagnostic diagnostic;
    diagnostic.message = fmt::format("`{}` is no rules file", config.string());
    diagnostics.push_back(std::move(diagnostic));
  }
  for (const std::vector<std::filesystem::path>& set : paths.sets)
    for (SourceFile& file : read_rules_files(set, diagnostics)) files.push_back(std::move(file));
  std::size_t changed = 0;
  for (const SourceFile& file : files) {
    const std::optional<std::string> formatted = format_rules(file, diagnostics);
    if (!formatted || *formatted == file.text) continue;
    ++changed;
    if (!options.check && !replace(file.path, *formatted)) {
      terminal.err << fmt::format("weir: cannot write `{}`\n", file.path);
      return exit_code::bad_configuration;
    }
    terminal.out << fmt::format("{}: {}\n", file.path, options.check ? "not formatted" : "formatted");
  }
  terminal.err << render(diagnostics, terminal.err_colour);
  if (has_errors(diagnostics)) return exit_code::bad_configuration;
  return options.check && changed > 0 ? exit_code::found_something : exit_code::fine;
}

}  // namespace weir
