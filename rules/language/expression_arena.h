// Keeps the nodes of a rule set, each distinct expression once: what two rules share is computed once.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "rules/language/checked_rules.h"

namespace weir {

class ExpressionArena {
 public:
  // `rules` must outlive the arena; nodes that it already has are found again.
  explicit ExpressionArena(CheckedRules& rules);

  // `may_be_missing` and `event_only` are worked out from the operands, except for leaves, which bring theirs.
  ExpressionIndex add(Expression node);
  const Expression& operator[](ExpressionIndex index) const { return rules_.expressions[index]; }

  std::uint32_t add_set(ValueSet set);
  bool knows_pattern(const std::string& pattern) const { return patterns_.contains(pattern); }
  std::uint32_t add_pattern(std::string pattern);

 private:
  static std::string key(const Expression& node);

  CheckedRules& rules_;
  std::unordered_map<std::string, ExpressionIndex> known_;
  std::unordered_map<std::string, std::uint32_t> sets_;
  std::unordered_map<std::string, std::uint32_t> patterns_;
};

}  // namespace weir
