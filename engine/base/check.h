// CHECK: an invariant of our own, always on. A broken one ends the process with the expression and the place; recovery is tested.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace weir {

[[noreturn]] inline void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, expression);
  std::abort();
}

}  // namespace weir

#define WEIR_CHECK(expression) ((expression) ? static_cast<void>(0) : ::weir::check_failed(#expression, __FILE__, __LINE__))
