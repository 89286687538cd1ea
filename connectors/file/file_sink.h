// The file sink: JSON lines, appended to one file.
#pragma once

#include <memory>

#include "connectors/file/file_settings.h"
#include "engine/ports/sink.h"

namespace weir {

std::unique_ptr<Sink> make_file_sink(const FileSinkSettings& settings);

}  // namespace weir
