// Keeps what was written beside `password` and the like out of the excerpts of diagnostics.
#pragma once

#include <string_view>

#include "engine/settings/settings_node.h"

namespace weir {

// A key whose value is nobody's business, or a misspelling of one.
bool names_secret(std::string_view key);

// Overwrites the text of secret values in `file` with `*`, byte for byte, so that all places stay right. Placeholders stay readable.
void mask_secrets(const SettingsNode& tree, SourceFile& file);
// The same for a file that could not be parsed: masks the rest of every line behind a secret key.
void mask_secret_lines(SourceFile& file);

}  // namespace weir
