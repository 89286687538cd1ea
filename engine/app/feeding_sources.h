// Where events of several types come through several sources: which source feeds each feature, fact and pattern, and which only ask.
#pragma once

#include <vector>

#include "engine/pipeline/source_links.h"
#include "engine/settings/service_settings.h"
#include "rules/language/checked_rules.h"

namespace weir {

// What is read across sources is marked in `rules` as not tied to a shard, and as spanning sources where several feed it. `routes`:
// conditions in the config that every decision is asked, or no_expression.
SourceLinks find_feeding_sources(const std::vector<SourceSettings>& sources, CheckedRules& rules,
                                 const std::vector<ExpressionIndex>& routes);

}  // namespace weir
