// The command line: verbs, options, help, and what is said about a slip of the hand.
#pragma once

#include <string>
#include <vector>

#include "engine/app/terminal.h"

namespace weir {

// `arguments` without the program's name. Returns an exit code (exit_code.h).
int run_command_line(std::vector<std::string> arguments, const Terminal& terminal);

}  // namespace weir
