#include "engine/settings/quantity.h"

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace weir {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Longer names before their prefixes; in the tables for writing, larger units first.
constexpr std::array<Unit, 6> durations{
    {{"us", 1}, {"ms", 1'000}, {"s", 1'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}, {"d", 86'400'000'000}}};
constexpr std::array<Unit, 7> sizes{
    {{"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}, {"KB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}, {"B", 1}}};

constexpr std::uint64_t value_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

struct Quantity {
  QuantityError error = QuantityError::none;
  std::uint64_t value = 0;
};

bool is_letter(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

// number unit { number unit }: with `parts`, several in a row are added up ("1h30m").
Quantity parse_quantity(std::string_view text, std::span<const Unit> units, bool parts) {
  Quantity sum;
  std::size_t at = 0;
  do {
    std::uint64_t number = 0;
    const auto [stopped, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) return {QuantityError::too_large, 0};
    if (error != std::errc{}) return {QuantityError::malformed, 0};
    at = static_cast<std::size_t>(stopped - text.data());
    while (at < text.size() && text[at] == ' ') ++at;
    if (at == text.size()) return {QuantityError::without_unit, number};
    std::size_t end = at;
    while (end < text.size() && is_letter(text[end])) ++end;
    const Unit* found = nullptr;
    for (const Unit& unit : units)
      if (unit.name == text.substr(at, end - at)) found = &unit;
    if (found == nullptr) return {QuantityError::malformed, 0};
    if (number > value_max / found->factor || sum.value > value_max - number * found->factor) return {QuantityError::too_large, 0};
    sum.value += number * found->factor;
    at = end;
  } while (parts && at < text.size());
  if (at < text.size()) return {QuantityError::malformed, 0};
  return sum;
}

std::string quantity_text(std::uint64_t value, std::span<const Unit> units, std::string_view zero) {
  if (value == 0) return std::string(zero);
  const Unit* best = nullptr;
  for (const Unit& unit : units)
    if (value % unit.factor == 0 && (best == nullptr || unit.factor > best->factor)) best = &unit;
  return std::to_string(value / best->factor) + std::string(best->name);
}

}  // namespace

DurationResult parse_duration(std::string_view text) {
  const Quantity quantity = parse_quantity(text, durations, true);
  return {quantity.error, std::chrono::microseconds(static_cast<std::int64_t>(quantity.value))};
}

SizeResult parse_size(std::string_view text) {
  const Quantity quantity = parse_quantity(text, sizes, false);
  return {quantity.error, quantity.value};
}

std::string duration_text(std::chrono::microseconds duration) {
  if (duration.count() < 0) return "-" + duration_text(-duration);
  return quantity_text(static_cast<std::uint64_t>(duration.count()), durations, "0s");
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<Unit, 4> binary{{{"B", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}}};
  return quantity_text(bytes, binary, "0B");
}

}  // namespace weir
