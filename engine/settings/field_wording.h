// The words in which complaints about settings are written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/settings/field_doc.h"
#include "engine/settings/field_reader.h"

namespace weir {

std::string ticked(std::string_view text);  // in backticks
// "`a`, `b` or `c`", the last word being "or".
std::string enumeration(const std::vector<std::string_view>& names, std::string_view last_word);
FieldDoc field_doc(std::string_view name, std::string_view type, std::string_view meaning, Presence presence = Presence::optional);

}  // namespace weir
