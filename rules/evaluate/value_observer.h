// Looks on while a rule set is evaluated: for tests of rules and for explanations, never in the live stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rules/evaluate/value_text.h"
#include "rules/language/expression.h"

namespace weir {

class ValueObserver {
 public:
  virtual ~ValueObserver() = default;
  // On the lane's thread, for every active row. `value` is readable during the call only.
  virtual void observed(std::int64_t offset, std::size_t watched, const evaluate::ScalarValue& value) = 0;
};

// What is observed: expressions that rules are made of, computed by the same program as the rules, and then those that may read the
// decision's score and outcome (ExpressionScope::decision). Both are numbered through: a decided one comes as judged.size() + index.
struct WatchedExpressions {
  std::vector<ExpressionIndex> judged;
  std::vector<ExpressionIndex> decided;
  ValueObserver* observer = nullptr;  // outlives the scorer
};

}  // namespace weir
