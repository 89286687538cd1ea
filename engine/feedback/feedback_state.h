// What rules write and later events read, of one shard, of one source or of several: profile facts, windows over own decisions, windows
// that rules empty, and patterns.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/feedback_spec.h"
#include "engine/features/feature_store.h"
#include "engine/feedback/batch_keys.h"
#include "engine/feedback/fact_group.h"
#include "engine/feedback/feedback_limits.h"
#include "engine/feedback/pattern_group.h"
#include "engine/ports/scorer.h"

namespace weir {

// Which keys a state holds.
enum class KeyOwner : std::uint8_t {
  any,
  shard,   // keys that include the shard's
  source,  // the others
  joint,   // those of state that several sources feed
};

// True when the scorer's rules read what rules write, or know patterns; otherwise none of this room is needed.
bool has_feedback(const Scorer& scorer);
// The same of the keys of one owner.
bool has_feedback(const Scorer& scorer, KeyOwner owner);
// The name of a fact, feature or pattern of this kind whose key is not tied to a shard; empty where there is none.
std::string foreign_feedback(const Scorer& scorer);

class FeedbackState;

// The state of the rule set before, and that set.
struct FeedbackBefore {
  FeedbackState* state = nullptr;
  const Scorer* scorer = nullptr;
};

// One thread at a time. Rows of a batch are read and written in waves (see WaveJudge); rows of one wave share no key.
class FeedbackState {
 public:
  // What `before` has too goes on: a fact of the same name, key and type, a feature or pattern of the same text and meaning. The rest
  // begins empty. Both states may be used in turns, by the thread of one lane, while its shards switch one after the other.
  FeedbackState(const Scorer& scorer, KeyOwner owner, const FeatureStoreLimits& windows, const FeedbackLimits& limits,
                FeedbackBefore before = {});
  // This state is not used any more.
  void end() { alive_.reset(); }
  // Adds to `retired` what only states before needed that have ended.
  void forget_ended(std::vector<std::shared_ptr<void>>& retired);
  FeedbackState(const FeedbackState&) = delete;
  FeedbackState& operator=(const FeedbackState&) = delete;

  // Holds nothing: it can be left out.
  bool is_empty() const { return kinds_.empty(); }
  // Only patterns, which need no decision: one wave is enough.
  bool needs_waves() const { return wave_kinds_ > 0; }

  // Once a batch, after the features: sizes the columns of what is held here, and answers the patterns of all rows.
  void begin(const EventBatch& batch, FeatureColumns& out);
  // The kinds of keys by which rows of a batch depend on each other.
  std::span<const BatchKeys* const> wave_keys() const { return wave_keys_; }
  // Order matters within the batch beyond its keys: rows are judged one by one.
  bool is_near_limit(std::size_t rows) const;

  // Fills in what the rows of a wave read.
  void read(const EventBatch& batch, std::span<const RowBlock> wave, FeatureColumns& out);
  // Takes in what they have decided: derived columns that read the decision are filled by now.
  void write(const EventBatch& batch, std::span<const RowBlock> wave, const FeedbackWrites& writes);

  void add_counters(FeedbackCounters& total) const;

 private:
  struct Facts {
    std::size_t kind = 0;
    FactGroup group;
  };
  struct Pattern {
    std::size_t kind = 0;
    PatternGroup group;
  };
  // Windows that the states of several rule sets use, each by its number.
  struct SharedWindows {
    FeatureStore store;
    std::vector<std::pair<std::uint64_t, std::weak_ptr<const void>>> states;
  };
  struct Windows {
    std::shared_ptr<SharedWindows> shared;
    std::uint64_t number = 0;
  };
  // A feature that rules reset has windows of its own, so that no other feature of its key loses anything.
  struct Resettable {
    FeatureIndex feature = 0;
    bool after_decision = false;
    std::string name;
    std::string identity;
    Windows windows;
  };

  std::size_t kind_of(const std::vector<ColumnIndex>& by);
  void add_facts(const Scorer& scorer, KeyOwner owner, const FeedbackLimits& limits, const FeedbackBefore& before);
  void add_patterns(const Scorer& scorer, KeyOwner owner, const FeedbackLimits& limits, const FeedbackBefore& before);
  void add_features(const Scorer& scorer, KeyOwner owner, const FeatureStoreLimits& limits, const FeedbackBefore& before);
  Windows open_windows(const Scorer& scorer, std::span<const FeatureIndex> held, const FeatureStoreLimits& limits, const Windows* known,
                       const Scorer* scorer_before);
  template <typename Visit>
  void for_each_windows(Visit visit);

  std::vector<std::unique_ptr<BatchKeys>> kinds_;
  std::size_t wave_kinds_ = 0;  // the first so many; the others are only asked by patterns
  std::vector<const BatchKeys*> wave_keys_;
  std::size_t columns_ = 0;
  std::vector<Facts> facts_;
  std::vector<Pattern> patterns_;
  Windows decided_;  // features over own decisions that no rule resets; none: there are none
  std::vector<Resettable> resettable_;
  std::shared_ptr<const void> alive_ = std::make_shared<char>();
};

}  // namespace weir
