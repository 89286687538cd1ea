// Outputs that would come back as records, or that two sinks would write into one file.
#pragma once

#include "engine/base/diagnostic.h"
#include "engine/settings/service_settings.h"

namespace weir {

// Once all settings are read and linked. Topics are compared where sink and source name the same brokers.
void refuse_endpoint_conflicts(const ServiceSettings& settings, Diagnostics& diagnostics);

}  // namespace weir
