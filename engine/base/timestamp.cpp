#include "engine/base/timestamp.h"

#include "engine/base/check.h"

namespace weir {
namespace {

constexpr std::int64_t milliseconds_a_day = 86'400'000;
constexpr int days_an_era = 146'097;  // 400 years

struct Date {
  int year = 0;
  int month = 1;
  int day = 1;
};

// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in eras of 400 years that begin in March (so that the leap day is the
// last of a year); after Howard Hinnant, "chrono-compatible low-level date algorithms".
std::int64_t days_from_date(Date date) {
  const int year = date.year - (date.month <= 2 ? 1 : 0);
  const int era = (year >= 0 ? year : year - 399) / 400;
  const int year_of_era = year - era * 400;
  const int day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return std::int64_t{era} * days_an_era + day_of_era - 719'468;
}

Date date_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - (days_an_era - 1)) / days_an_era;
  const int day_of_era = static_cast<int>(days - era * days_an_era);
  const int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int shifted_month = (5 * day_of_year + 2) / 153;
  const int day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const int month = shifted_month + (shifted_month < 10 ? 3 : -9);
  return {static_cast<int>(era * 400) + year_of_era + (month <= 2 ? 1 : 0), month, day};
}

int days_in_month(int year, int month) {
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month == 2) return leap ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Reads a text from left to right; once something did not fit, `failed` stays set.
struct Reader {
  std::string_view rest;
  bool failed = false;

  int digits(std::size_t count) {
    if (rest.size() < count) {
      failed = true;
      return 0;
    }
    int value = 0;
    for (std::size_t index = 0; index < count; ++index) {
      const char byte = rest[index];
      if (byte < '0' || byte > '9') failed = true;
      value = value * 10 + (byte - '0');
    }
    rest.remove_prefix(count);
    return failed ? 0 : value;
  }
  bool take(char wanted) {
    if (rest.empty() || rest.front() != wanted) return false;
    rest.remove_prefix(1);
    return true;
  }
  void expect(char wanted) { failed = !take(wanted) || failed; }
};

// The milliseconds of ".1234"; at least one digit.
int fraction(Reader& reader) {
  int value = 0;
  int place = 100;
  std::size_t count = 0;
  for (; count < reader.rest.size() && reader.rest[count] >= '0' && reader.rest[count] <= '9'; ++count) {
    value += (reader.rest[count] - '0') * place;
    place /= 10;
  }
  if (count == 0) reader.failed = true;
  reader.rest.remove_prefix(count);
  return value;
}

void append_digits(char*& at, int value, int count) {
  for (int index = count - 1; index >= 0; --index) {
    at[index] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  at += count;
}

}  // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  Reader reader{text};
  Date date;
  date.year = reader.digits(4);
  reader.expect('-');
  date.month = reader.digits(2);
  reader.expect('-');
  date.day = reader.digits(2);
  if (!reader.take('T') && !reader.take('t') && !reader.take(' ')) return std::nullopt;
  const int hour = reader.digits(2);
  reader.expect(':');
  const int minute = reader.digits(2);
  reader.expect(':');
  const int second = reader.digits(2);
  const int milliseconds = reader.take('.') ? fraction(reader) : 0;
  int offset_minutes = 0;
  if (!reader.take('Z') && !reader.take('z')) {
    const bool west = reader.take('-');
    if (!west) reader.expect('+');
    const int offset_hour = reader.digits(2);
    reader.expect(':');
    const int offset_minute = reader.digits(2);
    if (offset_hour > 23 || offset_minute > 59) return std::nullopt;
    offset_minutes = (offset_hour * 60 + offset_minute) * (west ? -1 : 1);
  }
  if (reader.failed || !reader.rest.empty()) return std::nullopt;
  if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > days_in_month(date.year, date.month)) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;

  const std::int64_t minutes = days_from_date(date) * 1440 + std::int64_t{hour} * 60 + minute - offset_minutes;
  if (second == 60 && (minutes + 1) % 1440 != 0) return std::nullopt;
  const std::int64_t result = (minutes * 60 + second) * 1000 + milliseconds;
  if (result < timestamp_ms_min || result > timestamp_ms_max) return std::nullopt;
  return result;
}

void append_timestamp(ByteBuffer& out, std::int64_t milliseconds) {
  WEIR_CHECK(is_writable_time(milliseconds));
  std::int64_t days = milliseconds / milliseconds_a_day;
  if (milliseconds % milliseconds_a_day < 0) --days;
  const int time = static_cast<int>(milliseconds - days * milliseconds_a_day);
  const Date date = date_from_days(days);

  constexpr std::size_t longest = 24;
  char* const begin = out.grow(longest);
  char* at = begin;
  append_digits(at, date.year, 4);
  *at++ = '-';
  append_digits(at, date.month, 2);
  *at++ = '-';
  append_digits(at, date.day, 2);
  *at++ = 'T';
  append_digits(at, time / 3'600'000, 2);
  *at++ = ':';
  append_digits(at, time / 60'000 % 60, 2);
  *at++ = ':';
  append_digits(at, time / 1000 % 60, 2);
  if (time % 1000 != 0) {
    *at++ = '.';
    append_digits(at, time % 1000, 3);
  }
  *at++ = 'Z';
  out.advance(static_cast<std::size_t>(at - begin));
}

}  // namespace weir
