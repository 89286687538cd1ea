#include "engine/base/decimal.h"

#include <array>
#include <charconv>
#include <limits>

#include "engine/base/check.h"

namespace weir {
namespace {

constexpr std::array<std::int64_t, 19> powers_of_ten = [] {
  std::array<std::int64_t, 19> powers{};
  std::int64_t power = 1;
  for (std::size_t exponent = 0; exponent < powers.size(); ++exponent) {
    powers[exponent] = power;
    if (exponent + 1 < powers.size()) power *= 10;
  }
  return powers;
}();

constexpr int significant_digits_max = 19;        // more never fit into 64 bits
constexpr std::int64_t exponent_max = 1'000'000;  // larger ones are cut to this: the verdict is the same

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

// A number's digits from the first to the last that is not zero.
struct Significand {
  std::uint64_t digits = 0;
  int count = 0;           // of significant digits; above 19 `digits` is meaningless
  std::int64_t zeros = 0;  // seen behind the last significant digit

  void add(char byte) {
    const auto digit = static_cast<std::uint64_t>(byte - '0');
    if (digit == 0) {
      if (count > 0) ++zeros;
      return;
    }
    while (zeros > 0 && count <= significant_digits_max) {
      digits *= 10;
      ++count;
      --zeros;
    }
    zeros = 0;
    if (count <= significant_digits_max) ++count;
    digits = digits * 10 + digit;
  }
};

}  // namespace

DecimalResult parse_decimal(std::string_view text, int scale) {
  const char* at = text.data();
  const char* const end = at + text.size();
  constexpr DecimalResult not_a_number{DecimalError::not_a_number, 0};

  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  if (at == end || !is_digit(*at)) return not_a_number;
  const bool leading_zero = *at == '0';

  Significand number;
  const char* const integer_begin = at;
  for (; at != end && is_digit(*at); ++at) number.add(*at);
  if (leading_zero && at - integer_begin > 1) return not_a_number;
  std::int64_t fraction_digits = 0;
  if (at != end && *at == '.') {
    const char* const fraction_begin = ++at;
    for (; at != end && is_digit(*at); ++at) number.add(*at);
    fraction_digits = at - fraction_begin;
    if (fraction_digits == 0) return not_a_number;
  }
  std::int64_t exponent = 0;
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    const bool exponent_negative = at != end && *at == '-';
    if (at != end && (*at == '-' || *at == '+')) ++at;
    if (at == end) return not_a_number;
    for (; at != end && is_digit(*at); ++at)
      if (exponent < exponent_max) exponent = exponent * 10 + (*at - '0');
    if (!is_digit(at[-1])) return not_a_number;
    if (exponent_negative) exponent = -exponent;
  }
  if (at != end) return not_a_number;
  if (number.count == 0) return {};

  // Each zero behind the last significant digit, on either side of the point, lifts that digit by one place.
  const std::int64_t shift = exponent - fraction_digits + number.zeros + scale;
  if (shift < 0) return {DecimalError::too_many_digits_after_point, 0};
  if (number.count > significant_digits_max || number.count + shift > significant_digits_max) return {DecimalError::out_of_range, 0};

  const UInt128 magnitude = static_cast<UInt128>(number.digits) * static_cast<UInt128>(power_of_ten(static_cast<int>(shift)));
  const auto limit = static_cast<UInt128>(std::numeric_limits<std::int64_t>::max()) + (negative ? 1 : 0);
  if (magnitude > limit) return {DecimalError::out_of_range, 0};
  const auto bits = static_cast<std::uint64_t>(magnitude);
  return {DecimalError::none, static_cast<std::int64_t>(negative ? 0 - bits : bits)};
}

std::int64_t power_of_ten(int exponent) {
  WEIR_CHECK(exponent >= 0 && exponent < static_cast<int>(powers_of_ten.size()));
  return powers_of_ten[static_cast<std::size_t>(exponent)];
}

void append_decimal(ByteBuffer& out, std::int64_t scaled, int scale) {
  constexpr std::size_t longest = 24;  // sign, 19 digits, a leading zero, the point
  char* const begin = out.grow(longest);
  char* at = begin;
  std::uint64_t magnitude = static_cast<std::uint64_t>(scaled);
  if (scaled < 0) {
    magnitude = 0 - magnitude;
    *at++ = '-';
  }
  const auto unit = static_cast<std::uint64_t>(power_of_ten(scale));
  at = std::to_chars(at, begin + longest, magnitude / unit).ptr;
  std::uint64_t fraction = magnitude % unit;
  if (fraction != 0) {
    *at++ = '.';
    for (std::uint64_t place = unit / 10; fraction != 0; place /= 10) {
      *at++ = static_cast<char>('0' + fraction / place);
      fraction %= place;
    }
  }
  out.advance(static_cast<std::size_t>(at - begin));
}

double decimal_to_double(std::int64_t scaled, int scale) {
  constexpr std::int64_t exact_max = std::int64_t{1} << 53;
  // Both operands are exact doubles, so the division rounds once.
  if (scaled >= -exact_max && scaled <= exact_max) return static_cast<double>(scaled) / static_cast<double>(power_of_ten(scale));
  constexpr std::size_t digits_max = 20;  // with the sign
  char text[32];                          // and "e-", two digits
  char* end = std::to_chars(text, text + digits_max, scaled).ptr;
  *end++ = 'e';
  end = std::to_chars(end, text + sizeof text, -scale).ptr;
  double nearest = 0;
  std::from_chars(text, end, nearest);
  return nearest;
}

}  // namespace weir
