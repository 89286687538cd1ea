// Durations and sizes as people write them: a number never stands without its unit.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

enum class QuantityError : std::uint8_t { none, without_unit, malformed, too_large };

struct DurationResult {
  QuantityError error = QuantityError::none;
  std::chrono::microseconds value{0};
};

struct SizeResult {
  QuantityError error = QuantityError::none;
  std::uint64_t bytes = 0;
};

// "250us", "500ms", "30s", "1h30m", "7d".
DurationResult parse_duration(std::string_view text);
// "512B", "64KiB", "6MiB", "1GiB", and KB, MB, GB as powers of 1000.
SizeResult parse_size(std::string_view text);

// The shortest exact form: 90 s is "90s", 3 600 s is "1h", 0 is "0s"; 6 291 456 is "6MiB".
std::string duration_text(std::chrono::microseconds duration);
std::string size_text(std::uint64_t bytes);

}  // namespace weir
