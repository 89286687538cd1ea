// What rules write and later events read of keys that are not tied to a shard: kept by the one lane that such rule sets have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "engine/feedback/feedback_state.h"
#include "engine/pipeline/input_settings.h"
#include "engine/pipeline/rule_stages.h"

namespace weir {

// One a lane, its thread only. Each source has a state, and all sources have one together for what several of them feed; in each version
// of the rule set that is somewhere in force, for shards switch one after the other. The states live with the stages that they are given
// to.
class LaneFeedback {
 public:
  // Gives the stages what their rules need, where another source or shard has made it already: that. A new state goes on with the one of
  // the version before it or, where only a later version is here, with that one's.
  void provide(RuleStages& stages, const InputSettings& input);
  // The keeper, a source or joint_keeper, begins anew. Stages that are used again are provided again. Its rule sets are added to `retired`.
  void forget(std::size_t keeper, std::vector<std::shared_ptr<void>>& retired);
  // No batch of this version is or will be anywhere. What only it needed is added to `retired`.
  void forget_version(std::uint64_t version, std::vector<std::shared_ptr<void>>& retired);

  void add_counters(FeedbackCounters& total) const;

 private:
  struct Version {
    std::weak_ptr<FeedbackState> state;
    std::shared_ptr<const Scorer> scorer;
    bool keeps = false;  // otherwise its rules need none of it, so a later version begins anew
  };
  using Versions = std::map<std::uint64_t, Version>;

  static FeedbackBefore before(const Versions& versions, std::uint64_t version, std::shared_ptr<FeedbackState>& held);
  std::shared_ptr<FeedbackState> state_of(std::size_t keeper, KeyOwner owner, const RuleStages& stages, const InputSettings& input);

  std::map<std::size_t, Versions> states_;  // by keeper
};

}  // namespace weir
