// How far ahead of its shards a rule set is announced, so that its epoch is on disk before any record needs it.
#pragma once

#include <algorithm>
#include <chrono>

namespace weir {

// By what the log's appends took lately: a slow disk makes the next switch later, and no record waits. Beyond `longest` records wait. One
// thread.
class SwitchMargin {
 public:
  static constexpr std::chrono::milliseconds shortest{200};  // appends are seldom that slow where they were not before
  static constexpr std::chrono::milliseconds longest{600};   // a switch is to be seen within a second

  void append_took(std::chrono::microseconds time) { slowest_ = std::max(time, slowest_ * remembered_of_100 / 100); }

  // At the rate of the shard, this much is behind the record at hand.
  std::chrono::milliseconds span() const {
    return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(slowest_ * appends_ahead), shortest, longest);
  }
  // No append takes longer, as far as is known.
  std::chrono::milliseconds one_append() const { return span() / appends_ahead; }

 private:
  static constexpr int appends_ahead = 3;       // one may be under way, the next one is slower than any before, and lanes answer meanwhile
  static constexpr int remembered_of_100 = 98;  // after each append: of a slow one, half is left after 34, which is a quarter of a minute

  std::chrono::microseconds slowest_{0};
};

}  // namespace weir
