// The connectors that exist, by name: one line each, no static magic. connectors/README.md tells how to add one.
#pragma once

#include "engine/settings/service_settings.h"

namespace weir {

// With these, a config is read (load_service_settings) and the reference is written.
ConnectorKinds connector_kinds();

}  // namespace weir
