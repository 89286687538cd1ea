// What FD-1 must answer, computed apart from the engine: ordered maps, plain containers, no batches. Written to be read, not to be fast.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/int128.h"

namespace weir::fd1 {

enum class Variant { fd1, fd1c };  // keys card, device, merchant in turn; card throughout

constexpr std::size_t rule_count = 50;
constexpr std::array<std::int64_t, 4> windows_ms{60'000, 300'000, 3'600'000, 86'400'000};

struct OracleEvent {
  std::string id;
  std::int64_t time_ms = 0;
  std::string card;
  std::string device;
  std::string merchant;
  std::int64_t amount = 0;  // ten-thousandths
};

// Nothing when the record is malformed: not one JSON object, or one of the fields missing or of another type.
std::optional<OracleEvent> parse_event(std::string_view record);

struct WindowValues {
  std::int64_t count = 0;
  std::int64_t sum = 0;  // ten-thousandths, as max
  std::int64_t max = 0;
  double average = 0;
  std::optional<double> deviation;  // of the sample; needs two values
};

struct KeyValues {
  std::array<WindowValues, windows_ms.size()> windows;
  std::size_t distinct = 0;  // over the longest window
};

// The payments of one key. As seen from an event at `t`, a window holds those with a time in (t - length, t] that arrived before it, and
// itself.
class KeyHistory {
 public:
  // Adds a payment at its own time, behind others of that time, and returns the values as of that time. `other` is what `distinct` counts.
  KeyValues add(std::int64_t time_ms, std::int64_t amount, std::uint32_t other);

 private:
  struct Entry {
    std::int64_t time_ms;
    std::int64_t amount;
    std::uint32_t other;
  };
  struct Running {  // one window, as of the newest entry
    std::size_t first = 0;
    std::int64_t sum = 0;
    Int128 squares = 0;
    std::multiset<std::int64_t> amounts;
    void include(std::int64_t amount);
    void exclude(std::int64_t amount);
  };

  KeyValues add_newest();
  KeyValues recount(std::size_t position) const;

  std::deque<Entry> entries_;  // by time, then by arrival; reaches further back than the longest window, for late payments
  std::array<Running, windows_ms.size()> running_;
  std::unordered_map<std::uint32_t, std::size_t> others_;  // in the longest window, as of the newest entry
};

struct OracleDecision {
  int score = 0;
  std::vector<std::size_t> rules;  // ascending
  std::string_view outcome() const { return score >= 45 ? "block" : score >= 25 ? "alert" : "allow"; }
};

class Oracle {
 public:
  explicit Oracle(Variant variant) : variant_(variant) {}
  // In the order of arrival.
  OracleDecision decide(const OracleEvent& event);

 private:
  std::uint32_t number(const std::string& name);

  Variant variant_;
  std::unordered_map<std::string, std::uint32_t> numbers_;  // of cards and merchants, in order of appearance
  std::unordered_map<std::string, KeyHistory> cards_;
  std::unordered_map<std::string, KeyHistory> devices_;
  std::unordered_map<std::string, KeyHistory> merchants_;
};

}  // namespace weir::fd1
