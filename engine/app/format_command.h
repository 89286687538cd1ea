// `weir fmt`: rules files in their canonical layout.
#pragma once

#include <string>
#include <vector>

#include "engine/app/terminal.h"

namespace weir {

struct FormatCommandOptions {
  std::vector<std::string> paths;  // rules files and folders of them; "-" alone: from the input to the output
  bool check = false;              // change nothing, name the files that would change
};

// 0: all is well; 1: with `check`, a file would change; 78: a file has a syntax error (the others are formatted all the same).
int format_command(const FormatCommandOptions& options, const Terminal& terminal);

}  // namespace weir
