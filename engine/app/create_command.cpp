#include "engine/app/create_command.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "engine/app/exit_code.h"
#include "engine/app/starter_folders.h"
#include "engine/base/diagnostic.h"

namespace weir {
namespace {

std::vector<std::string_view> template_names() {
  std::vector<std::string_view> names;
  for (const StarterFile& file : starter_files())
    if (names.empty() || names.back() != file.folder) names.push_back(file.folder);
  return names;
}

int unknown(const std::string& name, const std::vector<std::string_view>& names, const Terminal& terminal) {
  terminal.err << fmt::format("weir: there is no template `{}`; there are {}\n", name, fmt::join(names, ", "));
  if (const std::string_view closest = closest_name(name, names); !closest.empty())
    terminal.err << fmt::format("did you mean `weir create {}`?\n", closest);
  return exit_code::usage;
}

bool write(const std::filesystem::path& path, std::string_view text) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file << text;
  return static_cast<bool>(file.flush());
}

}  // namespace

std::vector<std::string> starter_names() {
  const std::vector<std::string_view> names = template_names();
  return {names.begin(), names.end()};
}

int create_command(const std::string& name, const std::string& folder, const Terminal& terminal) {
  const std::vector<std::string_view> names = template_names();
  if (std::find(names.begin(), names.end(), name) == names.end()) return unknown(name, names, terminal);
  const std::filesystem::path base = folder.empty() ? name : folder;
  std::error_code error;
  for (const StarterFile& file : starter_files()) {
    if (file.folder != name || !std::filesystem::exists(base / file.path, error)) continue;
    terminal.err << fmt::format("weir: `{}` exists already; nothing was written\n", (base / file.path).string());
    return exit_code::usage;
  }
  for (const StarterFile& file : starter_files()) {
    if (file.folder != name) continue;
    if (!write(base / file.path, file.text)) {
      terminal.err << fmt::format("weir: cannot write `{}`\n", (base / file.path).string());
      return exit_code::bad_configuration;
    }
    terminal.out << (base / file.path).string() << "\n";
  }
  terminal.err << fmt::format("\nGo on with:\n  cd {}\n  weir test weir.yaml\n  weir run weir.yaml\nREADME.md there is one page.\n",
                              base.string());
  return exit_code::fine;
}

}  // namespace weir
