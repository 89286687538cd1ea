// YAML text to a tree with positions. YAML 1.2, without anchors, tags and other features that hide what is in force.
#pragma once

#include <cstddef>

#include "engine/settings/settings_node.h"

namespace weir {

constexpr std::size_t settings_file_bytes_max = std::size_t{1} << 20;
constexpr std::size_t settings_depth_max = 32;

// Reads `file.text`; the tree's places point at `file`, which must outlive it. After a syntax error the tree is empty (Kind::nothing);
// other complaints (duplicate keys, refused features) leave a tree that can be checked further. An empty file is Kind::nothing as well.
SettingsNode parse_settings(const SourceFile& file, Diagnostics& diagnostics);

}  // namespace weir
