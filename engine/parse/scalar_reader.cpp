#include "engine/parse/scalar_reader.h"

#include <charconv>

#include "engine/base/decimal.h"
#include "engine/base/ip_address.h"
#include "engine/base/timestamp.h"
#include "engine/parse/digit_run.h"
#include "engine/parse/json_token.h"

namespace weir {
namespace {

constexpr Complaint nothing;
constexpr Complaint time_out_of_range{RejectReason::number_out_of_range, "a time outside the years 0000 to 9999"};
constexpr Complaint malformed_number{RejectReason::not_json, "a malformed number"};

// For a token that did not read as a number of the wanted kind.
Complaint not_a_number(std::string_view token) {
  const std::string_view kind = kind_of(token.front());
  if (kind != "number" && kind != "something else") return {RejectReason::field_mistyped, kind};
  if (!is_json_number(token)) return malformed_number;
  return {RejectReason::field_mistyped, "a number with a fraction or an exponent"};
}

Complaint read_integer(std::string_view token, std::int64_t& into) {
  const DigitRun run = read_digits(token.data());
  if (run.digits == token.size() && token.front() != '0') {
    into = run.value;
    return nothing;
  }
  const IntegerResult result = parse_integer(token);
  if (result.error == IntegerError::out_of_range) return Complaint{RejectReason::number_out_of_range, "an integer beyond 64 bits"};
  if (result.error != IntegerError::none) return not_a_number(token);
  into = result.value;
  return nothing;
}

// The common form "12.34", where neither the value nor its digits can be too many.
bool read_plain_decimal(std::string_view token, std::size_t scale, std::int64_t& into) {
  const DigitRun whole = read_digits(token.data());
  if (whole.digits == 0 || whole.digits + scale > digit_run_max || (token.front() == '0' && whole.digits > 1)) return false;
  into = whole.value * small_powers_of_ten[scale];
  if (whole.digits == token.size()) return true;
  if (token[whole.digits] != '.') return false;
  const DigitRun fraction = read_digits(token.data() + whole.digits + 1);
  if (fraction.digits == 0 || fraction.digits > scale || whole.digits + 1 + fraction.digits != token.size()) return false;
  into += fraction.value * small_powers_of_ten[scale - fraction.digits];
  return true;
}

Complaint read_decimal(std::string_view token, int scale, std::int64_t& into) {
  std::int64_t plain = 0;
  if (read_plain_decimal(token, static_cast<std::size_t>(scale), plain)) {
    into = plain;
    return nothing;
  }
  const DecimalResult result = parse_decimal(token, scale);
  switch (result.error) {
    case DecimalError::none:
      into = result.scaled;
      return nothing;
    case DecimalError::too_many_digits_after_point:
      return Complaint{RejectReason::too_many_digits, "more digits after the point than declared"};
    case DecimalError::out_of_range:
      return Complaint{RejectReason::number_out_of_range, "a decimal beyond 64 bits"};
    case DecimalError::not_a_number:
      break;
  }
  return not_a_number(token);
}

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

// Seconds with any fraction into milliseconds, rounded down: what lies behind the third digit only tells whether a time before 1970 is
// whole.
Complaint read_seconds(std::string_view token, std::int64_t& into) {
  constexpr std::size_t digits_kept = 3;
  const std::size_t point = token.find('.');
  std::string_view kept = token;
  bool rounded_up = false;
  if (point != std::string_view::npos && token.size() - point - 1 > digits_kept && token.find_first_of("eE") == std::string_view::npos) {
    if (!is_json_number(token)) return not_a_number(token);
    kept = token.substr(0, point + 1 + digits_kept);
    rounded_up = token.front() == '-' && token.find_first_not_of('0', kept.size()) != std::string_view::npos;
  }
  const Complaint complaint = read_decimal(kept, digits_kept, into);
  if (complaint.reason == RejectReason::number_out_of_range) return time_out_of_range;
  if (complaint.none() && rounded_up) --into;
  return complaint;
}

Complaint read_timestamp(TimestampUnit unit, std::string_view token, std::int64_t& into) {
  if (token.front() == '"') {
    const std::optional<std::int64_t> time = parse_timestamp(token.substr(1, token.size() - 2));
    if (!time)
      return Complaint{RejectReason::field_mistyped, "a string that is not RFC 3339, which ends with a zone (`2027-03-31T12:00:00Z`),"};
    into = *time;
    return nothing;
  }
  std::int64_t number = 0;
  if (unit == TimestampUnit::seconds) {
    if (const Complaint complaint = read_seconds(token, number); !complaint.none()) return complaint;
  } else {
    if (const Complaint complaint = read_integer(token, number); !complaint.none()) return complaint;
    if (unit == TimestampUnit::microseconds) number = floor_divide(number, 1000);
  }
  if (number < timestamp_ms_min || number > timestamp_ms_max) return time_out_of_range;
  into = number;
  return nothing;
}

Complaint read_boolean(std::string_view token, Column& column, std::size_t row) {
  if (token == "true") {
    column.bits.set(row);
    return nothing;
  }
  if (token == "false") return nothing;
  const std::string_view kind = kind_of(token.front());
  if (kind == "bool" || kind == "something else") return Complaint{RejectReason::not_json, "a malformed literal"};
  return Complaint{RejectReason::field_mistyped, kind};
}

Complaint read_address(std::string_view token, IpAddress& into) {
  if (token.front() == '"') {
    IpAddress address;
    if (!parse_ip(token.substr(1, token.size() - 2), address)) return {RejectReason::field_mistyped, "a string that is no IP address"};
    into = address;
    return nothing;
  }
  const std::string_view kind = kind_of(token.front());
  if (kind != "number" && kind != "bool") return {RejectReason::not_json, "a malformed literal"};
  return {RejectReason::field_mistyped, kind};
}

}  // namespace

Complaint read_double(std::string_view token, double& into) {
  if (!is_json_number(token)) return not_a_number(token);
  const std::from_chars_result result = std::from_chars(token.data(), token.data() + token.size(), into);
  if (result.ec == std::errc::result_out_of_range) return Complaint{RejectReason::number_out_of_range, "a number beyond a double"};
  return nothing;
}

Complaint read_scalar(const FieldSpec& field, std::string_view token, Column& column, std::size_t row) {
  Complaint complaint;
  switch (field.type) {
    case ValueType::boolean:
      complaint = read_boolean(token, column, row);
      break;
    case ValueType::floating:
      complaint = read_double(token, column.floats[row]);
      break;
    case ValueType::decimal:
      complaint = read_decimal(token, field.scale, column.integers[row]);
      break;
    case ValueType::timestamp:
      complaint = read_timestamp(field.unit, token, column.integers[row]);
      break;
    case ValueType::ip:
      complaint = read_address(token, column.addresses[row]);
      break;
    default:
      complaint = read_integer(token, column.integers[row]);
      break;
  }
  if (complaint.none()) column.present.set(row);
  return complaint;
}

}  // namespace weir
