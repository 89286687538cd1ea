#include "engine/features/ring_vectors.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <bit>

namespace weir {
#if defined(__x86_64__)
namespace {

bool has_vectors() {
  static const bool has = __builtin_cpu_supports("avx512f") != 0;
  return has;
}

// Forms with a mask throughout: those without draw warnings about undefined bits from g++ 12.
__attribute__((target("avx512f,popcnt"))) void count_by_vectors(const std::uint32_t* times, std::size_t count, std::uint32_t now,
                                                                const std::uint32_t* reaches, std::uint32_t* younger) {
  constexpr std::size_t lanes = 16;
  constexpr std::size_t windows = 4;
  const __m512i newest = _mm512_set1_epi32(static_cast<int>(now));
  std::uint32_t inside[windows] = {};
  while (count > 0) {
    const std::size_t taken = std::min(count, lanes);
    count -= taken;
    const auto there = static_cast<__mmask16>((1U << taken) - 1U);
    const __m512i ages = _mm512_maskz_sub_epi32(there, newest, _mm512_maskz_loadu_epi32(there, times + count));
    unsigned found = 0;
    for (std::size_t at = 0; at < windows; ++at) {
      found = _mm512_mask_cmplt_epu32_mask(there, ages, _mm512_set1_epi32(static_cast<int>(reaches[at])));
      inside[at] += static_cast<std::uint32_t>(std::popcount(found));
    }
    if (found != there) break;
  }
  std::copy(inside, inside + windows, younger);
}

constexpr std::size_t lanes_of_words = 8;
constexpr __mmask8 all_words = 0xff;

// Lanes of another half, quarter or eighth of the vector in the place of each.
__attribute__((target("avx512f"))) inline __m512i half_turned(const __m512i& vector) {
  return _mm512_maskz_shuffle_i64x2(all_words, vector, vector, 0b01'00'11'10);
}
__attribute__((target("avx512f"))) inline __m512i quarter_turned(const __m512i& vector) {
  return _mm512_maskz_permutex_epi64(all_words, vector, 0b01'00'11'10);
}
__attribute__((target("avx512f"))) inline __m512i eighth_turned(const __m512i& vector) {
  return _mm512_maskz_permutex_epi64(all_words, vector, 0b10'11'00'01);
}
__attribute__((target("avx512f"))) inline std::int64_t first_word(const __m512i& vector) {
  return vector[0];
}

__attribute__((target("avx512f"))) inline std::uint64_t sum_of(__m512i vector) {
  vector = _mm512_add_epi64(vector, half_turned(vector));
  vector = _mm512_add_epi64(vector, quarter_turned(vector));
  return static_cast<std::uint64_t>(first_word(_mm512_add_epi64(vector, eighth_turned(vector))));
}
__attribute__((target("avx512f"))) inline std::int64_t largest_of(__m512i vector) {
  vector = _mm512_maskz_max_epi64(all_words, vector, half_turned(vector));
  vector = _mm512_maskz_max_epi64(all_words, vector, quarter_turned(vector));
  return first_word(_mm512_maskz_max_epi64(all_words, vector, eighth_turned(vector)));
}

__attribute__((target("avx512f"))) void add_words(StretchTotals& totals, const std::int64_t* values, std::size_t count) {
  const __m512i zero = _mm512_setzero_si512();
  __m512i sum = zero;
  __m512i squares = zero;
  __m512i bits = zero;
  __m512i max = _mm512_set1_epi64(totals.max);
  __m512i max_complement = _mm512_set1_epi64(~totals.min);
  for (std::size_t at = 0; at < count; at += lanes_of_words) {
    const auto there = static_cast<__mmask8>(count - at >= lanes_of_words ? 0xffU : (1U << (count - at)) - 1U);
    const __m512i value = _mm512_maskz_loadu_epi64(there, values + at);
    const __m512i complement = _mm512_xor_si512(value, _mm512_set1_epi64(-1));
    sum = _mm512_add_epi64(sum, value);
    squares = _mm512_add_epi64(squares, _mm512_maskz_mul_epi32(all_words, value, value));  // whole squares of plain values
    bits = _mm512_or_si512(bits, _mm512_mask_max_epi64(value, all_words, value, complement));
    max = _mm512_mask_max_epi64(max, there, max, value);
    max_complement = _mm512_mask_max_epi64(max_complement, there, max_complement, complement);
  }
  totals.sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(totals.sum) + sum_of(sum));
  totals.squares += sum_of(squares);
  totals.bits |= static_cast<std::uint64_t>(largest_of(bits));
  totals.max = largest_of(max);
  totals.min = ~largest_of(max_complement);
}

}  // namespace
#endif

bool StretchTotals::add_by_vectors(const std::int64_t* values, std::size_t count) {
#if defined(__x86_64__)
  if (has_vectors()) {
    add_words(*this, values, count);
    return true;
  }
#endif
  static_cast<void>(values);
  static_cast<void>(count);
  return false;
}

bool count_younger_by_vectors(const std::uint32_t* times, std::size_t count, std::uint32_t now, const std::uint32_t* reaches,
                              std::uint32_t* younger) {
#if defined(__x86_64__)
  if (has_vectors()) {
    count_by_vectors(times, count, now, reaches, younger);
    return true;
  }
#endif
  static_cast<void>(times);
  static_cast<void>(count);
  static_cast<void>(now);
  static_cast<void>(reaches);
  static_cast<void>(younger);
  return false;
}

}  // namespace weir
