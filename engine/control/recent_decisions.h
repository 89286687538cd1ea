// The last blocks and alerts with their reasons, for whoever looks at the running service.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "engine/pipeline/lane.h"

namespace weir {

struct RecentDecision {
  std::uint64_t number = 0;  // counts up
  std::string event_id;
  std::string outcome;
  std::string score;
  std::string reasons;  // "rule: text; rule: text"
};

// Lanes add, anyone copies. Nothing is kept before the first `copy`, so a service that nobody watches pays one load a batch. A lane that
// finds it in use skips the batch: it never waits.
class RecentDecisions : public DecisionWatcher {
 public:
  // Decisions other than `allow` are kept, the newest `kept_max`.
  explicit RecentDecisions(std::size_t kept_max) : kept_max_(kept_max) {}

  void decided(const EventBatch& events, const DecisionBatch& decisions, const DecisionVocabulary& vocabulary) override;
  std::vector<RecentDecision> copy() const;  // the newest last

 private:
  static constexpr std::size_t taken_a_batch_max = 4;

  std::size_t kept_max_;
  mutable std::atomic<bool> watched_{false};
  mutable std::atomic_flag in_use_;
  std::deque<RecentDecision> kept_;
  std::uint64_t number_ = 0;
};

}  // namespace weir
