// The rules in force as the running service sees them: mode, hits, and what those in shadow would have changed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/event/rule_mode.h"
#include "engine/pipeline/rule_counters.h"

namespace weir {

struct FlipCount {
  std::string from;  // the outcome as decided
  std::string to;    // had the rule been live
  std::uint64_t count = 0;
};

struct RuleStatus {
  std::string name;
  RuleMode mode = RuleMode::live;
  std::int64_t canary_share = 0;            // of a canary: of canary_share_all
  std::int64_t expires_ms = never_expires;  // since 1970
  std::uint64_t fired = 0;                  // live hits since the rule set came into force
  std::uint64_t in_shadow = 0;              // hits without effect
  std::uint64_t errors = 0;
  std::vector<FlipCount> flips;  // those that occurred, by outcome
  std::uint64_t undecided = 0;   // events on which it did not fire, and a value that it compares was missing
};

// All rules of what is counted, in their order, added up over lanes and sources; where lanes run different rule sets, the rules of both.
std::vector<RuleStatus> look_at_rules(const std::vector<std::shared_ptr<const RuleCounters>>& counters);

// "unusual_amount  shadow  fired 0  in shadow 812  allow -> alert 31": one line, without its end.
std::string rule_text(const RuleStatus& rule);
// {"rules":[{"rule":..,"mode":..,"fired":..,"shadow":..,"errors":..,"undecided":..,"flips":[{"from":..,"to":..,"count":..}]}]}
std::string rules_json(const std::vector<RuleStatus>& rules);

}  // namespace weir
