// What the binary knows about itself: `weir schema`, `weir list`, `weir explain`.
#pragma once

#include <string>

#include "engine/app/terminal.h"

namespace weir {

int schema_command(bool markdown, const Terminal& terminal);

// `what`: functions, sources, sinks or errors.
int list_command(const std::string& what, bool json, const Terminal& terminal);

// `code`: of the config (C...) or of the rules (R...); letter case does not matter.
int explain_command(const std::string& code, bool json, const Terminal& terminal);

// The text of config/README.md.
std::string config_reference();

}  // namespace weir
