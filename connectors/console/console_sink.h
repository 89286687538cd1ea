// The console sink: one line an output on the standard output.
#pragma once

#include <memory>

#include "connectors/console/console_settings.h"
#include "engine/ports/sink.h"

namespace weir {

std::unique_ptr<Sink> make_console_sink(const ConsoleSinkSettings& settings);

}  // namespace weir
