// Decimal digits read eight at a time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace weir {

constexpr std::size_t digit_run_max = 18;  // as many always fit into 64 bits

inline constexpr std::array<std::int64_t, digit_run_max + 1> small_powers_of_ten = [] {
  std::array<std::int64_t, digit_run_max + 1> powers{};
  powers[0] = 1;
  for (std::size_t exponent = 1; exponent < powers.size(); ++exponent) powers[exponent] = powers[exponent - 1] * 10;
  return powers;
}();

struct DigitRun {
  std::size_t digits = 0;  // at most digit_run_max: a longer run is cut there
  std::int64_t value = 0;
};

// The digits at `text`; 8 bytes behind the last of them are readable.
inline DigitRun read_digits(const char* text) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::size_t word_bytes = 8;
  DigitRun run;
  while (run.digits < digit_run_max) {
    std::uint64_t word = 0;
    std::memcpy(&word, text + run.digits, word_bytes);
    word -= 0x3030'3030'3030'3030U;
    // A byte from 0 to 9 was a digit. The lowest mark is the first that was none; borrows and carries only disturb what is above it.
    const std::uint64_t others = ((word + 0x7676'7676'7676'7676U) | word) & 0x8080'8080'8080'8080U;
    const std::size_t found = static_cast<std::size_t>(std::countr_zero(others)) / 8;
    const std::size_t count = std::min(found, digit_run_max - run.digits);
    if (count == 0) break;
    // Zeros in front, then pairs, then all eight in two multiplications (Daniel Lemire, "Quickly parsing eight digits").
    word <<= 8 * (word_bytes - count);
    word = word * 10 + (word >> 8);
    word =
        ((word & 0x0000'00ff'0000'00ffU) * 0x000f'4240'0000'0064U + ((word >> 16) & 0x0000'00ff'0000'00ffU) * 0x0000'2710'0000'0001U) >> 32;
    run.value = run.value * small_powers_of_ten[count] + static_cast<std::int64_t>(word);
    run.digits += count;
    if (found < word_bytes) break;
  }
  return run;
}

}  // namespace weir
