#include "rules/language/time_literal.h"

#include <array>
#include <chrono>

namespace weir {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::int64_t second_ms = 1000;
constexpr std::int64_t minute_ms = 60 * second_ms;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::array<Unit, 6> units{{{"ms", 1}, {"s", second_ms}, {"m", minute_ms}, {"h", hour_ms}, {"d", day_ms}, {"w", 7 * day_ms}}};

// Reads exactly `size` digits at `at`, or answers -1.
int digits(std::string_view text, std::size_t at, std::size_t size) {
  if (at + size > text.size()) return -1;
  int value = 0;
  for (std::size_t index = at; index < at + size; ++index) {
    if (text[index] < '0' || text[index] > '9') return -1;
    value = value * 10 + (text[index] - '0');
  }
  return value;
}

bool has(std::string_view text, std::size_t at, char wanted) {
  return at < text.size() && text[at] == wanted;
}

// "Z" or "+hh:mm" as milliseconds east of UTC.
std::optional<std::int64_t> zone_offset_ms(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const int hours = digits(text, 1, 2);
  const int minutes = digits(text, 4, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  const std::int64_t offset = hours * hour_ms + minutes * minute_ms;
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

std::optional<std::int64_t> duration_unit_ms(std::string_view unit) {
  for (const Unit& candidate : units)
    if (candidate.name == unit) return candidate.ms;
  return std::nullopt;
}

std::string duration_text(std::int64_t ms) {
  for (std::size_t index = 5; index-- > 0;)  // weeks read better as days
    if (ms != 0 && ms % units[index].ms == 0) return std::to_string(ms / units[index].ms) + std::string(units[index].name);
  return "0s";
}

std::optional<std::int64_t> parse_timestamp_literal(std::string_view text) {
  const int year = digits(text, 0, 4);
  const int month = digits(text, 5, 2);
  const int day = digits(text, 8, 2);
  if (year < 0 || month < 0 || day < 0 || !has(text, 4, '-') || !has(text, 7, '-')) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  const std::int64_t midnight = std::chrono::sys_days{date}.time_since_epoch().count() * day_ms;
  if (text.size() == 10) return midnight;

  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  const int second = digits(text, 17, 2);
  if (!has(text, 10, 'T') || !has(text, 13, ':') || !has(text, 16, ':')) return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
  std::int64_t ms = midnight + hour * hour_ms + minute * minute_ms + second * second_ms;
  std::size_t at = 19;
  if (has(text, at, '.')) {
    std::int64_t part = 100;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, part /= 10) ms += (text[at] - '0') * part;
    if (text[at - 1] == '.') return std::nullopt;
  }
  const std::optional<std::int64_t> offset = zone_offset_ms(text.substr(at));
  if (!offset) return std::nullopt;
  return ms - *offset;
}

}  // namespace weir
