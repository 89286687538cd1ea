// What is wrong with a document that simdjson refused: told from the text itself, after the fact.
#pragma once

#include <simdjson.h>
#include <string_view>

#include "engine/parse/reject.h"

namespace weir {

// Refused before its first member was read.
Reject fault_at_start(std::string_view text, simdjson::error_code error);
// Refused inside the object; everything before `at` was right.
Reject fault_inside(std::string_view text, simdjson::error_code error, const char* at);
// The object is whole, but something stands at `at` behind it.
Reject fault_behind(std::string_view text, const char* at);

}  // namespace weir
