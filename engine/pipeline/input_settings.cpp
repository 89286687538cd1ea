#include "engine/pipeline/input_settings.h"

#include <algorithm>

#include "engine/features/feature_store.h"
#include "engine/feedback/feedback_state.h"

namespace weir {
namespace {

// Before the beginning of any log, and small enough to be taken from any time.
constexpr std::chrono::hours endless{24 * 36'500};

}  // namespace

std::vector<FeatureIndex> held_features(const Scorer& scorer) {
  std::vector<FeatureIndex> held;
  for (FeatureIndex index = 0; index < scorer.features().size(); ++index)
    if (!scorer.features()[index].is_feedback()) held.push_back(index);
  return held;
}

std::unique_ptr<FeedbackState> make_shard_feedback(const Scorer& scorer, const InputSettings& input, FeedbackBefore before) {
  return has_feedback(scorer) ? std::make_unique<FeedbackState>(scorer, KeyOwner::shard, input.features, input.feedback, before) : nullptr;
}

void HistoryReach::add(const InputSettings& input) {
  const Scorer& scorer = *input.scorer;
  const FeatureStore store(scorer.features(), held_features(scorer), scorer.event(), scorer.derived_columns(), input.features);
  // Ids are known a horizon after the replay began, and windows whole their reach later; the second horizon is for ids that came thrice.
  const std::int64_t windows_ms = store.history_reach_ms() + 2 * input.duplicates.horizon_ms;
  windows_ms_ = std::max(windows_ms_, windows_ms);
  feedback_.add(scorer, windows_ms, input.feedback);
}

std::chrono::milliseconds HistoryReach::get() const {
  const std::optional<std::int64_t> reach_ms = feedback_.ms();
  return reach_ms ? std::chrono::milliseconds{std::max(windows_ms_, *reach_ms)} : endless;
}

std::chrono::milliseconds history_reach(const InputSettings& input) {
  HistoryReach reach;
  reach.add(input);
  return reach.get();
}

}  // namespace weir
