// Whether the service can keep its state where the config says: `weir check` and `weir run` ask here, so that both say the same.
#pragma once

#include "engine/base/diagnostic.h"
#include "engine/settings/service_settings.h"

namespace weir {

// Looks only: creates nothing, and locks nothing. What is not there yet must have a nearest folder above it that may be written to.
void check_state_dir(const ServiceSettings& settings, Diagnostics& diagnostics);

}  // namespace weir
