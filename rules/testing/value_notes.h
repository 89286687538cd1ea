// Watches expressions while events are decided and keeps their values as text.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rules/evaluate/value_observer.h"
#include "rules/language/checked_rules.h"

namespace weir {

// The values of chosen expressions on one event.
class ValueNotes final : public ValueObserver {
 public:
  explicit ValueNotes(std::int64_t offset) : offset_(offset) {}

  void observed(std::int64_t offset, std::size_t watched, const evaluate::ScalarValue& value) override;

  // Empty: not seen. Missing values are "missing", text stands in quotes.
  std::string text(std::size_t watched) const { return watched < texts_.size() ? texts_[watched] : std::string(); }

 private:
  std::int64_t offset_;
  std::vector<std::string> texts_;
};

// Which conditions held on which event.
class ConditionNotes final : public ValueObserver {
 public:
  void observed(std::int64_t offset, std::size_t watched, const evaluate::ScalarValue& value) override;
  // Forgets which events conditions held on; from now on it is noted for those that are `asked` about, by offset.
  void begin(std::vector<bool> asked) {
    held_.clear();
    asked_ = std::move(asked);
  }

  bool held(std::int64_t offset, std::size_t watched) const;
  bool seen_true(std::size_t watched) const { return watched < seen_true_.size() && seen_true_[watched]; }
  bool seen_false(std::size_t watched) const { return watched < seen_false_.size() && seen_false_[watched]; }

 private:
  std::vector<bool> asked_;
  std::unordered_map<std::int64_t, std::vector<bool>> held_;
  std::vector<bool> seen_true_;
  std::vector<bool> seen_false_;
};

// An expression as its author wrote it, on one line.
std::string written_text(const CheckedRules& rules, ExpressionIndex index);
// Past `truth` and conversions, which nobody wrote.
ExpressionIndex written(const CheckedRules& rules, ExpressionIndex index);

}  // namespace weir
