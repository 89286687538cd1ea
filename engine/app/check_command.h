// `weir check`: configs and rules, all errors at once, and what the rules will cost.
#pragma once

#include <string>
#include <vector>

#include "engine/app/terminal.h"

namespace weir {

struct CheckCommandOptions {
  std::vector<std::string> paths;      // configs (.yaml, .yml), rules files (.rules) and folders of rules files
  std::vector<std::string> overrides;  // for the configs
  bool strict = false;                 // also rules without a test; and a warning ends with 1
  bool measure = false;                // run made-up events through each rule set for a second
  bool connect = false;                // ask the brokers for the topics
  bool json = false;
};

int check_command(const CheckCommandOptions& options, const Terminal& terminal);

}  // namespace weir
