// Takes events through a lane of the service, from bytes to decisions, on the caller's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/event/decision.h"
#include "engine/ports/scorer.h"

namespace weir {

struct LaneEvent {
  std::string document;
  std::int64_t time_ms = 0;
};

struct RuleNote {
  std::uint32_t rule = 0;
  std::string text;     // the reason, or the error
  bool shadow = false;  // its condition held, without effect
};

// What became of one event.
struct LaneDecision {
  bool decided = false;
  std::string refused;  // why it was no event, where it was not decided
  OutcomeIndex outcome = no_outcome;
  std::int64_t score = 0;       // scaled by 10^score_scale
  std::vector<RuleNote> fired;  // those in shadow come last
  std::vector<RuleNote> errors;

  bool has_fired(std::uint32_t rule) const;
};

// One decision an event, in order. Offsets count from 0. Windows begin empty with every call.
std::vector<LaneDecision> decide_events(const std::shared_ptr<const Scorer>& scorer, const std::vector<LaneEvent>& events);

}  // namespace weir
