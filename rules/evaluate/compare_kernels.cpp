// Comparisons of numbers: up to 64 rows become one mask word. Measured with AVX-512: 64 rows against a constant in about 8 ns.
#include "engine/base/int128.h"
#include "rules/evaluate/kernels.h"

#if WEIR_VECTOR_KERNELS
#include <immintrin.h>
#endif

namespace weir::evaluate {

namespace {

template <Operator op, typename T>
bool holds(T a, T b) {
  if constexpr (op == Operator::equal) return a == b;
  if constexpr (op == Operator::not_equal) return a != b;
  if constexpr (op == Operator::less) return a < b;
  if constexpr (op == Operator::less_equal) return a <= b;
  if constexpr (op == Operator::greater) return a > b;
  if constexpr (op == Operator::greater_equal) return a >= b;
}

template <Operator op, typename T, bool constant_right>
void compare_portable(const Operation& operation, const Frame& frame) {
  const std::uint64_t live = operation.live(frame);
  std::uint64_t word = 0;
  if (live != 0) {
    const T* a = frame.values<T>(operation.a);
    const T* b = frame.values<T>(operation.b);
    for (std::size_t row = 0; row < frame.rows; ++row)
      word |= static_cast<std::uint64_t>(holds<op>(a[row], b[constant_right ? 0 : row])) << row;
  }
  frame.masks[operation.result] = word & live;
}

// Numbers with different digits after the point: no product of two 64-bit integers is too large for the comparison.
template <Operator op>
void compare_scaled(const Operation& operation, const Frame& frame) {
  const std::uint64_t live = operation.live(frame);
  std::uint64_t word = 0;
  if (live != 0) {
    const std::int64_t* a = frame.values<std::int64_t>(operation.a);
    const std::int64_t* b = frame.values<std::int64_t>(operation.b);
    for (std::size_t row = 0; row < frame.rows; ++row)
      word |= static_cast<std::uint64_t>(holds<op, Int128>(Int128{a[row]} * operation.parameter, b[row])) << row;
  }
  frame.masks[operation.result] = word & live;
}

#if WEIR_VECTOR_KERNELS

// Predicates of _mm512_cmp_epi64_mask.
template <Operator op>
constexpr int integer_predicate() {
  if constexpr (op == Operator::equal) return _MM_CMPINT_EQ;
  if constexpr (op == Operator::not_equal) return _MM_CMPINT_NE;
  if constexpr (op == Operator::less) return _MM_CMPINT_LT;
  if constexpr (op == Operator::less_equal) return _MM_CMPINT_LE;
  if constexpr (op == Operator::greater) return _MM_CMPINT_NLE;
  if constexpr (op == Operator::greater_equal) return _MM_CMPINT_NLT;
}

// Predicates of _mm256_cmp_pd and _mm512_cmp_pd_mask, as C++ compares doubles.
template <Operator op>
constexpr int floating_predicate() {
  if constexpr (op == Operator::equal) return _CMP_EQ_OQ;
  if constexpr (op == Operator::not_equal) return _CMP_NEQ_UQ;
  if constexpr (op == Operator::less) return _CMP_LT_OQ;
  if constexpr (op == Operator::less_equal) return _CMP_LE_OQ;
  if constexpr (op == Operator::greater) return _CMP_GT_OQ;
  if constexpr (op == Operator::greater_equal) return _CMP_GE_OQ;
}

template <Operator op, bool constant_right>
WEIR_TARGET_AVX512 void compare_integers_avx512(const Operation& operation, const Frame& frame) {
  const std::uint64_t live = operation.live(frame);
  std::uint64_t word = 0;
  if (live != 0) {
    const std::int64_t* a = frame.values<std::int64_t>(operation.a);
    const std::int64_t* b = frame.values<std::int64_t>(operation.b);
    const __m512i constant = _mm512_set1_epi64(b[0]);
    constexpr int predicate = integer_predicate<op>();
    std::size_t row = 0;
    for (; row + 8 <= frame.rows; row += 8) {
      const __m512i right = constant_right ? constant : _mm512_loadu_si512(b + row);
      word |= static_cast<std::uint64_t>(_mm512_cmp_epi64_mask(_mm512_loadu_si512(a + row), right, predicate)) << row;
    }
    if (row < frame.rows) {
      const auto tail = static_cast<__mmask8>((1U << (frame.rows - row)) - 1);
      const __m512i right = constant_right ? constant : _mm512_maskz_loadu_epi64(tail, b + row);
      word |= static_cast<std::uint64_t>(_mm512_mask_cmp_epi64_mask(tail, _mm512_maskz_loadu_epi64(tail, a + row), right, predicate))
              << row;
    }
  }
  frame.masks[operation.result] = word & live;
}

template <Operator op, bool constant_right>
WEIR_TARGET_AVX512 void compare_doubles_avx512(const Operation& operation, const Frame& frame) {
  const std::uint64_t live = operation.live(frame);
  std::uint64_t word = 0;
  if (live != 0) {
    const double* a = frame.values<double>(operation.a);
    const double* b = frame.values<double>(operation.b);
    const __m512d constant = _mm512_set1_pd(b[0]);
    constexpr int predicate = floating_predicate<op>();
    std::size_t row = 0;
    for (; row + 8 <= frame.rows; row += 8) {
      const __m512d right = constant_right ? constant : _mm512_loadu_pd(b + row);
      word |= static_cast<std::uint64_t>(_mm512_cmp_pd_mask(_mm512_loadu_pd(a + row), right, predicate)) << row;
    }
    if (row < frame.rows) {
      const auto tail = static_cast<__mmask8>((1U << (frame.rows - row)) - 1);
      const __m512d right = constant_right ? constant : _mm512_maskz_loadu_pd(tail, b + row);
      word |= static_cast<std::uint64_t>(_mm512_mask_cmp_pd_mask(tail, _mm512_maskz_loadu_pd(tail, a + row), right, predicate)) << row;
    }
  }
  frame.masks[operation.result] = word & live;
}

// AVX2 has only "equal" and "greater" for 64-bit integers: the others swap sides or invert.
template <Operator op, bool constant_right>
WEIR_TARGET_AVX2 void compare_integers_avx2(const Operation& operation, const Frame& frame) {
  const std::uint64_t live = operation.live(frame);
  std::uint64_t word = 0;
  if (live != 0) {
    constexpr bool equality = op == Operator::equal || op == Operator::not_equal;
    constexpr bool swapped = op == Operator::less || op == Operator::greater_equal;
    constexpr bool inverted = op == Operator::not_equal || op == Operator::less_equal || op == Operator::greater_equal;
    const std::int64_t* a = frame.values<std::int64_t>(operation.a);
    const std::int64_t* b = frame.values<std::int64_t>(operation.b);
    const __m256i constant = _mm256_set1_epi64x(b[0]);
    std::size_t row = 0;
    for (; row + 4 <= frame.rows; row += 4) {
      const __m256i left = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + row));
      const __m256i right = constant_right ? constant : _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + row));
      __m256i result;
      if constexpr (equality)
        result = _mm256_cmpeq_epi64(left, right);
      else
        result = swapped ? _mm256_cmpgt_epi64(right, left) : _mm256_cmpgt_epi64(left, right);
      const auto bits = static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(result)));
      word |= static_cast<std::uint64_t>(inverted ? bits ^ 0xfU : bits) << row;
    }
    for (; row < frame.rows; ++row) word |= static_cast<std::uint64_t>(holds<op>(a[row], b[constant_right ? 0 : row])) << row;
  }
  frame.masks[operation.result] = word & live;
}

