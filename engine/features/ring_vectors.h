// Walks over the arrays of a ring, many entries at a time where the processor has AVX-512.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace weir {

// What is known of the values of a stretch of entries.
struct StretchTotals {
  // Amounts of up to this many bits can be squared and added up 256 times within 64 bits.
  static constexpr int plain_bits_max = 28;

  std::int64_t sum = 0;
  std::uint64_t squares = 0;
  std::int64_t min = std::numeric_limits<std::int64_t>::max();
  std::int64_t max = std::numeric_limits<std::int64_t>::min();
  std::uint64_t bits = 0;  // at least as large as the largest amount, as wide as it

  // Otherwise `sum` and `squares` mean nothing.
  bool are_plain() const { return (bits >> plain_bits_max) == 0; }

  void add(std::int64_t value) {
    const auto word = static_cast<std::uint64_t>(value);
    bits |= static_cast<std::uint64_t>(value ^ (value >> 63));
    sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) + word);
    squares += word * word;
    min = value < min ? value : min;
    max = value > max ? value : max;
  }

  void add(const std::int64_t* values, std::size_t count) {
    if (count >= worth_vectors && add_by_vectors(values, count)) return;
    for (std::size_t at = 0; at < count; ++at) add(values[at]);
  }

 private:
  static constexpr std::size_t worth_vectors = 12;

  // False: the processor has no such vectors.
  bool add_by_vectors(const std::int64_t* values, std::size_t count);
};

// Of `count` times, ascending and modulo 2^(their bits): how many are younger than each of four reaches, as of `now`. The last is the
// longest. Ends at the first entry that is outside of it; no branch a window.
template <typename Time>
inline void count_younger(const Time* times, std::size_t count, Time now, const Time* reaches, std::uint32_t* younger) {
  std::uint32_t inside[4] = {};
  for (; count > 0; --count) {
    const Time age = now - times[count - 1];
    if (age >= reaches[3]) break;
    for (std::size_t at = 0; at < 3; ++at) inside[at] += age < reaches[at] ? 1 : 0;
    ++inside[3];
  }
  for (std::size_t at = 0; at < 4; ++at) younger[at] = inside[at];
}

// The same where many entries are likely. False: the processor has no such vectors.
bool count_younger_by_vectors(const std::uint32_t* times, std::size_t count, std::uint32_t now, const std::uint32_t* reaches,
                              std::uint32_t* younger);

}  // namespace weir
