// Where events of several types come through several sources: which source feeds each feature, and which only ask for it.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/settings/service_settings.h"
#include "rules/language/checked_rules.h"

namespace weir {

// By feature the place of the source that feeds it, or own_source; empty where no source reads what another one feeds. Features that are
// read across sources are marked as not tied to a shard. A feature that several sources feed and others read is complained about.
std::vector<std::size_t> find_feeding_sources(const std::vector<SourceSettings>& sources, CheckedRules& rules, Diagnostics& diagnostics);

}  // namespace weir
