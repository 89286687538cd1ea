#include "engine/parse/scalar_reader.h"

#include <charconv>

#include "engine/base/decimal.h"
#include "engine/base/timestamp.h"
#include "engine/parse/json_token.h"

namespace weir {
namespace {

constexpr Complaint malformed_number{RejectReason::not_json, "a malformed number"};

// For a token that did not read as a number of the wanted kind.
Complaint not_a_number(std::string_view token) {
  const std::string_view kind = kind_of(token.front());
  if (kind != "number" && kind != "something else") return {RejectReason::field_mistyped, kind};
  if (!is_json_number(token)) return malformed_number;
  return {RejectReason::field_mistyped, "a number with a fraction or an exponent"};
}

std::optional<Complaint> read_integer(std::string_view token, std::int64_t& into) {
  const IntegerResult result = parse_integer(token);
  if (result.error == IntegerError::out_of_range) return Complaint{RejectReason::number_out_of_range, "an integer beyond 64 bits"};
  if (result.error != IntegerError::none) return not_a_number(token);
  into = result.value;
  return std::nullopt;
}

std::optional<Complaint> read_decimal(std::string_view token, int scale, std::int64_t& into) {
  const DecimalResult result = parse_decimal(token, scale);
  switch (result.error) {
    case DecimalError::none:
      into = result.scaled;
      return std::nullopt;
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

std::optional<Complaint> read_timestamp(TimestampUnit unit, std::string_view token, std::int64_t& into) {
  if (token.front() == '"') {
    const std::optional<std::int64_t> time = parse_timestamp(token.substr(1, token.size() - 2));
    if (!time) return Complaint{RejectReason::field_mistyped, "a string that is not RFC 3339"};
    into = *time;
    return std::nullopt;
  }
  std::int64_t number = 0;
  if (unit == TimestampUnit::seconds) {
    constexpr int nanosecond_digits = 9;
    if (const auto complaint = read_decimal(token, nanosecond_digits, number)) return complaint;
    number = floor_divide(number, 1'000'000);
  } else {
    if (const auto complaint = read_integer(token, number)) return complaint;
    if (unit == TimestampUnit::microseconds) number = floor_divide(number, 1000);
  }
  if (number < timestamp_ms_min || number > timestamp_ms_max)
    return Complaint{RejectReason::number_out_of_range, "a time outside the years 0000 to 9999"};
  into = number;
  return std::nullopt;
}

std::optional<Complaint> read_boolean(std::string_view token, Column& column, std::size_t row) {
  if (token == "true") {
    column.bits.set(row);
    return std::nullopt;
  }
  if (token == "false") return std::nullopt;
  const std::string_view kind = kind_of(token.front());
  if (kind == "bool" || kind == "something else") return Complaint{RejectReason::not_json, "a malformed literal"};
  return Complaint{RejectReason::field_mistyped, kind};
}

}  // namespace

std::optional<Complaint> read_double(std::string_view token, double& into) {
  if (!is_json_number(token)) return not_a_number(token);
  const std::from_chars_result result = std::from_chars(token.data(), token.data() + token.size(), into);
  if (result.ec == std::errc::result_out_of_range) return Complaint{RejectReason::number_out_of_range, "a number beyond a double"};
  return std::nullopt;
}

std::optional<Complaint> read_scalar(const FieldSpec& field, std::string_view token, Column& column, std::size_t row) {
  std::optional<Complaint> complaint;
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
    default:
      complaint = read_integer(token, column.integers[row]);
      break;
  }
  if (!complaint) column.present.set(row);
  return complaint;
}

}  // namespace weir
