// Paths on the command line: which of them are configs, and which rules files make one rule set.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"

namespace weir {

struct RulesPaths {
  std::vector<std::filesystem::path> configs;
  // Rules files named by themselves are one rule set; so are those of a folder, and those of each folder below it.
  std::vector<std::vector<std::filesystem::path>> sets;
};

// What does not exist is complained about.
RulesPaths find_rules(const std::vector<std::string>& paths, Diagnostics& diagnostics);

}  // namespace weir
