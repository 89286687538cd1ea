// `weir test`: the `test` blocks of rules files, run as the service would run the rules.
#pragma once

#include <string>
#include <vector>

#include "engine/app/terminal.h"

namespace weir {

struct TestCommandOptions {
  std::vector<std::string> paths;      // configs, rules files and folders of rules files
  std::vector<std::string> overrides;  // for the configs
  std::string junit;                   // a file to write; empty: none
  bool coverage = false;
  bool json = false;
};

// 0: all tests passed; 1: one failed; 78: the rules are wrong, and nothing was run.
int test_command(const TestCommandOptions& options, const Terminal& terminal);

}  // namespace weir
