#include "engine/features/exact_totals.h"

#include <array>
#include <cmath>
#include <cstddef>

namespace weir {
namespace {

constexpr int limb_bits = 64;
using Wide = std::array<std::uint64_t, 4>;  // 256 bits, lowest first

// left * right for right < 2^128, modulo 2^256.
Wide product(const Wide& left, UInt128 right) {
  const std::array<std::uint64_t, 2> factors = {static_cast<std::uint64_t>(right), static_cast<std::uint64_t>(right >> limb_bits)};
  Wide result{};
  for (std::size_t shift = 0; shift < factors.size(); ++shift) {
    UInt128 carry = 0;
    for (std::size_t at = 0; at + shift < result.size(); ++at) {
      carry += static_cast<UInt128>(left[at]) * factors[shift] + result[at + shift];
      result[at + shift] = static_cast<std::uint64_t>(carry);
      carry >>= limb_bits;
    }
  }
  return result;
}

Wide difference(const Wide& left, const Wide& right) {
  Wide result{};
  std::uint64_t borrow = 0;
  for (std::size_t at = 0; at < result.size(); ++at) {
    const UInt128 step = static_cast<UInt128>(left[at]) - right[at] - borrow;
    result[at] = static_cast<std::uint64_t>(step);
    borrow = static_cast<std::uint64_t>(step >> limb_bits) & 1;
  }
  return result;
}

// Keeps the upper 128 bits and remembers in the lowest of them whether anything was cut off, so that the rounding is right.
double nearest_double(const Wide& value) {
  std::size_t top = value.size() - 1;
  while (top > 1 && value[top] == 0) --top;
  UInt128 head = (static_cast<UInt128>(value[top]) << limb_bits) | value[top - 1];
  const int shift = top >= 2 && value[top] != 0 ? __builtin_clzll(value[top]) : 0;
  std::uint64_t rest = 0;
  if (top >= 2) {
    if (shift > 0) head = (head << shift) | (value[top - 2] >> (limb_bits - shift));
    rest = value[top - 2] << shift;
    if (top == 3) rest |= value[0];
  }
  if (rest != 0) head |= 1;
  return std::ldexp(static_cast<double>(head), static_cast<int>(top - 1) * limb_bits - shift);
}

}  // namespace

double spread_of(std::uint64_t count, const ExactTotals& totals) {
  const bool negative = totals.sum < 0;
  const UInt128 sum = negative ? -static_cast<UInt128>(totals.sum) : static_cast<UInt128>(totals.sum);
  constexpr int squares_bits_max = 96;  // a count has 32 bits at most
  if (totals.squares_above == 0 && (totals.squares >> squares_bits_max) == 0 && (sum >> limb_bits) == 0)
    return static_cast<double>(static_cast<UInt128>(count) * totals.squares - sum * sum);
  const Wide squares = {static_cast<std::uint64_t>(totals.squares), static_cast<std::uint64_t>(totals.squares >> limb_bits),
                        totals.squares_above, 0};
  const Wide sum_limbs = {static_cast<std::uint64_t>(sum), static_cast<std::uint64_t>(sum >> limb_bits), 0, 0};
  return nearest_double(difference(product(squares, count), product(sum_limbs, sum)));
}

}  // namespace weir
