#include "engine/feedback/feedback_state.h"

#include <algorithm>
#include <string>

namespace weir {
namespace {

bool belongs(KeyOwner owner, bool by_includes_shard_key) {
  return owner == KeyOwner::any || (owner == KeyOwner::shard) == by_includes_shard_key;
}

}  // namespace

bool has_feedback(const Scorer& scorer) {
  const FeedbackSpec& spec = scorer.feedback();
  if (!spec.facts.empty() || !spec.patterns.empty()) return true;
  return std::any_of(scorer.features().begin(), scorer.features().end(), [](const FeatureSpec& feature) { return feature.is_feedback(); });
}

std::string foreign_feedback(const Scorer& scorer) {
  for (const FactSpec& fact : scorer.feedback().facts)
    if (!fact.by_includes_shard_key) return fact.name;
  for (const PatternSpec& pattern : scorer.feedback().patterns)
    if (!pattern.by_includes_shard_key) return pattern.name;
  for (const FeatureSpec& feature : scorer.features())
    if (feature.is_feedback() && !feature.by_includes_shard_key) return feature.name;
  return {};
}

std::optional<std::int64_t> feedback_reach_ms(const Scorer& scorer, std::int64_t window_reach_ms, const FeedbackLimits& limits) {
  std::int64_t reach = window_reach_ms;
  for (const PatternSpec& pattern : scorer.feedback().patterns) reach = std::max(reach, PatternGroup(pattern, 0, limits).retain_ms());
  for (const FeatureSpec& feature : scorer.features())
    if (feature.is_feedback()) return std::nullopt;
  std::int64_t facts = 0;
  for (const FactSpec& fact : scorer.feedback().facts) {
    if (!fact.chain_ms) return std::nullopt;
    facts = std::max(facts, *fact.chain_ms);
  }
  return reach + facts;
}

FeedbackState::FeedbackState(const Scorer& scorer, KeyOwner owner, const FeatureStoreLimits& windows, const FeedbackLimits& limits) {
  const std::span<const FeatureSpec> features = scorer.features();
  const FeedbackSpec& spec = scorer.feedback();
  const std::size_t first_fact = features.size();
  const std::size_t first_pattern = first_fact + spec.facts.size();
  columns_ = first_pattern + spec.patterns.size();

  std::vector<std::pair<std::size_t, std::vector<std::uint32_t>>> facts;  // by kind
  for (std::uint32_t index = 0; index < spec.facts.size(); ++index) {
    if (!belongs(owner, spec.facts[index].by_includes_shard_key)) continue;
    const std::size_t kind = kind_of(spec.facts[index].by);
    const auto at = std::find_if(facts.begin(), facts.end(), [kind](const auto& entry) { return entry.first == kind; });
    if (at == facts.end()) {
      facts.push_back({kind, {index}});
    } else {
      at->second.push_back(index);
    }
  }
  for (auto& [kind, of_kind] : facts) facts_.push_back({kind, FactGroup(spec.facts, std::move(of_kind), first_fact, limits)});

  const auto store = [&](const std::vector<FeatureIndex>& held) {
    return FeatureStore(features, held, scorer.event(), scorer.derived_columns(), windows);
  };
  std::vector<FeatureIndex> decided;
  for (FeatureIndex index = 0; index < features.size(); ++index) {
    if (!features[index].is_feedback() || !belongs(owner, features[index].by_includes_shard_key)) continue;
    kind_of(features[index].by);
    if (features[index].resettable) {
      resettable_.push_back({index, features[index].after_decision, store({index})});
    } else {
      decided.push_back(index);
    }
  }
  if (!decided.empty()) decided_ = std::make_unique<FeatureStore>(store(decided));

  wave_kinds_ = kinds_.size();
  for (std::uint32_t index = 0; index < spec.patterns.size(); ++index) {
    const PatternSpec& pattern = spec.patterns[index];
    if (!belongs(owner, pattern.by_includes_shard_key)) continue;
    const std::size_t kind = kind_of(pattern.by);
    patterns_.push_back({kind, PatternGroup(pattern, first_pattern + index, limits)});
  }
  for (std::size_t kind = 0; kind < wave_kinds_; ++kind) wave_keys_.push_back(kinds_[kind].get());
}

std::size_t FeedbackState::kind_of(const std::vector<ColumnIndex>& by) {
  for (std::size_t kind = 0; kind < kinds_.size(); ++kind)
    if (kinds_[kind]->by() == by) return kind;
  kinds_.push_back(std::make_unique<BatchKeys>(by));
  return kinds_.size() - 1;
}

void FeedbackState::begin(const EventBatch& batch, FeatureColumns& out) {
  if (out.columns.size() < columns_) out.columns.resize(columns_);
  for (const std::unique_ptr<BatchKeys>& kind : kinds_) kind->read(batch);
  for (Facts& facts : facts_) facts.group.begin(batch, *kinds_[facts.kind], out);
  if (decided_) decided_->begin_waves(batch, out);
  for (Resettable& resettable : resettable_) resettable.store.begin_waves(batch, out);
  for (Pattern& pattern : patterns_) pattern.group.apply(batch, *kinds_[pattern.kind], out);
}

bool FeedbackState::is_near_limit(std::size_t rows) const {
  return std::any_of(facts_.begin(), facts_.end(), [rows](const Facts& facts) { return facts.group.is_near_limit(rows); });
}

void FeedbackState::read(const EventBatch& batch, std::span<const RowBlock> wave, FeatureColumns& out) {
  for (const RowBlock& rows : wave) {
    for (const Facts& facts : facts_) facts.group.read(batch, *kinds_[facts.kind], rows, out);
    if (decided_) decided_->apply(batch, rows, RowUse::answer);
    for (Resettable& resettable : resettable_)
      resettable.store.apply(batch, rows, resettable.after_decision ? RowUse::answer : RowUse::add_and_answer);
  }
}

void FeedbackState::write(const EventBatch& batch, std::span<const RowBlock> wave, const FeedbackWrites& writes) {
  for (const FactWrite& write : writes.facts)
    for (Facts& facts : facts_) facts.group.write(batch, *kinds_[facts.kind], write);
  for (const RowBlock& rows : wave) {
    if (decided_) decided_->apply(batch, rows, RowUse::add);
    for (Resettable& resettable : resettable_)
      if (resettable.after_decision) resettable.store.apply(batch, rows, RowUse::add);
  }
  // The event that fired is cleared with the others.
  for (const FeatureReset& reset : writes.resets)
    for (Resettable& resettable : resettable_)
      if (resettable.feature == reset.feature) resettable.store.empty_windows(batch, reset.row);
}

void FeedbackState::add_counters(FeedbackCounters& total) const {
  for (const Facts& facts : facts_) facts.group.add_counters(total);
  for (const Pattern& pattern : patterns_) pattern.group.add_counters(total);
  const auto add = [&total](const FeatureStore& store) { total.bytes += store.totals().bytes; };
  if (decided_) add(*decided_);
  for (const Resettable& resettable : resettable_) add(resettable.store);
}

}  // namespace weir
