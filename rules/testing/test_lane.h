// Takes events through a lane of the service, from bytes to decisions, on the caller's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/event/decision.h"
#include "engine/pipeline/input_settings.h"
#include "engine/ports/scorer.h"
#include "rules/language/expression.h"

namespace weir {

struct LaneEvent {
  std::string document;
  std::int64_t time_ms = 0;
  bool is_asked_about = true;  // what fires is wanted, by name; of the thousands of events before it that would fill the memory
};

struct RuleNote {
  std::uint32_t rule = 0;
  std::string text;     // the reason, or the error
  bool shadow = false;  // its condition held, without effect
};

// How a config treats records, besides what the rules say of them.
struct TestTerms {
  std::optional<ExpressionIndex> filter;  // events for which it does not hold are passed over
  LatePolicy late = LatePolicy::decide;
  std::int64_t late_allowed_ms = FeatureStoreLimits{}.late_allowed_ms;
  DuplicateSettings duplicates;
  ParseLimits parse;
};

// What became of one event.
struct LaneDecision {
  bool decided = false;
  std::string refused;     // why it was no event, where it was not decided; empty: passed over
  std::int64_t first = 0;  // the event whose decision it is: itself, or that of a duplicate
  OutcomeIndex outcome = no_outcome;
  std::int64_t score = 0;       // scaled by 10^score_scale
  std::vector<RuleNote> fired;  // those in shadow come last; only of events that are asked about, as are errors
  std::vector<RuleNote> errors;

  bool has_fired(std::uint32_t rule) const;
};

// One decision an event, in order. Offsets count from 0. Windows begin empty with every call.
// `terms.filter` is part of the scorer already. `give_up` is asked before each batch; once it says so, the rest is not decided.
// `fired` counts for each rule the events at which it fires, in shadow too; it has a place for each.
std::vector<LaneDecision> decide_events(const std::shared_ptr<const Scorer>& scorer, const std::vector<LaneEvent>& events,
                                        const TestTerms& terms, const std::function<bool()>& give_up = {},
                                        std::vector<std::uint64_t>* fired = nullptr);

// Nanoseconds of this machine for one event, from its bytes to a serialised decision: runs what `next_events` makes (in order of time, some
// thousands a call) until the lane has worked for `at_least`. Making the events is not counted, nor is the first call.
double measure_event_ns(const std::shared_ptr<const Scorer>& scorer, std::chrono::milliseconds at_least,
                        const std::function<std::vector<LaneEvent>()>& next_events);

}  // namespace weir
