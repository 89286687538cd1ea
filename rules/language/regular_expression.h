// How regular expressions are compiled, wherever that happens: linear time, bounded memory, no writing to stderr.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <re2/re2.h>

#include "rules/language/limits.h"

namespace weir {

// What one of `expressions` of a rule set may take, its automaton included, which grows with what is matched: RE2 begins it anew when there
// is no more room, and matches without one where that happens too often. A program of many instructions needs room for itself.
constexpr std::int64_t regular_expression_bytes(std::size_t expressions, std::size_t instructions) {
  constexpr std::size_t instruction_bytes = 256;
  const std::size_t share = limits::all_regex_memory_bytes / std::max<std::size_t>(expressions, 1);
  return std::min(limits::regex_memory_bytes_max, static_cast<std::int64_t>(std::max(share, instructions * instruction_bytes)));
}

inline RE2::Options regular_expression_options(std::int64_t bytes = limits::regex_memory_bytes_max) {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(bytes);
  options.set_never_capture(true);
  return options;
}

}  // namespace weir
