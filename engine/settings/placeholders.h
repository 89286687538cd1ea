// ${NAME}, ${NAME:-default}, ${NAME:?message}, ${file:path}: expanded inside scalars after parsing, so that no value can change the
// structure.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/settings/settings_node.h"

namespace weir {

// The variable's value; none where it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

Environment process_environment();

// Expands every scalar of the tree in place; relative paths in ${file:...} start at `folder`. Complaints go to `diagnostics`, never with a
// value.
void expand_placeholders(SettingsNode& tree, const Environment& environment, const std::filesystem::path& folder, Diagnostics& diagnostics);

}  // namespace weir
