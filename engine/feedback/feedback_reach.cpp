#include "engine/feedback/feedback_reach.h"

#include <algorithm>

#include "engine/feedback/pattern_group.h"

namespace weir {

std::string identity_of(const FactSpec& fact, const EventSchema& event) {
  std::string text = fact.name + ' ' + std::to_string(static_cast<int>(fact.type)) + ' ' + std::to_string(fact.scale) +
                     (fact.by_includes_shard_key ? " of the shard"
                      : fact.spans_sources       ? " of several sources"
                                                 : " of all shards");
  for (const ColumnIndex part : fact.by) {
    const FieldSpec& field = event.fields[part];
    text += "; " + field.name + ' ' + std::to_string(static_cast<int>(field.type)) + ' ' + std::to_string(field.scale);
  }
  return text;
}

void FeedbackReach::add(const Scorer& scorer, std::int64_t window_reach_ms, const FeedbackLimits& limits) {
  windows_ms_ = std::max(windows_ms_, window_reach_ms);
  for (const PatternSpec& pattern : scorer.feedback().patterns)
    windows_ms_ = std::max(windows_ms_, PatternGroup(pattern, 0, limits).retain_ms());
  for (const FeatureSpec& feature : scorer.features()) depends_on_decisions_ |= feature.is_feedback();
  const std::vector<FactSpec>& facts = scorer.feedback().facts;
  for (const FactSpec& spec : facts) {
    Fact& fact = facts_[identity_of(spec, scorer.event())];
    fact.longest_ms = std::max(fact.longest_ms, spec.longest_ms);
    fact.ends = fact.ends && spec.longest_ms > 0;
    for (const std::uint32_t source : spec.sources) fact.sources.insert(identity_of(facts[source], scorer.event()));
  }
}

// Each round settles the facts whose sources are settled. What is left stands in a circle or behind one: it has no end.
std::optional<std::int64_t> FeedbackReach::ms() const {
  if (depends_on_decisions_) return std::nullopt;
  std::map<std::string, std::int64_t> settled;
  std::int64_t longest_ms = 0;
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto& [identity, fact] : facts_) {
      const auto is_settled = [&settled](const std::string& source) { return settled.contains(source); };
      if (settled.contains(identity) || !fact.ends || !std::all_of(fact.sources.begin(), fact.sources.end(), is_settled)) continue;
      std::int64_t before_ms = 0;
      for (const std::string& source : fact.sources) before_ms = std::max(before_ms, settled.at(source));
      settled[identity] = fact.longest_ms + before_ms;
      longest_ms = std::max(longest_ms, settled[identity]);
      moved = true;
    }
  }
  if (settled.size() < facts_.size()) return std::nullopt;
  return windows_ms_ + longest_ms;
}

}  // namespace weir
