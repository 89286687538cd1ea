// Arithmetic. Integers (decimals, times) are checked for overflow row by row; doubles are computed a block at a time, without contraction
// or reordering, so every instruction set gives the same bits.
#include <cmath>
#include <limits>

#include "engine/base/decimal.h"
#include "rules/evaluate/kernels.h"
#include "rules/language/integer_set.h"

namespace weir::evaluate {

namespace {

constexpr double largest = std::numeric_limits<double>::max();

// Doubles: `Step::apply` on every row; rows whose operands are missing compute something that nobody reads.
template <typename Step>
inline __attribute__((always_inline)) void step_all(const Operation& operation, const Frame& frame) {
  const double* a = frame.values<double>(operation.a);
  const double* b = frame.values<double>(operation.b);
  double* result = frame.results<double>(operation.result);
  for (std::size_t row = 0; row < frame.rows; ++row) result[row] = Step::apply(a[row], b[row]);
}

template <typename Step>
void map_portable(const Operation& operation, const Frame& frame) {
  step_all<Step>(operation, frame);
}

// A result that is not finite is missing. Checked operations mark the rows that have one.
template <typename Step>
void map_checked(const Operation& operation, const Frame& frame) {
  const std::uint64_t live = operation.live(frame);
  frame.masks[operation.present] = 0;
  if (live == 0) return;
  step_all<Step>(operation, frame);
  const double* result = frame.values<double>(operation.result);
  std::uint64_t finite = 0;
  for (std::size_t row = 0; row < frame.rows; ++row) finite |= static_cast<std::uint64_t>(std::abs(result[row]) <= largest) << row;
  frame.masks[operation.present] = finite & live;
}

#if WEIR_VECTOR_KERNELS
template <typename Step>
WEIR_TARGET_AVX2 void map_avx2(const Operation& operation, const Frame& frame) {
  step_all<Step>(operation, frame);
}
template <typename Step>
WEIR_TARGET_AVX512 void map_avx512(const Operation& operation, const Frame& frame) {
  step_all<Step>(operation, frame);
}
#endif

#define WEIR_STEP(name, expression)                                                                                       \
  struct name {                                                                                                           \
    static inline __attribute__((always_inline)) double apply(double a, [[maybe_unused]] double b) { return expression; } \
  }
WEIR_STEP(AddStep, a + b);
WEIR_STEP(SubtractStep, a - b);
WEIR_STEP(MultiplyStep, a* b);
WEIR_STEP(DivideStep, a / b);
WEIR_STEP(NegateStep, 0.0 - a);
WEIR_STEP(AbsoluteStep, std::abs(a));
WEIR_STEP(MinimumStep, b < a ? b : a);
WEIR_STEP(MaximumStep, a < b ? b : a);
WEIR_STEP(RoundStep, std::round(a));
WEIR_STEP(FloorStep, std::floor(a));
WEIR_STEP(CeilStep, std::ceil(a));
WEIR_STEP(SquareRootStep, std::sqrt(a));
#undef WEIR_STEP

template <typename Step>
Kernel map_kernel(const KernelRequest& request) {
  if (!request.unchecked) return map_checked<Step>;
#if WEIR_VECTOR_KERNELS
  if (request.set == InstructionSet::avx512) return map_avx512<Step>;
  if (request.set == InstructionSet::avx2) return map_avx2<Step>;
#endif
  return map_portable<Step>;
}

// The double nearest to an integer (parameter 0) or to a decimal of `parameter` digits. Up to 2^53 both operands of the division are exact,
// so it rounds once; larger ones are rare and take the long way.
inline __attribute__((always_inline)) void to_doubles(const Operation& operation, const Frame& frame) {
  const std::int64_t* a = frame.values<std::int64_t>(operation.a);
  double* result = frame.results<double>(operation.result);
  const auto scale = static_cast<int>(operation.parameter);
  const auto divisor = static_cast<double>(power_of_ten(scale));
  constexpr std::uint64_t exact_max = std::uint64_t{1} << 53;
  std::uint64_t inexact = 0;
  for (std::size_t row = 0; row < frame.rows; ++row) {
    result[row] = static_cast<double>(a[row]) / divisor;
    inexact |= static_cast<std::uint64_t>(static_cast<std::uint64_t>(a[row]) + exact_max > 2 * exact_max);
  }
  if (inexact == 0 || scale == 0) return;
  for (std::size_t row = 0; row < frame.rows; ++row) result[row] = decimal_to_double(a[row], scale);
}
void to_doubles_portable(const Operation& operation, const Frame& frame) {
  to_doubles(operation, frame);
}
#if WEIR_VECTOR_KERNELS
WEIR_TARGET_AVX512 void to_doubles_avx512(const Operation& operation, const Frame& frame) {
  to_doubles(operation, frame);
}
#endif

// Integers: `Step::apply(a, b, parameter, result)` answers true when the result does not fit.
template <typename Step>
void map_integers(const Operation& operation, const Frame& frame) {
  const std::int64_t* a = frame.values<std::int64_t>(operation.a);
  const std::int64_t* b = frame.values<std::int64_t>(operation.b);
  std::int64_t* result = frame.results<std::int64_t>(operation.result);
  std::uint64_t failed = 0;
  for (std::size_t row = 0; row < frame.rows; ++row)
    failed |= static_cast<std::uint64_t>(Step::apply(a[row], b[row], operation.parameter, result[row])) << row;
  const std::uint64_t guard = frame.masks[operation.guard];
  if constexpr (Step::may_fail) {
    frame.masks[operation.present] = guard & ~failed;
    frame.masks[operation.failed] = guard & failed;
  }
}

#define WEIR_INTEGER_STEP(name, fails, body)                                                                                            \
  struct name {                                                                                                                         \
    static constexpr bool may_fail = fails;                                                                                             \
    static bool apply(std::int64_t a, [[maybe_unused]] std::int64_t b, [[maybe_unused]] std::int64_t parameter, std::int64_t& result) { \
      body                                                                                                                              \
    }                                                                                                                                   \
  }
WEIR_INTEGER_STEP(AddIntegers, true, return __builtin_add_overflow(a, b, &result););
WEIR_INTEGER_STEP(SubtractIntegers, true, return __builtin_sub_overflow(a, b, &result););
WEIR_INTEGER_STEP(MultiplyIntegers, true, return __builtin_mul_overflow(a, b, &result););
WEIR_INTEGER_STEP(NegateIntegers, true, return __builtin_sub_overflow(std::int64_t{0}, a, &result););
WEIR_INTEGER_STEP(
    AbsoluteIntegers, true, if (a >= 0) {
      result = a;
      return false;
    } return __builtin_sub_overflow(std::int64_t{0}, a, &result););
WEIR_INTEGER_STEP(ScaleUp, true, return __builtin_mul_overflow(a, parameter, &result););
WEIR_INTEGER_STEP(MinimumIntegers, false, result = b < a ? b : a; return false;);
WEIR_INTEGER_STEP(MaximumIntegers, false, result = a < b ? b : a; return false;);
WEIR_INTEGER_STEP(FloorIntegers, false, result = a / parameter - (a % parameter < 0); return false;);
WEIR_INTEGER_STEP(CeilIntegers, false, result = a / parameter + (a % parameter > 0); return false;);
// Half away from zero. |remainder| >= parameter - |remainder| cannot overflow, doubling could.
WEIR_INTEGER_STEP(RoundIntegers, false, const std::int64_t rest = a % parameter; const std::int64_t distance = rest < 0 ? -rest : rest;
                  result = a / parameter + (distance >= parameter - distance ? (a < 0 ? -1 : 1) : 0); return false;);
#undef WEIR_INTEGER_STEP

// Missing where the divisor is 0. The smallest integer % -1 is 0, which the processor would trap on.
void remainders(const Operation& operation, const Frame& frame) {
  const std::int64_t* a = frame.values<std::int64_t>(operation.a);
  const std::int64_t* b = frame.values<std::int64_t>(operation.b);
  std::int64_t* result = frame.results<std::int64_t>(operation.result);
  std::uint64_t divided = 0;
  for (std::size_t row = 0; row < frame.rows; ++row) {
    divided |= static_cast<std::uint64_t>(b[row] != 0) << row;
    result[row] = b[row] == 0 || b[row] == -1 ? 0 : a[row] % b[row];
  }
  frame.masks[operation.present] = divided & frame.masks[operation.guard];
}

// Half away from zero after scaling; too large a number fails.
void round_to_decimal(const Operation& operation, const Frame& frame) {
  const double* a = frame.values<double>(operation.a);
  std::int64_t* result = frame.results<std::int64_t>(operation.result);
  const auto factor = static_cast<double>(power_of_ten(static_cast<int>(operation.parameter)));
  constexpr double limit = 9223372036854775808.0;  // 2^63
  std::uint64_t failed = 0;
  for_each_row(operation.live(frame), [&](std::size_t row) {
    const double scaled = std::round(a[row] * factor);
    if (scaled < limit && scaled >= -limit)
      result[row] = static_cast<std::int64_t>(scaled);
    else
      failed |= std::uint64_t{1} << row;
  });
  frame.masks[operation.present] = operation.live(frame) & ~failed;
  frame.masks[operation.failed] = failed;
}

template <typename T>
void select(const Operation& operation, const Frame& frame) {
  const std::uint64_t first = frame.masks[operation.c];
  const T* a = frame.values<T>(operation.a);
  const T* b = frame.values<T>(operation.b);
  T* result = frame.results<T>(operation.result);
  for (std::size_t row = 0; row < frame.rows; ++row) result[row] = ((first >> row) & 1U) != 0 ? a[row] : b[row];
}

Kernel select_kernel(ValueType type) {
  if (type == ValueType::floating) return select<double>;
  if (type == ValueType::string) return select<std::string_view>;
  if (type == ValueType::geo) return select<GeoPoint>;
  if (type == ValueType::ip) return select<IpAddress>;
  return select<std::int64_t>;
}

void integer_is_in(const Operation& operation, const Frame& frame) {
  const auto& set = *static_cast<const IntegerSet*>(operation.attachment);
  frame.masks[operation.result] = set.contains_each(frame.values<std::int64_t>(operation.a), operation.live(frame));
}

}  // namespace

Kernel find_number_kernel(const KernelRequest& request) {
  const bool floating = request.result == ValueType::floating;
  switch (request.op) {
    case Operator::is_in:
      return integer_is_in;
    case Operator::select:
      return select_kernel(request.result);
    case Operator::add:
      return floating ? map_kernel<AddStep>(request) : map_integers<AddIntegers>;
    case Operator::subtract:
      return floating ? map_kernel<SubtractStep>(request) : map_integers<SubtractIntegers>;
    case Operator::multiply:
      return floating ? map_kernel<MultiplyStep>(request) : map_integers<MultiplyIntegers>;
    case Operator::divide:
      return map_kernel<DivideStep>(request);
    case Operator::remainder:
      return remainders;
    case Operator::negate:
      return floating ? map_portable<NegateStep> : map_integers<NegateIntegers>;
    case Operator::absolute:
      return floating ? map_portable<AbsoluteStep> : map_integers<AbsoluteIntegers>;
    case Operator::minimum:
      return floating ? map_portable<MinimumStep> : map_integers<MinimumIntegers>;
    case Operator::maximum:
      return floating ? map_portable<MaximumStep> : map_integers<MaximumIntegers>;
    case Operator::to_floating:
#if WEIR_VECTOR_KERNELS
      if (request.set == InstructionSet::avx512) return to_doubles_avx512;
#endif
      return to_doubles_portable;
    case Operator::scale_up:
      return map_integers<ScaleUp>;
    case Operator::round_down_to:
      return map_integers<RoundIntegers>;
    case Operator::floor_to:
      return map_integers<FloorIntegers>;
    case Operator::ceil_to:
      return map_integers<CeilIntegers>;
    case Operator::round_floating:
      return map_portable<RoundStep>;
    case Operator::floor_floating:
      return map_portable<FloorStep>;
    case Operator::ceil_floating:
      return map_portable<CeilStep>;
    case Operator::round_to_decimal:
      return round_to_decimal;
    case Operator::square_root:
      return map_checked<SquareRootStep>;
    default:
      return nullptr;
  }
}

}  // namespace weir::evaluate
