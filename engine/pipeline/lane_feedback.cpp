#include "engine/pipeline/lane_feedback.h"

#include <algorithm>
#include <iterator>

namespace weir {

void LaneFeedback::provide(RuleStages& stages, const InputSettings& input) {
  if (!stages.feeds_back && states_.empty()) return;
  stages.feedback = state_of(stages.source, KeyOwner::source, stages, input);
  stages.joint_feedback = state_of(joint_keeper, KeyOwner::joint, stages, input);
}

FeedbackBefore LaneFeedback::before(const Versions& versions, std::uint64_t version, std::shared_ptr<FeedbackState>& held) {
  const auto next = versions.lower_bound(version);
  for (auto at = next; at != versions.begin();) {
    --at;
    if (!at->second.keeps) return {};
    if ((held = at->second.state.lock())) return {held.get(), at->second.scorer.get()};
  }
  for (auto at = next; at != versions.end() && at->second.keeps; ++at)
    if ((held = at->second.state.lock())) return {held.get(), at->second.scorer.get()};
  return {};
}

std::shared_ptr<FeedbackState> LaneFeedback::state_of(std::size_t keeper, KeyOwner owner, const RuleStages& stages,
                                                      const InputSettings& input) {
  Versions& versions = states_[keeper];
  const auto known = versions.find(stages.version());
  std::shared_ptr<FeedbackState> state = known == versions.end() ? nullptr : known->second.state.lock();
  if (state) return state;
  const bool keeps = has_feedback(*stages.scorer, owner);
  if (keeps) {
    std::shared_ptr<FeedbackState> held;
    const FeedbackBefore goes_on = before(versions, stages.version(), held);
    state = std::make_shared<FeedbackState>(*stages.scorer, owner, input.features, input.feedback, goes_on);
  }
  versions[stages.version()] = {state, stages.scorer, keeps};
  return state;
}

void LaneFeedback::forget(std::size_t keeper, std::vector<std::shared_ptr<void>>& retired) {
  for (const auto& [version, each] : states_[keeper]) retired.push_back(std::const_pointer_cast<Scorer>(each.scorer));
  states_.erase(keeper);
}

void LaneFeedback::forget_version(std::uint64_t version, std::vector<std::shared_ptr<void>>& retired) {
  for (auto& [keeper, versions] : states_) {
    if (const auto gone = versions.find(version); gone != versions.end()) {
      // Perhaps the last that holds this rule set, which is large.
      retired.push_back(std::const_pointer_cast<Scorer>(gone->second.scorer));
      versions.erase(gone);
    }
    for (const auto& [number, each] : versions)
      if (const std::shared_ptr<FeedbackState> state = each.state.lock()) state->forget_ended(retired);
  }
}

void LaneFeedback::add_counters(FeedbackCounters& total) const {
  for (const auto& [keeper, versions] : states_) {
    for (auto at = versions.rbegin(); at != versions.rend(); ++at) {
      const std::shared_ptr<FeedbackState> state = at->second.state.lock();
      if (!state) continue;
      state->add_counters(total);  // versions share what they have in common
      break;
    }
  }
}

}  // namespace weir
