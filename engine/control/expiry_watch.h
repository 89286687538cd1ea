// Rules near their end, as the running service warns about them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/control/rule_status.h"

namespace weir {

// "rule promo expires in 3 days, at 2027-03-31T00:00:00Z", or that it has; empty while it is further away than `warning_ms`, or off.
std::string expiry_text(const RuleStatus& rule, std::int64_t now_ms, std::int64_t warning_ms);

// One thread.
class ExpiryWatch {
 public:
  explicit ExpiryWatch(std::int64_t warning_ms) : warning_ms_(warning_ms) {}

  // What is to be said now: of each such rule once a day (UTC), and at once when its date is another.
  std::vector<std::string> look(const std::vector<RuleStatus>& rules, std::int64_t now_ms);

 private:
  struct Told {
    std::int64_t expires_ms = 0;
    std::int64_t day = 0;
    bool expired = false;

    bool operator==(const Told&) const = default;
  };

  std::int64_t warning_ms_;
  std::map<std::string, Told> told_;  // by rule
};

}  // namespace weir
