// How a rule takes part in decisions.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

namespace weir {

enum class RuleMode : std::uint8_t {
  live,    // decides
  shadow,  // judged and reported apart, changes nothing
  canary,  // live for a share of the keys, shadow for the others
  off,     // checked, never judged
};

// The name in the rule language.
constexpr std::string_view to_string(RuleMode mode) {
  switch (mode) {
    case RuleMode::shadow:
      return "shadow";
    case RuleMode::canary:
      return "canary";
    case RuleMode::off:
      return "off";
    default:
      return "live";
  }
}

constexpr int canary_share_scale = 2;                                             // digits after the point of a canary's percentage
constexpr std::int64_t canary_share_all = 10'000;                                 // 100 %
constexpr std::int64_t never_expires = std::numeric_limits<std::int64_t>::max();  // as `expires_ms`

}  // namespace weir
