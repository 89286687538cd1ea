// `weir run`: the service, from a config file to a clean end.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/terminal.h"

namespace weir {

struct RunOptions {
  std::string config;
  std::vector<std::string> overrides;             // "a.b=value"
  std::optional<std::chrono::microseconds> for_;  // ends by itself after so long
  bool live = false;                              // the live view on a terminal, a line a second elsewhere
};

// Returns an exit code (exit_code.h).
int run_command(const RunOptions& options, const Terminal& terminal);

}  // namespace weir
