// Sums and sums of squares of 64-bit integers, exact whatever the values: what subtraction must undo to the last bit.
#pragma once

#include <cstdint>

#include "engine/base/int128.h"

namespace weir {

struct ExactTotals {
  Int128 sum = 0;
  UInt128 squares = 0;              // modulo 2^128
  std::uint64_t squares_above = 0;  // times 2^128

  void add(std::int64_t value) { add(value, square_of(value)); }
  void add(std::int64_t value, UInt128 square) {
    sum += value;
    squares += square;
    squares_above += squares < square ? 1 : 0;
  }
  void remove(std::int64_t value) {
    sum -= value;
    const UInt128 square = square_of(value);
    squares_above -= squares < square ? 1 : 0;
    squares -= square;
  }

  static UInt128 square_of(std::int64_t value) { return static_cast<UInt128>(static_cast<Int128>(value) * value); }
};

// count * squares - sum * sum, as the double nearest to it: the numerator of a variance.
double spread_of(std::uint64_t count, const ExactTotals& totals);

// The same where squares < 2^64 and |sum| < 2^63, the common case.
inline double spread_of(std::uint64_t count, std::int64_t sum, std::uint64_t squares) {
  const UInt128 spread = static_cast<UInt128>(count) * squares - static_cast<UInt128>(static_cast<Int128>(sum) * sum);
  const std::uint64_t low = static_cast<std::uint64_t>(spread);
  if ((spread >> 63) == 0) return static_cast<double>(static_cast<std::int64_t>(low));
  return static_cast<double>(spread);
}

}  // namespace weir
