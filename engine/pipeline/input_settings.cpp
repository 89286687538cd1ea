#include "engine/pipeline/input_settings.h"

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

std::unique_ptr<FeedbackState> make_feedback(const Scorer& scorer, const InputSettings& input, KeyOwner owner) {
  const bool wanted = has_feedback(scorer) && (owner != KeyOwner::lane || !foreign_feedback(scorer).empty());
  return wanted ? std::make_unique<FeedbackState>(scorer, owner, input.features, input.feedback) : nullptr;
}

std::chrono::milliseconds history_reach(const InputSettings& input) {
  const Scorer& scorer = *input.scorer;
  const FeatureStore store(scorer.features(), held_features(scorer), scorer.event(), scorer.derived_columns(), input.features);
  // Ids are known a horizon after the replay began, and windows whole their reach later; the second horizon is for ids that came thrice.
  const std::int64_t windows_ms = store.history_reach_ms() + 2 * input.duplicates.horizon_ms;
  if (!has_feedback(scorer)) return std::chrono::milliseconds{windows_ms};
  const std::optional<std::int64_t> reach_ms = feedback_reach_ms(scorer, windows_ms, input.feedback);
  return reach_ms ? std::chrono::milliseconds{*reach_ms} : endless;
}

}  // namespace weir
