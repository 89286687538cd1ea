// How many keys still have a fact that has not ended, whenever time goes on.
#pragma once

#include <cstdint>
#include <limits>
#include <map>

namespace weir {

// Counts keys by the time at which the last of their facts ends. What is over is a matter of that time and of how far the stream has come,
// so the count never depends on which keys were looked at so far. One thread.
class EndTimes {
 public:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();  // there is no fact: over at any time
  static constexpr std::int64_t endless = std::numeric_limits<std::int64_t>::max();

  // Whether a key that ends at `ends_ms` is over when the stream has settled up to `settled_ms`. In steps of a quarter of an hour, so that
  // few of them are to be counted.
  static bool is_over(std::int64_t ends_ms, std::int64_t settled_ms) {
    return ends_ms == never || (ends_ms != endless && step_of(ends_ms) < step_of(settled_ms));
  }

  // The key's last fact ends at `after_ms` now.
  void move(std::int64_t before_ms, std::int64_t after_ms) {
    if (before_ms == after_ms) return;
    if (before_ms == endless) --endless_;
    if (after_ms == endless) ++endless_;
    if (is_counted(before_ms)) {
      const auto step = by_step_.find(step_of(before_ms));
      if (--step->second == 0) by_step_.erase(step);
      --counted_;
    }
    if (is_counted(after_ms)) {
      ++by_step_[step_of(after_ms)];
      ++counted_;
    }
  }

  // The stream has settled up to there; it never goes back.
  void settle(std::int64_t settled_ms) {
    if (settled_ms <= settled_ms_) return;
    settled_ms_ = settled_ms;
    while (!by_step_.empty() && by_step_.begin()->first < step_of(settled_ms)) {
      counted_ -= by_step_.begin()->second;
      by_step_.erase(by_step_.begin());
    }
  }

  // Keys that are not over.
  std::uint64_t keys() const { return counted_ + endless_; }

 private:
  static constexpr int step_bits = 20;  // of milliseconds: 17 minutes

  static std::int64_t step_of(std::int64_t time_ms) { return time_ms >> step_bits; }
  bool is_counted(std::int64_t ends_ms) const { return ends_ms != endless && !is_over(ends_ms, settled_ms_); }

  std::map<std::int64_t, std::uint64_t> by_step_;
  std::uint64_t counted_ = 0;  // in `by_step_`
  std::uint64_t endless_ = 0;
  std::int64_t settled_ms_ = never;
};

}  // namespace weir
