// Places for counting outcomes by name while rule sets, which number them each in their own way, come and go.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weir {

// The last place is for all outcomes beyond. Control side, one thread at a time; lanes hold only the numbers.
class OutcomeSlots {
 public:
  static constexpr std::size_t slots_max = 16;

  std::uint8_t slot(const std::string& outcome) {
    const auto found = std::find(names_.begin(), names_.end(), outcome);
    if (found != names_.end()) return static_cast<std::uint8_t>(found - names_.begin());
    if (names_.size() == slots_max) return slots_max - 1;
    names_.push_back(outcome);
    return static_cast<std::uint8_t>(names_.size() - 1);
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

}  // namespace weir
