#include "engine/feedback/feedback_state.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "engine/feedback/feedback_reach.h"

namespace weir {
namespace {

template <typename Spec>
bool belongs(KeyOwner owner, const Spec& spec) {
  if (owner == KeyOwner::any) return true;
  return owner == (spec.spans_sources ? KeyOwner::joint : spec.by_includes_shard_key ? KeyOwner::shard : KeyOwner::source);
}

}  // namespace

bool has_feedback(const Scorer& scorer) {
  return has_feedback(scorer, KeyOwner::any);
}

bool has_feedback(const Scorer& scorer, KeyOwner owner) {
  const auto is_kept = [owner](const auto& spec) { return belongs(owner, spec); };
  const FeedbackSpec& spec = scorer.feedback();
  return std::any_of(spec.facts.begin(), spec.facts.end(), is_kept) || std::any_of(spec.patterns.begin(), spec.patterns.end(), is_kept) ||
         std::any_of(scorer.features().begin(), scorer.features().end(),
                     [&](const FeatureSpec& feature) { return feature.is_feedback() && is_kept(feature); });
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

FeedbackState::FeedbackState(const Scorer& scorer, KeyOwner owner, const FeatureStoreLimits& windows, const FeedbackLimits& limits,
                             FeedbackBefore before) {
  columns_ = scorer.features().size() + scorer.feedback().facts.size() + scorer.feedback().patterns.size();
  add_facts(scorer, owner, limits, before);
  add_features(scorer, owner, windows, before);
  wave_kinds_ = kinds_.size();
  add_patterns(scorer, owner, limits, before);
  for (std::size_t kind = 0; kind < wave_kinds_; ++kind) wave_keys_.push_back(kinds_[kind].get());
}

// Facts of one key that are new together have a group of their own; groups of before go on with those that are left of them.
void FeedbackState::add_facts(const Scorer& scorer, KeyOwner owner, const FeedbackLimits& limits, const FeedbackBefore& before) {
  const std::vector<FactSpec>& facts = scorer.feedback().facts;
  const std::size_t first_column = scorer.features().size();
  std::map<std::string, std::uint32_t> fresh;  // by identity
  for (std::uint32_t index = 0; index < facts.size(); ++index)
    if (belongs(owner, facts[index])) fresh.emplace(identity_of(facts[index], scorer.event()), index);
  if (before.state != nullptr) {
    for (const Facts& known : before.state->facts_) {
      std::vector<std::uint32_t> places(known.group.facts().size(), FactGroup::nobodys);
      std::optional<std::uint32_t> kept;
      for (std::size_t place = 0; place < places.size(); ++place) {
        if (known.group.facts()[place] == FactGroup::nobodys) continue;
        const FactSpec& fact = before.scorer->feedback().facts[known.group.facts()[place]];
        const auto found = fresh.find(identity_of(fact, before.scorer->event()));
        if (found == fresh.end()) continue;
        kept = places[place] = found->second;
        fresh.erase(found);
      }
      if (kept) facts_.push_back({kind_of(facts[*kept].by), FactGroup(known.group, facts, std::move(places), first_column)});
    }
  }
  std::map<std::size_t, std::vector<std::uint32_t>> by_kind;
  for (std::uint32_t index = 0; index < facts.size(); ++index) {
    const auto is_this = [index](const auto& entry) { return entry.second == index; };
    if (std::any_of(fresh.begin(), fresh.end(), is_this)) by_kind[kind_of(facts[index].by)].push_back(index);
  }
  for (auto& [kind, of_kind] : by_kind) facts_.push_back({kind, FactGroup(facts, std::move(of_kind), first_column, limits)});
}

void FeedbackState::add_features(const Scorer& scorer, KeyOwner owner, const FeatureStoreLimits& limits, const FeedbackBefore& before) {
  const std::span<const FeatureSpec> features = scorer.features();
  std::vector<FeatureIndex> decided;
  for (FeatureIndex index = 0; index < features.size(); ++index) {
    const FeatureSpec& feature = features[index];
    if (!feature.is_feedback() || !belongs(owner, feature)) continue;
    kind_of(feature.by);
    if (feature.resettable)
      resettable_.push_back({index, feature.after_decision, feature.name, feature.identity, {}});
    else
      decided.push_back(index);
  }
  const Windows* known = before.state != nullptr && before.state->decided_.shared != nullptr ? &before.state->decided_ : nullptr;
  if (!decided.empty()) decided_ = open_windows(scorer, decided, limits, known, before.scorer);

  std::vector<const Resettable*> left;
  if (before.state != nullptr)
    for (const Resettable& each : before.state->resettable_) left.push_back(&each);
  const auto open = [&](Resettable& resettable, bool by_name) {
    const auto found = std::find_if(left.begin(), left.end(), [&](const Resettable* each) {
      return !each->identity.empty() && each->identity == resettable.identity && (!by_name || each->name == resettable.name);
    });
    if (found == left.end()) return;
    resettable.windows = open_windows(scorer, {&resettable.feature, 1}, limits, &(*found)->windows, before.scorer);
    left.erase(found);
  };
  for (Resettable& resettable : resettable_) open(resettable, true);
  for (Resettable& resettable : resettable_)
    if (resettable.windows.shared == nullptr) open(resettable, false);
  for (Resettable& resettable : resettable_)
    if (resettable.windows.shared == nullptr) resettable.windows = open_windows(scorer, {&resettable.feature, 1}, limits, nullptr, nullptr);
}

FeedbackState::Windows FeedbackState::open_windows(const Scorer& scorer, std::span<const FeatureIndex> held,
                                                   const FeatureStoreLimits& limits, const Windows* known, const Scorer* scorer_before) {
  Windows windows;
  if (known == nullptr) {
    windows.shared = std::make_shared<SharedWindows>(
        SharedWindows{FeatureStore(scorer.features(), held, scorer.event(), scorer.derived_columns(), limits), {}});
  } else {
    windows.shared = known->shared;
    windows.number = windows.shared->states.back().first + 1;
    windows.shared->store.also_serve(windows.number, known->number, scorer_before->features(), scorer.features(), held, scorer.event(),
                                     scorer.derived_columns());
  }
  windows.shared->store.serve(windows.number);
  windows.shared->states.emplace_back(windows.number, alive_);
  return windows;
}

void FeedbackState::add_patterns(const Scorer& scorer, KeyOwner owner, const FeedbackLimits& limits, const FeedbackBefore& before) {
  const std::vector<PatternSpec>& patterns = scorer.feedback().patterns;
  const std::size_t first_column = scorer.features().size() + scorer.feedback().facts.size();
  for (std::uint32_t index = 0; index < patterns.size(); ++index) {
    const PatternSpec& pattern = patterns[index];
    if (!belongs(owner, pattern)) continue;
    const std::size_t kind = kind_of(pattern.by);
    const PatternGroup* known = nullptr;
    if (before.state != nullptr)
      for (const Pattern& each : before.state->patterns_)
        if (each.group.spec().name == pattern.name && !pattern.identity.empty() && each.group.spec().identity == pattern.identity &&
            each.group.fits(pattern))
          known = &each.group;
    const std::size_t column = first_column + index;
    patterns_.push_back({kind, known != nullptr ? PatternGroup(*known, pattern, column) : PatternGroup(pattern, column, limits)});
  }
}

template <typename Visit>
void FeedbackState::for_each_windows(Visit visit) {
  if (decided_.shared) visit(decided_);
  for (Resettable& resettable : resettable_) visit(resettable.windows);
}

void FeedbackState::forget_ended(std::vector<std::shared_ptr<void>>& retired) {
  for_each_windows([&](Windows& windows) {
    windows.shared->store.serve(windows.number);
    std::erase_if(windows.shared->states, [&](const auto& state) {
      if (!state.second.expired()) return false;
      windows.shared->store.forget(state.first, retired);
      return true;
    });
  });
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
  for_each_windows([&](Windows& windows) {
    windows.shared->store.serve(windows.number);
    windows.shared->store.begin_waves(batch, out);
  });
  for (Pattern& pattern : patterns_) pattern.group.apply(batch, *kinds_[pattern.kind], out);
}

bool FeedbackState::is_near_limit(std::size_t rows) const {
  return std::any_of(facts_.begin(), facts_.end(), [rows](const Facts& facts) { return facts.group.is_near_limit(rows); });
}

void FeedbackState::read(const EventBatch& batch, std::span<const RowBlock> wave, FeatureColumns& out) {
  for (const RowBlock& rows : wave) {
    for (const Facts& facts : facts_) facts.group.read(batch, *kinds_[facts.kind], rows, out);
    if (decided_.shared) decided_.shared->store.apply(batch, rows, RowUse::answer);
    for (Resettable& resettable : resettable_)
      resettable.windows.shared->store.apply(batch, rows, resettable.after_decision ? RowUse::answer : RowUse::add_and_answer);
  }
}

void FeedbackState::write(const EventBatch& batch, std::span<const RowBlock> wave, const FeedbackWrites& writes) {
  for (const FactWrite& write : writes.facts)
    for (Facts& facts : facts_) facts.group.write(batch, *kinds_[facts.kind], write);
  for (const RowBlock& rows : wave) {
    if (decided_.shared) decided_.shared->store.apply(batch, rows, RowUse::add);
    for (Resettable& resettable : resettable_)
      if (resettable.after_decision) resettable.windows.shared->store.apply(batch, rows, RowUse::add);
  }
  // The event that fired is cleared with the others.
  for (const FeatureReset& reset : writes.resets)
    for (Resettable& resettable : resettable_)
      if (resettable.feature == reset.feature) resettable.windows.shared->store.empty_windows(batch, reset.row);
}

void FeedbackState::add_counters(FeedbackCounters& total) const {
  for (const Facts& facts : facts_) facts.group.add_counters(total);
  for (const Pattern& pattern : patterns_) pattern.group.add_counters(total);
  const auto add = [&total](const Windows& windows) { total.windows += windows.shared->store.totals(); };
  if (decided_.shared) add(decided_);
  for (const Resettable& resettable : resettable_) add(resettable.windows);
}

}  // namespace weir
