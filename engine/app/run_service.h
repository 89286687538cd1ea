// From a built service to its clean end: starts it, looks at it each second, drains it.
#pragma once

#include "engine/app/build_service.h"
#include "engine/app/run_command.h"

namespace weir {

// Returns an exit code. Signals must be blocked (signals.h) and the log open (log.h).
int run_service(const Configuration& configuration, BuiltService& built, const RunOptions& options);

}  // namespace weir
