// The offsets of one time zone from UTC, read from the system's time zone database when a rule set is compiled. The data plane only
// searches a sorted table.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace weir::evaluate {

class ZoneOffsets {
 public:
  // Nothing when the database has no zone of that IANA name.
  static std::optional<ZoneOffsets> load(std::string_view name);

  // The wall clock's milliseconds at a moment (milliseconds since 1970, UTC). Stops at the ends of the 64-bit range.
  std::int64_t local_ms(std::int64_t utc_ms) const;

 private:
  struct Stretch {
    std::int64_t begin_ms = 0;
    std::int64_t offset_ms = 0;
  };
  std::vector<Stretch> stretches_;  // ascending; each lasts until the next begins
};

}  // namespace weir::evaluate
