#include "bench/fd1/oracle.h"

#include <algorithm>
#include <cmath>

namespace weir::fd1 {
namespace {

// A late payment sees a whole window before its own time, so entries are kept this much longer than the longest window.
constexpr std::int64_t kept_ms = 2 * windows_ms.back();

WindowValues values_of(std::int64_t count, std::int64_t sum, Int128 squares, std::int64_t max) {
  WindowValues values{count, sum, max, 0, std::nullopt};
  values.average = static_cast<double>(static_cast<long double>(sum) / static_cast<long double>(count) / 10'000);
  if (count >= 2) {
    const Int128 spread = squares * count - static_cast<Int128>(sum) * sum;  // exact, so never below zero
    const auto pairs = static_cast<long double>(count) * static_cast<long double>(count - 1);
    values.deviation = static_cast<double>(std::sqrt(static_cast<long double>(spread) / pairs) / 10'000);
  }
  return values;
}

// Rule i of FD1: all three conditions.
bool fires(std::size_t i, std::int64_t m, double amount, const WindowValues& window, std::size_t distinct) {
  const auto n = static_cast<std::int64_t>(i);
  if (window.count < m * (3 + n % 7)) return false;
  if (window.sum <= m * 50 * (1 + n % 11) * 10'000) return false;
  switch (i / 3 % 4) {
    case 0:
      return window.deviation && amount > window.average + 3 * *window.deviation + 0.00137;
    case 1:
      return std::llround(amount * 10'000) >= window.max;
    case 2:
      return static_cast<std::int64_t>(distinct) >= m * (3 + n % 4);
    default:
      return amount <= window.average / 20 - 0.00137;
  }
}

}  // namespace

void KeyHistory::Running::include(std::int64_t amount) {
  sum += amount;
  squares += static_cast<Int128>(amount) * amount;
  amounts.insert(amount);
}

void KeyHistory::Running::exclude(std::int64_t amount) {
  sum -= amount;
  squares -= static_cast<Int128>(amount) * amount;
  amounts.erase(amounts.find(amount));
}

KeyValues KeyHistory::add(std::int64_t time_ms, std::int64_t amount, std::uint32_t other) {
  const auto after =
      std::upper_bound(entries_.begin(), entries_.end(), time_ms, [](std::int64_t t, const Entry& e) { return t < e.time_ms; });
  const auto position = static_cast<std::size_t>(after - entries_.begin());
  const bool newest = after == entries_.end();
  entries_.insert(after, {time_ms, amount, other});
  if (newest) return add_newest();

  for (std::size_t w = 0; w < running_.size(); ++w) {
    Running& running = running_[w];
    if (time_ms > entries_.back().time_ms - windows_ms[w]) {
      running.include(amount);
      if (w + 1 == running_.size()) ++others_[other];
    } else {
      ++running.first;
    }
  }
  return recount(position);
}

// The usual case: the last entry is new, and everything moves forward to its time.
KeyValues KeyHistory::add_newest() {
  const Entry& entry = entries_.back();
  KeyValues values;
  for (std::size_t w = 0; w < running_.size(); ++w) {
    const bool longest = w + 1 == running_.size();
    Running& running = running_[w];
    running.include(entry.amount);
    if (longest) ++others_[entry.other];
    for (; entries_[running.first].time_ms <= entry.time_ms - windows_ms[w]; ++running.first) {
      const Entry& old = entries_[running.first];
      running.exclude(old.amount);
      if (longest && --others_[old.other] == 0) others_.erase(old.other);
    }
    const auto count = static_cast<std::int64_t>(entries_.size() - running.first);
    values.windows[w] = values_of(count, running.sum, running.squares, *running.amounts.rbegin());
  }
  values.distinct = others_.size();
  while (entries_.front().time_ms <= entry.time_ms - kept_ms) {
    entries_.pop_front();
    for (Running& running : running_) --running.first;
  }
  return values;
}

// A late entry: each window is counted afresh, backwards from it.
KeyValues KeyHistory::recount(std::size_t position) const {
  const std::int64_t time_ms = entries_[position].time_ms;
  KeyValues values;
  std::set<std::uint32_t> others;
  for (std::size_t w = 0; w < windows_ms.size(); ++w) {
    std::int64_t count = 0;
    std::int64_t sum = 0;
    Int128 squares = 0;
    std::int64_t max = entries_[position].amount;
    for (std::size_t at = position + 1; at-- > 0 && entries_[at].time_ms > time_ms - windows_ms[w];) {
      const Entry& entry = entries_[at];
      ++count;
      sum += entry.amount;
      squares += static_cast<Int128>(entry.amount) * entry.amount;
      max = std::max(max, entry.amount);
      if (w + 1 == windows_ms.size()) others.insert(entry.other);
    }
    values.windows[w] = values_of(count, sum, squares, max);
  }
  values.distinct = others.size();
  return values;
}

std::uint32_t Oracle::number(const std::string& name) {
  return numbers_.try_emplace(name, static_cast<std::uint32_t>(numbers_.size())).first->second;
}

OracleDecision Oracle::decide(const OracleEvent& event) {
  std::array<KeyValues, 3> keys;
  const std::uint32_t card = number("card " + event.card);
  const std::uint32_t merchant = number("merchant " + event.merchant);
  keys[0] = cards_[event.card].add(event.time_ms, event.amount, merchant);
  if (variant_ == Variant::fd1) {
    keys[1] = devices_[event.device].add(event.time_ms, event.amount, card);
    keys[2] = merchants_[event.merchant].add(event.time_ms, event.amount, card);
  }
  constexpr std::array<std::int64_t, 3> multiples{1, 2, 100};
  const double amount = static_cast<double>(event.amount) / 10'000;
  OracleDecision decision;
  for (std::size_t i = 0; i < rule_count; ++i) {
    const std::size_t k = variant_ == Variant::fd1 ? i % 3 : 0;
    if (!fires(i, multiples[k], amount, keys[k].windows[i % 4], keys[k].distinct)) continue;
    decision.rules.push_back(i);
    decision.score += 1 + static_cast<int>(i % 9);
  }
  return decision;
}

}  // namespace weir::fd1
