// `weir create`: a folder to start from, with a config, rules, their tests and a page that says how to go on.
#pragma once

#include <string>
#include <vector>

#include "engine/app/terminal.h"

namespace weir {

// "card-payments" and the others, sorted.
std::vector<std::string> starter_names();

// `folder`: where; empty: a folder named as the template. Writes nothing where a file of the template exists already.
int create_command(const std::string& name, const std::string& folder, const Terminal& terminal);

}  // namespace weir
