// `weir status`, `weir reload` and `weir rules`: a running service, asked over its local socket.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/app/terminal.h"

namespace weir {

struct AdminOptions {
  std::string config;  // names the socket, unless `socket` does
  std::string socket;
  std::vector<std::string> words;  // of `weir rules`: ls, show 3, ...; a config behind them is taken in place of `config`
  bool json = false;
};

// What stands behind `weir rules`: ls, show and so on.
std::vector<std::string> rules_actions();

// `verb` is status, reload or rules. Returns an exit code: 1 where the service refuses what was asked, 69 where none runs.
int admin_command(std::string_view verb, const AdminOptions& options, const Terminal& terminal);

}  // namespace weir
