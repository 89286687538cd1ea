#include "rules/evaluate/value_text.h"

#include <charconv>
#include <cmath>

#include "engine/base/decimal.h"
#include "engine/base/json_text.h"
#include "engine/base/timestamp.h"
#include "engine/event/value_json.h"
#include "rules/evaluate/calendar.h"

namespace weir::evaluate {

namespace {

constexpr double fixed_max = 1e15;
constexpr double fixed_min = 0.01;

void append_readable_double(ByteBuffer& out, double value) {
  const double size = std::abs(value);
  if (size == 0) {
    out.append('0');
    return;
  }
  char digits[64];
  if (size >= fixed_max || size < fixed_min) {
    const auto end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::general, size < fixed_min ? 2 : 6).ptr;
    out.append(std::string_view(digits, static_cast<std::size_t>(end - digits)));
    return;
  }
  const auto end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 2).ptr;
  std::string_view text(digits, static_cast<std::size_t>(end - digits));
  while (text.ends_with('0')) text.remove_suffix(1);
  if (text.ends_with('.')) text.remove_suffix(1);
  out.append(text);
}

// "7d", "2h30m", "1m0.25s": the parts that are not zero.
void append_duration(ByteBuffer& out, std::int64_t duration_ms) {
  std::uint64_t rest = milliseconds_apart(duration_ms, 0);
  if (rest == 0) {
    out.append("0s");
    return;
  }
  if (duration_ms < 0) out.append('-');
  struct Unit {
    std::int64_t ms;
    std::string_view name;
  };
  for (const Unit unit : {Unit{ms_per_day, "d"}, Unit{ms_per_hour, "h"}, Unit{ms_per_minute, "m"}}) {
    const std::uint64_t whole = rest / static_cast<std::uint64_t>(unit.ms);
    rest %= static_cast<std::uint64_t>(unit.ms);
    if (whole == 0) continue;
    append_integer(out, static_cast<std::int64_t>(whole));
    out.append(unit.name);
  }
  if (rest == 0) return;
  append_decimal(out, static_cast<std::int64_t>(rest), 3);
  out.append('s');
}

void append_bool(ByteBuffer& out, bool value) {
  out.append(value ? std::string_view("true") : std::string_view("false"));
}

}  // namespace

void append_text(ByteBuffer& out, const ScalarValue& value) {
  if (!value.present) {
    out.append('?');
    return;
  }
  switch (value.type) {
    case ValueType::boolean:
      append_bool(out, value.boolean);
      break;
    case ValueType::integer:
      append_integer(out, value.integer);
      break;
    case ValueType::decimal:
      append_decimal(out, value.integer, value.scale);
      break;
    case ValueType::floating:
      append_readable_double(out, value.floating);
      break;
    case ValueType::string:
      out.append(value.text);
      break;
    case ValueType::timestamp:
      if (is_writable_time(value.integer))
        append_timestamp(out, value.integer);
      else
        append_integer(out, value.integer);
      break;
    case ValueType::duration:
      append_duration(out, value.integer);
      break;
    case ValueType::geo:
      append_double(out, value.point.latitude);
      out.append(',');
      append_double(out, value.point.longitude);
      break;
    case ValueType::ip:
      append_ip(out, value.address);
      break;
  }
}

void append_json(ByteBuffer& out, const ScalarValue& value) {
  if (!value.present) {
    out.append("null");
    return;
  }
  switch (value.type) {
    case ValueType::boolean:
      append_bool(out, value.boolean);
      break;
    case ValueType::integer:
    case ValueType::duration:
      append_integer(out, value.integer);
      break;
    case ValueType::decimal:
      append_decimal(out, value.integer, value.scale);
      break;
    case ValueType::floating:
      append_double(out, value.floating);
      break;
    case ValueType::string:
      append_json_string(out, value.text);
      break;
    case ValueType::timestamp:
      append_json_time(out, value.integer);
      break;
    case ValueType::geo:
      append_json_point(out, value.point);
      break;
    case ValueType::ip:
      append_json_ip(out, value.address);
      break;
  }
}

}  // namespace weir::evaluate
