// Whether the service can keep its state where the config says: `weir check` and `weir run` ask here, and say the same.
#pragma once

#include <cstdint>

#include "engine/base/diagnostic.h"
#include "engine/settings/service_settings.h"

namespace weir {

// Who looks: the user that the service runs as, or somebody who checks a config on any machine, whose rights say nothing of the service's.
enum class StateUser : std::uint8_t { service, anybody };

// Looks only: creates nothing, and locks nothing. What is not there yet must have a nearest folder above it that may be written to. Where
// `anybody` may not write is a warning; what no user could use is an error.
void check_state_dir(const ServiceSettings& settings, StateUser user, Diagnostics& diagnostics);

}  // namespace weir
