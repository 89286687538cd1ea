// What a person needs to see why an expectation failed: the rules in question with the value of every part.
#pragma once

#include <string>
#include <vector>

#include "rules/evaluate/value_observer.h"
#include "rules/language/checked_rules.h"
#include "rules/testing/test_lane.h"
#include "rules/testing/value_notes.h"

namespace weir {

class FailureStory {
 public:
  // `decision` is the one that the expectation is about.
  FailureStory(const CheckedRules& rules, const TestExpectation& expectation, const LaneDecision& decision);

  // What must be watched while the test runs again.
  WatchedExpressions watched(ValueObserver& observer) const;
  std::vector<std::string> tell(const LaneEvent& event, const ValueNotes& notes) const;

 private:
  struct Part {
    ExpressionIndex index = no_expression;
    std::size_t depth = 0;
    std::string text;
  };
  struct Tree {
    std::string title;
    std::vector<Part> parts;
  };

  void add_rule(std::uint32_t rule);
  void add_rules_in_question(OutcomeIndex outcome);
  void add_parts(Tree& tree, ExpressionIndex index, std::size_t depth);

  const CheckedRules& rules_;
  const LaneDecision& decision_;
  bool decided_ = false;  // the tree is that of the expectation itself
  std::vector<Tree> trees_;
};

// "rule card_testing (block, score 80)", one after the other, or "no rule fired".
std::string fired_text(const CheckedRules& rules, const LaneDecision& decision);

}  // namespace weir
