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
  bool first_is_named = false;  // of the sets
};

// A folder that holds a weir.yaml stands for that config; any other path for itself.
std::filesystem::path config_at(const std::filesystem::path& path);

// Whether it is a config by its name, or a folder that stands for one.
bool names_config(const std::filesystem::path& path);

// Takes out what the configs brought in already: files that were named, and folders of which all files were.
void remove_read(RulesPaths& paths, const std::vector<SourceFile>& read);

// Of a folder that stands for a config, the rules below it are looked at as well. What does not exist is complained about.
RulesPaths find_rules(const std::vector<std::string>& paths, Diagnostics& diagnostics);

}  // namespace weir
