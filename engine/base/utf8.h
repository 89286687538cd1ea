// UTF-8, one sequence at a time. For cold paths.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir {

// Bytes of the valid sequence at the front of `text`, or 0: not UTF-8, or empty. (The Unicode standard, table 3-7.)
std::size_t utf8_length(std::string_view text);

// All of it.
bool is_utf8(std::string_view text);

}  // namespace weir
