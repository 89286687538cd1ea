// Rules text, events and feature values written down in a test, and what is decided about them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/decision.h"
#include "rules/evaluate/rule_set.h"

namespace weir::test {

class RuleTrial {
 public:
  // Values by name of field or feature, as people write them ("12.5", "true", "2026-01-05T10:00:00Z", "52.5,13.4"); the others are missing.
  using Row = std::map<std::string, std::string>;

  // Aborts the test program with the diagnostics when the rules or one of the conditions are wrong.
  explicit RuleTrial(const std::string& rules_text, const std::string& filter = "", const std::vector<std::string>& routes = {});

  const DecisionBatch& judge(const std::vector<Row>& rows);

  const Scorer& scorer() const { return *scorer_; }
  const EventBatch& events() const { return events_; }
  const DecisionBatch& decisions() const { return decisions_; }
  // "rule: reason" of each rule that fired on the row.
  std::vector<std::string> fired(std::size_t row) const;
  std::string outcome(std::size_t row) const { return scorer_->vocabulary().outcomes[decisions_.outcomes[row]]; }
  std::string text(std::uint32_t begin, std::uint32_t size) const { return std::string(decisions_.text.view(begin, size)); }

 private:
  void fill(Column& column, const std::string& name, const std::vector<Row>& rows);

  std::shared_ptr<const Scorer> scorer_;
  std::unique_ptr<ScorerScratch> scratch_;
  EventBatch events_;
  FeatureColumns features_;
  DecisionBatch decisions_;
};

}  // namespace weir::test