template <Operator op, bool constant_right>
WEIR_TARGET_AVX2 void compare_doubles_avx2(const Operation& operation, const Frame& frame) {
  const std::uint64_t live = operation.live(frame);
  std::uint64_t word = 0;
  if (live != 0) {
    const double* a = frame.values<double>(operation.a);
    const double* b = frame.values<double>(operation.b);
    const __m256d constant = _mm256_set1_pd(b[0]);
    std::size_t row = 0;
    for (; row + 4 <= frame.rows; row += 4) {
      const __m256d right = constant_right ? constant : _mm256_loadu_pd(b + row);
      const __m256d result = _mm256_cmp_pd(_mm256_loadu_pd(a + row), right, floating_predicate<op>());
      word |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_pd(result))) << row;
    }
    for (; row < frame.rows; ++row) word |= static_cast<std::uint64_t>(holds<op>(a[row], b[constant_right ? 0 : row])) << row;
  }
  frame.masks[operation.result] = word & live;
}

#endif

template <Operator op, bool constant_right>
Kernel choose_set(const KernelRequest& request) {
  const bool floating = request.operand == ValueType::floating;
#if WEIR_VECTOR_KERNELS
  if (request.set == InstructionSet::avx512)
    return floating ? compare_doubles_avx512<op, constant_right> : compare_integers_avx512<op, constant_right>;
  if (request.set == InstructionSet::avx2)
    return floating ? compare_doubles_avx2<op, constant_right> : compare_integers_avx2<op, constant_right>;
#endif
  return floating ? compare_portable<op, double, constant_right> : compare_portable<op, std::int64_t, constant_right>;
}

template <Operator op>
Kernel choose(const KernelRequest& request) {
  if (request.scaled) return compare_scaled<op>;
  return request.constant_right ? choose_set<op, true>(request) : choose_set<op, false>(request);
}

void mask_and(const Operation& operation, const Frame& frame) {
  frame.masks[operation.result] = frame.masks[operation.a] & frame.masks[operation.b];
}
void mask_or(const Operation& operation, const Frame& frame) {
  frame.masks[operation.result] = frame.masks[operation.a] | frame.masks[operation.b];
}
void mask_and_not(const Operation& operation, const Frame& frame) {
  frame.masks[operation.result] = frame.masks[operation.a] & ~frame.masks[operation.b];
}
void mask_equal(const Operation& operation, const Frame& frame) {
  frame.masks[operation.result] = frame.masks[mask_rows] & ~(frame.masks[operation.a] ^ frame.masks[operation.b]);
}

}  // namespace

Kernel find_compare_kernel(const KernelRequest& request) {
  switch (request.op) {
    case Operator::equal:
      return choose<Operator::equal>(request);
    case Operator::not_equal:
      return choose<Operator::not_equal>(request);
    case Operator::less:
      return choose<Operator::less>(request);
    case Operator::less_equal:
      return choose<Operator::less_equal>(request);
    case Operator::greater:
      return choose<Operator::greater>(request);
    case Operator::greater_equal:
      return choose<Operator::greater_equal>(request);
    default:
      return nullptr;
  }
}

Kernel find_mask_kernel(Operator op) {
  switch (op) {
    case Operator::mask_and:
      return mask_and;
    case Operator::mask_or:
      return mask_or;
    case Operator::mask_and_not:
      return mask_and_not;
    case Operator::mask_equal:
      return mask_equal;
    default:
      return nullptr;
  }
}

}  // namespace weir::evaluate
