// Judges a batch whose rules read what rules write, so that the batch's size makes no difference.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/event/decision.h"
#include "engine/feedback/feedback_state.h"
#include "engine/feedback/wave_plan.h"
#include "engine/ports/scorer.h"

namespace weir {

// For each wave in turn: what its rows read is filled in, they are judged, and what they write is taken in. Cost: each wave runs the rules
// over the blocks that its rows are in, so a batch of n events of one key costs what n batches of one event cost, and a batch whose keys
// all differ what it costs without feedback. One thread.
class WaveJudge {
 public:
  // After the features. `states` hold different keys; which of them there are does not change the result.
  void judge(const Scorer& scorer, EventBatch& batch, FeatureColumns& features, std::span<FeedbackState* const> states,
             DecisionBatch& decisions, ScorerScratch& scratch);

  std::uint64_t waves() const { return waves_; }

 private:
  WavePlan plan_;
  std::vector<const BatchKeys*> kinds_;
  FeedbackWrites writes_;
  std::uint64_t waves_ = 0;
};

}  // namespace weir
