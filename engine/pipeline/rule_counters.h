// What one lane counts about the rules of one rule set: hits by mode, errors, and what rules in shadow would have changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/counter.h"
#include "engine/ports/scorer.h"

namespace weir {

// The lane writes, any thread reads; no locks. Sized when a rule set comes into force, never after.
class RuleCounters {
 public:
  // Counts of flips, over all rules of the set. With more (rules in shadow times outcomes times outcomes), the flips of the last rules
  // are only counted together.
  static constexpr std::size_t flip_cells_max = 1'000'000;

  explicit RuleCounters(std::shared_ptr<const Scorer> scorer);

  // A scored batch whose decisions go out.
  void add(const DecisionBatch& decisions);

  const DecisionVocabulary& vocabulary() const { return scorer_->vocabulary(); }
  std::uint64_t fired(std::size_t rule) const { return rules_[rule].fired.get(); }
  std::uint64_t in_shadow(std::size_t rule) const { return rules_[rule].in_shadow.get(); }
  std::uint64_t errors(std::size_t rule) const { return rules_[rule].errors.get(); }
  // Events on which it did not fire and a value that its condition compares was missing.
  std::uint64_t undecided(std::size_t rule) const { return rules_[rule].undecided.get(); }
  // Events whose outcome was `from` and would have been `to` had the rule been live; 0 where they are the same.
  std::uint64_t flips(std::size_t rule, OutcomeIndex from, OutcomeIndex to) const;
  std::uint64_t flips_beyond_table() const { return flips_beyond_table_.get(); }

 private:
  static constexpr std::size_t no_cells = ~std::size_t{0};
  struct OneRule {
    Counter fired;
    Counter in_shadow;
    Counter errors;
    Counter undecided;
    std::size_t cells = no_cells;  // first of outcomes * outcomes cells
  };

  std::size_t cell(std::size_t rule, OutcomeIndex from, OutcomeIndex to) const;

  std::shared_ptr<const Scorer> scorer_;
  std::size_t outcomes_;
  std::vector<OneRule> rules_;
  std::vector<Counter> flips_;
  Counter flips_beyond_table_;
};

}  // namespace weir
