// How far the whole stream has come, judged so that no single event with a wrong time can move it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace weir {

// The earliest time among the last 65,536 to 131,072 events. Keys that are idle for longer than any window reaches behind it may be
// forgotten.
class RecentPast {
 public:
  void see(std::int64_t time) {
    current_ = std::min(current_, time);
    first_ = std::min(first_, time);
    if (++seen_ < generation_events) return;
    earlier_ = current_;
    settled_ = std::max(settled_, earlier_);
    current_ = std::numeric_limits<std::int64_t>::max();
    seen_ = 0;
    whole_ = true;
  }

  std::int64_t begin() const { return std::min(earlier_, current_); }

  // As far as `begin` has ever been after whole generations, whatever came late since. It depends on the order of the events alone.
  std::int64_t settled() const { return settled_; }

  // From the earliest time ever seen to `begin`; 0 while too few events were seen.
  std::uint64_t span() const { return whole_ ? static_cast<std::uint64_t>(begin()) - static_cast<std::uint64_t>(first_) : 0; }

 private:
  static constexpr std::uint32_t generation_events = 65'536;

  std::int64_t earlier_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t current_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t first_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t settled_ = std::numeric_limits<std::int64_t>::min();
  std::uint32_t seen_ = 0;
  bool whole_ = false;
};

}  // namespace weir
