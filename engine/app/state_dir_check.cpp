#include "engine/app/state_dir_check.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <system_error>
#include <unistd.h>

#include "engine/settings/config_errors.h"

namespace weir {
namespace {

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

struct Fault {
  std::string text;  // empty: nothing speaks against it
  bool is_of_user = false;
};

Fault why_not_written(const std::filesystem::path& path, int access) {
  if (::faccessat(AT_FDCWD, path.c_str(), access, AT_EACCESS) == 0) return {};
  const int why = errno;
  return {"`" + path.string() + "` cannot be written: " + std::strerror(why), why == EACCES || why == EPERM || why == EROFS};
}

Fault why_not_used(const std::filesystem::path& folder) {
  std::filesystem::path nearest = folder;
  while (!is_there(nearest) && nearest.has_relative_path()) nearest = nearest.parent_path();
  std::error_code ignored;
  if (!std::filesystem::is_directory(nearest, ignored)) return {"`" + nearest.string() + "` is not a folder"};
  return why_not_written(nearest, W_OK | X_OK);
}

Fault fault_of(const std::filesystem::path& dir) {
  for (const char* folder : {"", "rules", "rules/versions", "rules/content"})
    if (Fault fault = why_not_used(*folder == '\0' ? dir : dir / folder); !fault.text.empty()) return fault;
  for (const char* file : {"lock", "rules/epochs.log"})
    if (is_there(dir / file))
      if (Fault fault = why_not_written(dir / file, W_OK); !fault.text.empty()) return fault;
  return {};
}

}  // namespace

void check_state_dir(const ServiceSettings& settings, StateUser user, Diagnostics& diagnostics) {
  const Fault fault = fault_of(settings.state.dir);
  if (fault.text.empty()) return;
  const bool may_be_right = user == StateUser::anybody && fault.is_of_user;
  diagnostics.push_back(config_diagnostic(
      config_error::unwritable_state, settings.state.dir_place,
      "`state.dir` cannot be used" + std::string(may_be_right ? " by this user: " : ": ") + fault.text, "",
      {"what must survive a restart is kept there: name another folder, or let the user that the service runs as write there"}));
  if (may_be_right) diagnostics.back().severity = Severity::warning;
}

}  // namespace weir
