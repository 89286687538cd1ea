// The service's log on standard error: text for people, JSON lines for machines. Control plane only; normal operation says nothing after
// the start.
#pragma once

#include <memory>
#include <string_view>

#include "engine/settings/service_settings.h"

namespace weir {

// Sets up the process's log. Any thread may log afterwards.
void open_log(const LogSettings& settings);

void log_info(std::string_view text);
void log_warning(std::string_view text);
void log_error(std::string_view text);

}  // namespace weir
