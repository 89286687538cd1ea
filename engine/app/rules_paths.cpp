#include "engine/app/rules_paths.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/settings/config_errors.h"

namespace weir {
namespace {

using std::filesystem::path;

bool is_config(const path& file) {
  return file.extension() == ".yaml" || file.extension() == ".yml";
}

// Rules files below a folder, by their folder, in order.
std::map<path, std::vector<path>> rules_below(const path& folder, Diagnostics& diagnostics) {
  std::map<path, std::vector<path>> found;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(folder, error), end; at != end && !error; at.increment(error)) {
    std::error_code unknown;  // a link that leads nowhere: whoever reads it complains
    if (at->path().extension() == ".rules" && (at->is_regular_file(unknown) || unknown))
      found[at->path().parent_path()].push_back(at->path());
  }
  // What lies behind a folder that cannot be read was not looked at.
  if (error)
    diagnostics.push_back(
        config_diagnostic(config_error::unreadable, {}, "cannot read all folders below `" + folder.string() + "`: " + error.message()));
  for (auto& [parent, files] : found) std::sort(files.begin(), files.end());
  return found;
}

}  // namespace

RulesPaths find_rules(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  RulesPaths sorted;
  std::vector<path> named;
  for (const path file : paths) {
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) {
      std::map<path, std::vector<path>> found = rules_below(file, diagnostics);
      if (found.empty())
        diagnostics.push_back(
            config_diagnostic(config_error::no_such_file, {}, "there is no file `*.rules` below `" + file.string() + "`"));
      for (auto& [parent, files] : found) sorted.sets.push_back(std::move(files));
    } else if (!std::filesystem::exists(file, error)) {
      diagnostics.push_back(config_diagnostic(config_error::unreadable, {}, "there is no file `" + file.string() + "`"));
    } else if (!is_config(file) && file.has_extension() && file.extension() != ".rules") {
      diagnostics.push_back(config_diagnostic(config_error::unreadable, {},
                                              "`" + file.string() + "` is neither a config (.yaml, .yml) nor a rules file (.rules)"));
    } else {
      (is_config(file) ? sorted.configs : named).push_back(file);
    }
  }
  if (!named.empty()) sorted.sets.insert(sorted.sets.begin(), std::move(named));
  return sorted;
}

}  // namespace weir
