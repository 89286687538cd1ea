// --set a.b=value: a setting from the command line wins over the file and stands at the place "--set a.b" in diagnostics.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/settings/settings_node.h"

namespace weir {

// Applies `overrides` ("a.b=value") to the tree in order. The source files that places point at are appended to `files`.
void apply_overrides(SettingsNode& tree, std::span<const std::string> overrides, std::vector<std::unique_ptr<SourceFile>>& files,
                     Diagnostics& diagnostics);

}  // namespace weir
