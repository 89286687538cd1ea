// What rules that read what rules write must decide, one event at a time and as plainly as possible: every past event is kept for ever, and
// every question walks over all of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/event/batch.h"
#include "rules/language/checked_rules.h"
#include "tests/support/row_interpreter.h"

namespace weir::test {

// Knows the aggregates count, sum (of integers and decimals), max, distinct and last, rules in force, and no late events beyond what is
// admitted.
class FeedbackOracle {
 public:
  // `rules` must outlive the oracle.
  explicit FeedbackOracle(const CheckedRules& rules) : rules_(&rules) { begin_parts(); }

  // The next events are decided by `next`. What says the same as before goes on; features, facts and patterns that do not begin empty.
  void switch_to(const CheckedRules& next);

  // Decides the next event; `events` has one row, and only the schema's fields filled. "outcome score", then " rule: reason" of those that
  // fired.
  std::string decide(EventBatch events);

 private:
  struct Past {
    EventBatch events;
    std::int64_t time = 0;
    std::int64_t score = 0;
    std::uint32_t outcome = 0;
    std::vector<bool> cleared;  // by feature: a reset emptied it since
  };
  struct Fact {
    RowValue value;
    std::int64_t ends_ms = 0;
    bool endless = false;
  };

  void begin_parts();
  std::string identity(const CheckedRules& rules, const FactSpec& fact) const;
  RowSource source(const Past& event, const FeatureColumns& features) const;
  RowValue column_value(const Past& event, ColumnIndex column) const;
  std::string key(const Past& event, const std::vector<ColumnIndex>& by) const;  // empty: a part is missing
  RowValue feature(const FeatureSpec& spec, std::uint32_t index, const Past& own) const;
  bool matches(const PatternSpec& spec, std::size_t since, const Past& own) const;
  bool place(const PatternSpec& spec, std::vector<const Past*>& chosen, const std::vector<const Past*>& earlier, std::size_t from,
             const Past& own) const;
  bool fits(const PatternSpec& spec, std::size_t step, const Past& event, const std::vector<const Past*>& chosen) const;

  const CheckedRules* rules_;
  std::vector<std::unique_ptr<Past>> past_;  // by arrival
  std::map<std::pair<std::uint32_t, std::string>, Fact> facts_;
  std::vector<std::size_t> features_since_;  // by feature: how many events had come when it began
  std::vector<std::size_t> patterns_since_;
};

}  // namespace weir::test
