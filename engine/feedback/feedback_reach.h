// How far back earlier events can matter to what rules write and read again, over all rule sets that decide some of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "engine/feedback/feedback_limits.h"
#include "engine/ports/scorer.h"

namespace weir {

// What a fact is in two rule sets that say the same of it: its name, key and type. Who writes it and for how long is not part of that: a
// value that was written stays what it is.
std::string identity_of(const FactSpec& fact, const EventSchema& event);

// One thread.
class FeedbackReach {
 public:
  // A rule set in force at some time, whose windows reach back so far.
  void add(const Scorer& scorer, std::int64_t window_reach_ms, const FeedbackLimits& limits);

  // Behind an event's time. A fact may have been written for what another fact said, by one set, and that one by another set: the longest
  // chain counts. Nothing: without end, because what an event decides depends on what earlier ones decided, and so on, or because a fact
  // never ends.
  std::optional<std::int64_t> ms() const;

 private:
  struct Fact {
    std::int64_t longest_ms = 0;
    bool ends = true;
    std::set<std::string> sources;
  };

  std::int64_t windows_ms_ = 0;
  bool depends_on_decisions_ = false;
  std::map<std::string, Fact> facts_;  // by identity
};

}  // namespace weir
