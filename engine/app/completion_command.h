// `weir completion`: what a shell needs to complete weir's commands, generated from the command line's own declarations.
#pragma once

#include <string>
#include <vector>

#include "engine/app/terminal.h"

namespace weir {

struct CompletionOption {
  std::vector<std::string> names;  // "--json", "-V"
  std::string description;
  bool takes_value = false;
};

struct CompletionVerb {
  std::string name;
  std::string description;
  std::vector<CompletionOption> options;
  std::vector<std::string> words;  // what may stand behind it, where these are fixed words
  bool files = false;              // paths stand behind it
};

// `shell`: bash, zsh or fish.
int completion_command(const std::string& shell, const std::vector<CompletionVerb>& verbs, const Terminal& terminal);

}  // namespace weir
