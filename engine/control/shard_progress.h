// How many records of a shard are decided in how much time, lately.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>

namespace weir {

// Looked at now and then; remembers the last two seconds. One thread.
class ShardProgress {
 public:
  using Clock = std::chrono::steady_clock;

  void saw(Clock::time_point now, std::int64_t decided_below) {
    while (looks_.size() > 1 && now - looks_.front().at > remembered) looks_.pop_front();
    looks_.push_back({now, decided_below});
  }

  // The most within any such span, or in what came between two looks that are further apart.
  std::int64_t most_within(std::chrono::milliseconds span) const {
    return most(span, [](std::int64_t count, Clock::duration) { return count; });
  }

  // The same, but of what came between looks that are further apart only the span's share.
  std::int64_t fastest_within(std::chrono::milliseconds span) const {
    return most(span, [span](std::int64_t count, Clock::duration apart) { return count * span / std::max<Clock::duration>(span, apart); });
  }

  // Since so long before the last look, or a little longer.
  std::int64_t within_last(std::chrono::milliseconds span) const {
    if (looks_.empty()) return 0;
    auto begin = looks_.rbegin();
    while (std::next(begin) != looks_.rend() && looks_.back().at - begin->at < span) ++begin;
    return looks_.back().decided_below - begin->decided_below;
  }

 private:
  static constexpr std::chrono::seconds remembered{2};
  struct Look {
    Clock::time_point at;
    std::int64_t decided_below = 0;
  };

  template <typename Count>
  std::int64_t most(std::chrono::milliseconds span, Count count) const {
    std::int64_t largest = 0;
    auto end = looks_.begin();
    for (const Look& begin : looks_) {
      while (end + 1 != looks_.end() && end->at - begin.at < span) ++end;
      largest = std::max(largest, count(end->decided_below - begin.decided_below, end->at - begin.at));
    }
    return largest;
  }

  std::deque<Look> looks_;
};

}  // namespace weir
