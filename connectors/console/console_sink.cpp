#include "connectors/console/console_sink.h"

#include "connectors/file/line_writer.h"

namespace weir {

std::unique_ptr<Sink> make_console_sink(const ConsoleSinkSettings&) {
  return std::make_unique<LineWriter>(make_standard_output_target(), LineWriterLimits{});
}

}  // namespace weir
