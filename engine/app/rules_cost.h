// What a rule set will cost while it runs, as far as it can be known before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rules/language/checked_rules.h"

namespace weir {

// All features with one key share one ring of events a key.
struct KeyCost {
  std::vector<std::string> by;
  std::size_t features = 0;
  std::size_t event_bytes = 0;    // for each event in the longest window
  std::int64_t window_ms = 0;     // the longest of time, delay included
  std::uint32_t last_events = 0;  // of the longest count window; 0: there is none
  std::size_t key_bytes = 0;      // of a key with `shown_events` events, its slot included
};

struct RulesCost {
  std::string name;  // the config, file or folder that the rules come from
  std::size_t rules = 0;
  std::size_t features = 0;
  std::vector<KeyCost> keys;
  std::size_t lists = 0;     // entries are looked up in them
  double event_ns = 0;       // for one event in one lane, from its bytes to a decision
  bool measured = false;     // on this machine; otherwise estimated
  std::size_t untested = 0;  // rules that no test names
  std::size_t facts = 0;     // of profiles, that rules read
  std::size_t patterns = 0;
  bool endless = false;  // a restart replays from the beginning of the log
};

constexpr std::size_t shown_events = 10;

RulesCost rules_cost(const CheckedRules& rules, std::int64_t late_allowed_ms);

// One line for the rule set, one for each key.
std::string cost_text(const RulesCost& cost);
std::string cost_json(const RulesCost& cost);

}  // namespace weir
