#include "engine/feedback/wave_judge.h"

namespace weir {

void WaveJudge::judge(const Scorer& scorer, EventBatch& batch, FeatureColumns& features, std::span<FeedbackState* const> states,
                      DecisionBatch& decisions, ScorerScratch& scratch) {
  kinds_.clear();
  bool one_by_one = false;
  for (FeedbackState* state : states) {
    state->begin(batch, features);
    kinds_.insert(kinds_.end(), state->wave_keys().begin(), state->wave_keys().end());
    one_by_one = one_by_one || state->is_near_limit(batch.rows);
  }
  if (kinds_.empty()) {
    scorer.score(batch, features, decisions, scratch);
    return;
  }
  plan_.cut(batch, kinds_, one_by_one);
  waves_ += plan_.size();
  scorer.begin_waves(batch, features, decisions, scratch);
  for (std::size_t wave = 0; wave < plan_.size(); ++wave) {
    const std::span<const RowBlock> rows = plan_.wave(wave);
    for (FeedbackState* state : states) state->read(batch, rows, features);
    writes_.clear();
    scorer.score_wave(batch, features, rows, decisions, writes_, scratch);
    for (FeedbackState* state : states) state->write(batch, rows, writes_);
  }
  scorer.end_waves(decisions, scratch);
}

}  // namespace weir
