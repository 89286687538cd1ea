#include "engine/app/admin_command.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "connectors/registry.h"
#include "engine/app/configuration.h"
#include "engine/app/exit_code.h"
#include "engine/app/rules_paths.h"
#include "engine/base/diagnostic.h"
#include "engine/control/admin_socket.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

struct Action {
  std::string_view name;
  std::size_t arguments_min;
  std::size_t arguments;
  std::string_view usage;
};
constexpr std::array<Action, 5> actions{{{"ls", 0, 0, "weir rules ls"},
                                         {"show", 0, 1, "weir rules show [N]"},
                                         {"diff", 0, 2, "weir rules diff [A [B]]"},
                                         {"rollback", 1, 1, "weir rules rollback N"},
                                         {"activate", 1, 1, "weir rules activate PATH"}}};

int complain(const Terminal& terminal, std::string_view message, std::string_view suggestion) {
  terminal.err << fmt::format("weir: {}\n", message);
  if (!suggestion.empty()) terminal.err << fmt::format("did you mean `{}`?\n", suggestion);
  terminal.err << "`weir rules --help` shows how it is used.\n";
  return exit_code::usage;
}

// `weir status` takes the config as it is, and so does this: a last word that the action does not need and that names one.
bool takes_config(const Action& action, const std::vector<std::string>& words) {
  return words.size() > action.arguments_min + 1 && names_config(words.back());
}

// Nothing when the config cannot be read; it has been complained about.
std::optional<fs::path> socket_of(const AdminOptions& options, const Terminal& terminal) {
  if (!options.socket.empty()) return options.socket;
  const SettingsLoad load = load_service_settings(options.config, {}, terminal.environment, connector_kinds());
  const ServiceSettings& settings = load.draft;
  // Whatever else is wrong with it, a config whose folders are known names its socket.
  if (settings.folder.empty()) {
    terminal.err << render(load.diagnostics, terminal.err_colour) << "`--socket PATH` names the service's socket without a config.\n";
    return std::nullopt;
  }
  return settings.admin.socket ? fs::path(*settings.admin.socket) : settings.state.dir / "admin.sock";
}

// Absolute, so that the service finds the lists beside them.
std::vector<fs::path> rules_at(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {fs::absolute(path)};
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error))
    if (entry.is_regular_file(error) && entry.path().extension() == ".rules")
      found.push_back(fs::absolute(entry.path()).lexically_normal());
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<int> add_files(const AdminOptions& options, AdminRequest& request, const Terminal& terminal) {
  const std::vector<fs::path> paths = rules_at(options.words[1]);
  if (paths.empty()) {
    terminal.err << fmt::format("weir: there is no file `*.rules` in `{}`\n", options.words[1]);
    return exit_code::found_something;
  }
  Diagnostics diagnostics;
  for (SourceFile& file : read_rules_files(paths, diagnostics)) request.files.emplace_back(file.path, std::move(file.text));
  if (!has_errors(diagnostics)) return std::nullopt;
  terminal.err << render(diagnostics, terminal.err_colour);
  return exit_code::found_something;
}

// Versions go by number to `rollback`; `activate` takes files. A file that has such a name is meant.
bool means_version(const std::string& word) {
  std::error_code error;
  return word.find_first_not_of("0123456789") == std::string::npos && !fs::exists(word, error);
}

}  // namespace

std::vector<std::string> rules_actions() {
  std::vector<std::string> names;
  for (const Action& action : actions) names.emplace_back(action.name);
  return names;
}

int admin_command(std::string_view verb, const AdminOptions& given, const Terminal& terminal) {
  AdminOptions options = given;
  AdminRequest request{{std::string(verb)}};
  if (verb == "rules") {
    const std::string wanted = options.words.front();
    const auto action = std::find_if(actions.begin(), actions.end(), [&](const Action& each) { return each.name == wanted; });
    if (action == actions.end()) {
      std::vector<std::string_view> names;
      for (const Action& each : actions) names.push_back(each.name);
      const std::string_view closest = closest_name(wanted, names);
      return complain(terminal, fmt::format("there is no `weir rules {}`", wanted),
                      closest.empty() ? "" : fmt::format("weir rules {}", closest));
    }
    if (takes_config(*action, options.words)) {
      options.config = config_at(options.words.back()).string();
      options.words.pop_back();
    }
    if (options.words.size() < action->arguments_min + 1 || options.words.size() > action->arguments + 1)
      return complain(terminal, fmt::format("it is `{}`", action->usage), "");
    if (wanted == "activate") {
      const std::string& file = options.words[1];
      if (means_version(file))
        return complain(terminal, fmt::format("there is no file `{}` to activate", file), fmt::format("weir rules rollback {}", file));
      request.words = {"activate"};
      if (const std::optional<int> failed = add_files(options, request, terminal)) return *failed;
    } else {
      request.words.insert(request.words.end(), options.words.begin(), options.words.end());
    }
  }
  if (options.json) request.words.emplace_back("json");
  const std::optional<fs::path> socket = socket_of(options, terminal);
  if (!socket) return exit_code::bad_configuration;
  const Result<AdminAnswer> answer = ask_admin(*socket, request);
  if (!answer) {
    terminal.err << fmt::format("weir: {}\n", answer.error().text);
    return exit_code::unavailable;
  }
  (answer.value().code == exit_code::fine || options.json ? terminal.out : terminal.err) << answer.value().body;
  return answer.value().code;
}

}  // namespace weir
