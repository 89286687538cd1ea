#include "connectors/file/file_sink.h"

#include "connectors/file/line_writer.h"

namespace weir {

std::unique_ptr<Sink> make_file_sink(const FileSinkSettings& settings) {
  return std::make_unique<LineWriter>(make_file_target(settings.path, settings.sync), LineWriterLimits{});
}

}  // namespace weir
