#include "engine/control/recent_decisions.h"

#include <algorithm>

#include "engine/base/decimal.h"

namespace weir {

void RecentDecisions::decided(const EventBatch& events, const DecisionBatch& decisions, const DecisionVocabulary& vocabulary) {
  if (!watched_.load(std::memory_order_relaxed) || decisions.fired.empty() || in_use_.test_and_set(std::memory_order_acquire)) return;
  std::size_t taken = 0;
  for (std::size_t at = 0; at < decisions.fired.size() && taken < taken_a_batch_max;) {
    const std::uint32_t row = decisions.fired[at].row;
    const std::string& outcome = vocabulary.outcomes[decisions.outcomes[row]];
    if (outcome == "allow") {
      ++at;
      continue;
    }
    RecentDecision recent;
    recent.outcome = outcome;
    for (; at < decisions.fired.size() && decisions.fired[at].row == row; ++at) {
      const FiredRule& fired = decisions.fired[at];
      if (!recent.reasons.empty()) recent.reasons += "; ";
      recent.reasons += vocabulary.rules[fired.rule].name;
      recent.reasons += ": ";
      recent.reasons += decisions.text.view(fired.text_begin, fired.text_size);
    }
    ++taken;
    if (const auto id = events.schema->id_field_of(events.type_of(row))) {
      const Column& ids = events.columns[*id];
      recent.event_id = ids.type == ValueType::string ? std::string(ids.strings[row]) : std::to_string(ids.integers[row]);
    }
    ByteBuffer score;
    append_decimal(score, decisions.scores[row], score_scale);
    recent.score = score.view();
    recent.number = ++number_;
    kept_.push_back(std::move(recent));
    if (kept_.size() > kept_max_) kept_.pop_front();
  }
  in_use_.clear(std::memory_order_release);
}

std::vector<RecentDecision> RecentDecisions::copy() const {
  watched_.store(true, std::memory_order_relaxed);
  while (in_use_.test_and_set(std::memory_order_acquire)) {
  }
  std::vector<RecentDecision> all(kept_.begin(), kept_.end());
  in_use_.clear(std::memory_order_release);
  return all;
}

}  // namespace weir
