// Decimals are scaled 64-bit integers: 12.30 with scale 4 is 123000. Money never becomes a binary float on its way through.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/byte_buffer.h"
#include "engine/base/int128.h"

namespace weir {

constexpr int decimal_scale_default = 4;  // digits after the point unless declared `decimal(n)`
constexpr int decimal_scale_max = 9;

enum class DecimalError { none, not_a_number, too_many_digits_after_point, out_of_range };

struct DecimalResult {
  DecimalError error = DecimalError::none;
  std::int64_t scaled = 0;  // value times 10^scale
};

// Reads JSON number syntax, exponent included ("12.3", "-0.5", "1e2"), exactly. Zeros after the last needed digit are fine.
DecimalResult parse_decimal(std::string_view text, int scale);

// 10^exponent, exponent from 0 to 18.
std::int64_t power_of_ten(int exponent);

// Shortest form: 123000 with scale 4 is "12.3", 100000 is "10".
void append_decimal(ByteBuffer& out, std::int64_t scaled, int scale);

// The double nearest to scaled / 10^scale.
double decimal_to_double(std::int64_t scaled, int scale);

}  // namespace weir
