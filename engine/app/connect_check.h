// `weir check --connect`: asks the brokers that a config names for the topics that it reads and writes.
#pragma once

#include <chrono>
#include <iosfwd>

#include "engine/base/diagnostic.h"
#include "engine/settings/service_settings.h"

namespace weir {

constexpr std::chrono::milliseconds connect_time_max{5'000};  // for each cluster

// Creates nothing, and joins no group. Waits at most `time_max` for each cluster; says on `progress` whom it asks. Embedded brokers exist
// only while a service runs, so they are not asked.
void check_brokers(const ServiceSettings& settings, std::chrono::milliseconds time_max, std::ostream& progress, Diagnostics& diagnostics);

}  // namespace weir
