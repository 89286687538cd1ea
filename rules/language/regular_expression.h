// How regular expressions are compiled, wherever that happens: linear time, bounded memory, no writing to stderr.
#pragma once

#include <re2/re2.h>

#include "rules/language/limits.h"

namespace weir {

inline RE2::Options regular_expression_options() {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(limits::regex_memory_bytes_max);
  options.set_never_capture(true);
  return options;
}

}  // namespace weir
