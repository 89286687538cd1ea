// What keeps a service from starting although its config and its rules are right by themselves: `weir check` and `weir run` ask here, so
// that both say the same.
#pragma once

#include <optional>
#include <string>

#include "engine/app/configuration.h"
#include "engine/base/result.h"
#include "engine/pipeline/lane_group.h"

namespace weir {

// How many lanes a service has. Where the config leaves it open and a rule set in use needs one lane, one.
struct LaneChoice {
  LaneIndex lanes = 1;
  std::string reason;  // why one, for the log; empty: nothing to say
};
// `needs_one_lane`: see RuleSwitch. `cores`: of the machine, 0 for unknown.
LaneChoice choose_lanes(const std::optional<std::uint32_t>& given, const std::string& needs_one_lane, std::uint32_t cores);

// What an event decides would have to reach the owner of a key before the next event of that key is judged, wherever that is: facts,
// earlier decisions, resets and patterns by a key that is not the shard's take one lane.
Status refuse_lanes(const Scorer& scorer, LaneIndex lanes);

// Append to `set.diagnostics`; preconditions: the set has rules. The second tries what this machine has to do with it: time zones.
void check_lanes(CheckedSet& set, const ServiceSettings& settings);
void check_compiles(CheckedSet& set);

}  // namespace weir
