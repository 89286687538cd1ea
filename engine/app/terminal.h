// Where commands write and what they know of their surroundings; tests pass string streams.
#pragma once

#include <ostream>

#include "engine/settings/placeholders.h"

namespace weir {

// Results go to `out`, everything else to `err`.
struct Terminal {
  std::ostream& out;
  std::ostream& err;
  bool out_colour = false;
  bool err_colour = false;
  Environment environment;
};

}  // namespace weir
