#include "engine/pipeline/rule_counters.h"

namespace weir {

RuleCounters::RuleCounters(std::shared_ptr<const Scorer> scorer)
    : scorer_(std::move(scorer)), outcomes_(vocabulary().outcomes.size()), rules_(vocabulary().rules.size()) {
  std::size_t cells = 0;
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    const RuleMode mode = vocabulary().rules[rule].mode;
    const bool may_flip = mode == RuleMode::shadow || mode == RuleMode::canary;
    if (!may_flip || cells + outcomes_ * outcomes_ > flip_cells_max) continue;
    rules_[rule].cells = cells;
    cells += outcomes_ * outcomes_;
  }
  flips_ = std::vector<Counter>(cells);
}

std::size_t RuleCounters::cell(std::size_t rule, OutcomeIndex from, OutcomeIndex to) const {
  return rules_[rule].cells + from * outcomes_ + to;
}

void RuleCounters::add(const DecisionBatch& decisions) {
  for (const FiredRule& fired : decisions.fired) rules_[fired.rule].fired.add(1);
  for (const RuleError& error : decisions.errors) rules_[error.rule].errors.add(1);
  for (const UndecidedRows& undecided : decisions.undecided) rules_[undecided.rule].undecided.add(undecided.rows);
  for (const ShadowHit& hit : decisions.shadows) {
    rules_[hit.rule].in_shadow.add(1);
    const OutcomeIndex outcome = decisions.outcomes[hit.row];
    if (outcome == hit.outcome_if_live) continue;
    (rules_[hit.rule].cells == no_cells ? flips_beyond_table_ : flips_[cell(hit.rule, outcome, hit.outcome_if_live)]).add(1);
  }
}

std::uint64_t RuleCounters::flips(std::size_t rule, OutcomeIndex from, OutcomeIndex to) const {
  return rules_[rule].cells == no_cells ? 0 : flips_[cell(rule, from, to)].get();
}

}  // namespace weir
