// Finds what no config or rules text may hold: bytes that are not UTF-8, and control characters.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace weir {

struct TextFlaw {
  std::size_t at = 0;  // byte
  std::string_view what;
};

// The first flaw. Tab, line feed and carriage return are fine.
std::optional<TextFlaw> find_text_flaw(std::string_view text);

}  // namespace weir
