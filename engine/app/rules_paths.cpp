#include "engine/app/rules_paths.h"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
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

path config_at(const path& named) {
  std::error_code error;
  const path inside = named / "weir.yaml";
  return std::filesystem::is_directory(named, error) && std::filesystem::is_regular_file(inside, error) ? inside : named;
}

bool names_config(const path& named) {
  return is_config(config_at(named));
}

void remove_read(RulesPaths& paths, const std::vector<SourceFile>& read) {
  const auto place = [](const path& file) {
    std::error_code error;
    const path found = std::filesystem::weakly_canonical(file, error);
    return error ? file : found;
  };
  std::set<path> known;
  for (const SourceFile& file : read) known.insert(place(file.path));
  const auto is_known = [&](const path& file) { return known.contains(place(file)); };
  for (std::size_t index = 0; index < paths.sets.size(); ++index) {
    std::vector<path>& set = paths.sets[index];
    if (index == 0 && paths.first_is_named)
      std::erase_if(set, is_known);
    else if (std::all_of(set.begin(), set.end(), is_known))
      set.clear();
  }
  if (paths.first_is_named) paths.first_is_named = !paths.sets.front().empty();
  std::erase_if(paths.sets, [](const std::vector<path>& set) { return set.empty(); });
}

RulesPaths find_rules(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  RulesPaths sorted;
  std::vector<path> named;
  for (const path file : paths) {
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) {
      std::map<path, std::vector<path>> found = rules_below(file, diagnostics);
      const path config = config_at(file);
      if (config != file) sorted.configs.push_back(config);
      if (found.empty() && config == file)
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
  sorted.first_is_named = !named.empty();
  if (!named.empty()) sorted.sets.insert(sorted.sets.begin(), std::move(named));
  return sorted;
}

}  // namespace weir
