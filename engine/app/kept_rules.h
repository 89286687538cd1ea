// Rule sets from the copies that were kept of their files, and a start on them where the files themselves are broken.
#pragma once

#include <memory>
#include <optional>

#include "engine/app/configuration.h"
#include "engine/base/result.h"
#include "engine/recovery/epoch_log.h"
#include "engine/recovery/version_store.h"

namespace weir {

// Reads the kept files of `version` into `set` and checks them against `settings`; `set.diagnostics` says what is wrong with them. An error
// where a copy is missing or damaged.
Status check_kept(const ContentStore& contents, const RuleVersion& version, const ServiceSettings& settings, CheckedSet& set);

// The version that was in force last (the newest one where that is not known); null where none is kept.
const RuleVersion* version_of_before(const VersionStore& store, const std::optional<ActiveVersion>& active);

// What to run in place of `broken`, whose config is right and whose rules are not: its settings with the version of before, as
// `kept` says. Takes the settings out of `broken`. Null where no version is kept that checks.
std::unique_ptr<Configuration> with_kept_rules(Configuration& broken);

}  // namespace weir
