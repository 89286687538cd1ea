#include "engine/features/count_distinct.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <bit>

namespace weir {
namespace {

constexpr std::size_t few = 4;  // values: for which vectors are not worth it

std::size_t count_pair_by_pair(const std::uint32_t* values, std::size_t count) {
  std::size_t found = count;
  for (std::size_t at = 1; at < count; ++at) {
    unsigned again = 0;
    for (std::size_t earlier = 0; earlier < at; ++earlier) again |= values[earlier] == values[at] ? 1U : 0U;
    found -= again;
  }
  return found;
}

}  // namespace

#if defined(__x86_64__)
namespace {

constexpr std::size_t lanes = 16;
constexpr __mmask16 all_lanes = 0xffff;  // the forms without a mask draw warnings about undefined bits from g++ 12

// A value counts where it occurs for the first time: in no earlier lane of its vector and in no earlier vector, which is turned past it
// lane by lane. The last value is looked for by itself: it was just written, and who reads it as part of a vector waits for it.
__attribute__((target("avx512f,avx512cd"))) std::size_t count_by_vectors(const std::uint32_t* values, std::size_t count) {
  const __m512i next_lane = _mm512_set_epi32(0, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
  const __m512i newest = _mm512_set1_epi32(static_cast<int>(values[--count]));
  std::size_t found = 0;
  __mmask16 newest_again = 0;
  for (std::size_t begin = 0; begin < count; begin += lanes) {
    const std::size_t left = count - begin;
    const auto there = static_cast<__mmask16>(left >= lanes ? 0xffffU : (1U << left) - 1U);
    const __m512i vector = _mm512_maskz_loadu_epi32(there, values + begin);
    newest_again = static_cast<__mmask16>(newest_again | _mm512_mask_cmpeq_epi32_mask(there, vector, newest));
    __mmask16 again = _mm512_test_epi32_mask(_mm512_maskz_conflict_epi32(all_lanes, vector), _mm512_set1_epi32(-1));
    for (std::size_t earlier = 0; earlier < begin; earlier += lanes) {
      __m512i turned = _mm512_loadu_si512(values + earlier);
      for (std::size_t turn = 0; turn < lanes; ++turn) {
        again = static_cast<__mmask16>(again | _mm512_cmpeq_epi32_mask(vector, turned));
        turned = _mm512_maskz_permutexvar_epi32(all_lanes, next_lane, turned);
      }
    }
    found += static_cast<std::size_t>(std::popcount(static_cast<unsigned>(there & static_cast<__mmask16>(~again))));
  }
  return found + (newest_again == 0 ? 1 : 0);
}

// The same where one instruction compares all lanes of two vectors.
__attribute__((target("avx512f,avx512cd,avx512vp2intersect"))) std::size_t count_by_intersections(const std::uint32_t* values,
                                                                                                  std::size_t count) {
  const __m512i newest = _mm512_set1_epi32(static_cast<int>(values[--count]));
  std::size_t found = 0;
  __mmask16 newest_again = 0;
  for (std::size_t begin = 0; begin < count; begin += lanes) {
    const std::size_t left = count - begin;
    const auto there = static_cast<__mmask16>(left >= lanes ? 0xffffU : (1U << left) - 1U);
    const __m512i vector = _mm512_maskz_loadu_epi32(there, values + begin);
    newest_again = static_cast<__mmask16>(newest_again | _mm512_mask_cmpeq_epi32_mask(there, vector, newest));
    __mmask16 again = _mm512_test_epi32_mask(_mm512_maskz_conflict_epi32(all_lanes, vector), _mm512_set1_epi32(-1));
    for (std::size_t earlier = 0; earlier < begin; earlier += lanes) {
      __mmask16 here = 0;
      __mmask16 earlier_too = 0;
      _mm512_2intersect_epi32(vector, _mm512_loadu_si512(values + earlier), &here, &earlier_too);
      again = static_cast<__mmask16>(again | here);
    }
    found += static_cast<std::size_t>(std::popcount(static_cast<unsigned>(there & static_cast<__mmask16>(~again))));
  }
  return found + (newest_again == 0 ? 1 : 0);
}

}  // namespace
#endif

std::size_t count_distinct(const std::uint32_t* values, std::size_t count) {
  if (count <= few) return count_pair_by_pair(values, count);
#if defined(__x86_64__)
  static const bool has_vectors = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512cd") != 0;
  static const bool has_intersections = has_vectors && __builtin_cpu_supports("avx512vp2intersect") != 0;
  if (has_intersections) return count_by_intersections(values, count);
  if (has_vectors) return count_by_vectors(values, count);
#endif
  static_cast<void>(values);
  return no_count;
}

}  // namespace weir
