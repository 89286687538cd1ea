// What a document means by another road: simdjson's DOM, its tree walked field by field.
#pragma once

#include <string>

#include "engine/event/batch.h"

namespace weir {

// Compares row 0 of `events` (parsed by `schema`, without decimals of other scales than declared) with `text`. Returns the first
// difference, or an empty string. `accepted`: the parser under test took the document.
std::string differs_from_dom(const std::string& text, const EventSchema& schema, const EventBatch& events, bool accepted);

}  // namespace weir
