#include "tests/support/row_interpreter.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

#include <arpa/inet.h>
#include <re2/re2.h>

#include "engine/base/decimal.h"
#include "engine/base/int128.h"
#include "rules/evaluate/great_circle.h"
#include "tests/support/random_rules.h"

namespace weir::test {

namespace {

using Values = std::vector<RowValue>;

bool all_present(const Values& values) {
  return std::all_of(values.begin(), values.end(), [](const RowValue& value) { return value.present; });
}
bool any_failed(const Values& values) {
  return std::any_of(values.begin(), values.end(), [](const RowValue& value) { return value.failed; });
}

RowValue of_bool(bool value) {
  RowValue result;
  result.present = true;
  result.boolean = value;
  return result;
}
RowValue of_double(double value) {
  RowValue result;
  result.present = std::isfinite(value);
  result.floating = result.present ? value : 0;
  return result;
}
RowValue of_wide(Int128 value) {
  RowValue result;
  result.present = value >= std::numeric_limits<std::int64_t>::min() && value <= std::numeric_limits<std::int64_t>::max();
  result.failed = !result.present;
  result.integer = result.present ? static_cast<std::int64_t>(value) : 0;
  return result;
}
RowValue of_text(std::string text) {
  RowValue result;
  result.present = true;
  result.text = std::move(text);
  return result;
}

RowValue read(const Column& column, std::size_t row) {
  RowValue value;
  value.present = column.present.test(row);
  if (!value.present) return value;
  if (column.type == ValueType::boolean)
    value.boolean = column.bits.test(row);
  else if (column.type == ValueType::floating)
    value.floating = column.floats[row];
  else if (column.type == ValueType::string)
    value.text = column.strings[row];
  else if (column.type == ValueType::ip)
    value.text.assign(bytes_of(column.addresses[row]));
  else if (column.type == ValueType::geo)
    value.point = column.points[row];
  else
    value.integer = column.integers[row];
  return value;
}

// Negative, zero or positive.
int order(ValueType type, const RowValue& a, const RowValue& b) {
  const auto of = [](const auto& x, const auto& y) { return x < y ? -1 : (y < x ? 1 : 0); };
  if (type == ValueType::boolean) return of(a.boolean, b.boolean);
  if (type == ValueType::floating) return of(a.floating, b.floating);
  if (type == ValueType::string || type == ValueType::ip) return of(a.text, b.text);
  return of(a.integer, b.integer);
}

// Of numbers that may be larger than integers.
int order_compared(ValueType type, const RowValue& a, const RowValue& b) {
  if (type != ValueType::integer && type != ValueType::decimal) return order(type, a, b);
  return a.compared < b.compared ? -1 : (b.compared < a.compared ? 1 : 0);
}

std::vector<std::string> code_points(const std::string& text) {
  std::vector<std::string> points;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xc0U) == 0x80U && !points.empty())
      points.back() += c;
    else
      points.emplace_back(1, c);
  }
  return points;
}

Int128 divided(Int128 value, Int128 divisor, Function rounding) {
  const Int128 quotient = value / divisor;
  const Int128 rest = value % divisor;
  if (rounding == Function::floor) return rest < 0 ? quotient - 1 : quotient;
  if (rounding == Function::ceil) return rest > 0 ? quotient + 1 : quotient;
  const Int128 distance = rest < 0 ? -rest : rest;
  if (2 * distance < divisor) return quotient;
  return value < 0 ? quotient - 1 : quotient + 1;
}

// The 16 bytes that the system reads of a text; empty when it reads none.
std::string address_bytes(const std::string& text) {
  std::string bytes(16, '\0');
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  bytes.replace(10, 2, "\xff\xff");
  return inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1 ? bytes : "";
}

bool is_ipv4(const std::string& bytes) {
  return bytes.substr(0, 12) == address_bytes("0.0.0.0").substr(0, 12);
}

bool bit(const std::string& bytes, std::size_t index) {
  return (static_cast<unsigned char>(bytes[index / 8]) >> (7 - index % 8) & 1U) != 0;
}

// Bit by bit; a network of IPv6 holds no address of IPv4.
bool is_in_network(const std::string& bytes, std::string_view network) {
  const std::size_t slash = network.find('/');
  const std::string first = address_bytes(std::string(network.substr(0, slash)));
  if (is_ipv4(bytes) != is_ipv4(first)) return false;
  const std::size_t bits = std::stoul(std::string(network.substr(slash + 1))) + (is_ipv4(first) ? 96 : 0);
  for (std::size_t index = 0; index < bits; ++index)
    if (bit(bytes, index) != bit(first, index)) return false;
  return true;
}

RowValue of_address(const std::string& text) {
  const std::string bytes = address_bytes(text);
  return bytes.empty() ? RowValue{} : of_text(bytes);
}

RowValue network(std::string bytes, std::int64_t bits) {
  const auto kept = static_cast<std::size_t>(is_ipv4(bytes) ? 96 + bits / network_bits_step : bits % network_bits_step);
  for (std::size_t index = kept; index < 128; ++index)
    bytes[index / 8] = static_cast<char>(static_cast<unsigned char>(bytes[index / 8]) & ~(0x80U >> index % 8));
  return of_text(bytes);
}

constexpr std::array<std::string_view, 11> private_networks = {"10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8",
                                                               "169.254.0.0/16", "100.64.0.0/10", "0.0.0.0/32",     "::/128",
                                                               "::1/128",        "fc00::/7",      "fe80::/10"};

class Interpreter {
 public:
  explicit Interpreter(const RowSource& source) : source_(source) {}

  RowValue value(ExpressionIndex index) const {
    const Expression& expression = source_.rules.expressions[index];
    switch (expression.kind) {
      case ExpressionKind::logical_and:
      case ExpressionKind::logical_or:
        return logical(expression, expression.kind == ExpressionKind::logical_and);
      case ExpressionKind::call:
        if (expression.function == Function::coalesce) return coalesce(expression);
        break;
      default:
        break;
    }
    Values operands;
    for (const ExpressionIndex operand : expression.operands)
      operands.push_back(compares(expression.kind) ? compared(operand) : value(operand));
    RowValue result = strict(expression, operands);
    result.failed |= any_failed(operands);
    return result;
  }

 private:
  const Expression& operand(const Expression& expression, std::size_t position) const {
    return source_.rules.expressions[expression.operands[position]];
  }

  static bool compares(ExpressionKind kind) {
    using enum ExpressionKind;
    return kind == equal || kind == not_equal || kind == less || kind == less_equal || kind == greater || kind == greater_equal ||
           kind == between || kind == in_list || kind == in_set;
  }

  // Comparisons are exact: what was made a decimal for them cannot be too large.
  RowValue compared(ExpressionIndex index) const {
    const Expression& expression = source_.rules.expressions[index];
    RowValue result = value(index);
    result.compared = result.integer;
    if (expression.kind != ExpressionKind::convert || expression.type != ValueType::decimal) return result;
    const Expression& from = operand(expression, 0);
    result = value(expression.operands[0]);
    result.compared = Int128{result.integer} * power_of_ten(expression.scale - (from.type == ValueType::decimal ? from.scale : 0));
    return result;
  }

  RowValue logical(const Expression& expression, bool conjunction) const {
    RowValue result = of_bool(conjunction);
    for (const ExpressionIndex index : expression.operands) {
      const RowValue next = value(index);
      result.failed |= next.failed;
      result.boolean = next.boolean;
      if (next.boolean != conjunction) break;
    }
    return result;
  }

  RowValue coalesce(const Expression& expression) const {
    RowValue result;
    bool failed = false;
    for (const ExpressionIndex index : expression.operands) {
      result = value(index);
      failed |= result.failed;
      if (result.present) break;
    }
    result.failed = failed;
    return result;
  }

  RowValue strict(const Expression& expression, const Values& operands) const {
    const bool present = all_present(operands);
    // Answers that are bools: false where something is missing, negated or not.
    const auto test = [&](auto&& holds) { return of_bool(present && holds() != expression.negated); };
    const auto ordered = [&](auto&& holds) {
      return of_bool(present && holds(order_compared(operand(expression, 0).type, operands[0], operands[1])));
    };
    switch (expression.kind) {
      case ExpressionKind::literal: {
        RowValue literal;
        literal.present = true;
        literal.boolean = expression.literal.boolean;
        literal.integer = expression.literal.integer;
        literal.floating = expression.literal.floating;
        literal.text = expression.literal.text;
        return literal;
      }
      case ExpressionKind::event_column:
        return read(source_.events.columns[expression.index], source_.row);
      case ExpressionKind::feature:
        return read(source_.features.columns[expression.index], source_.row);
      case ExpressionKind::fact:
        return read(source_.features.columns[source_.rules.fact_column(expression.index)], source_.row);
      case ExpressionKind::matched:
        return read(source_.features.columns[source_.rules.sequence_column(expression.index)], source_.row);
      case ExpressionKind::let:
        return value(source_.rules.lets[expression.index].value);
      case ExpressionKind::score:
        return of_wide(source_.score);
      case ExpressionKind::event_is:
        return test([&] { return source_.events.type_of(source_.row) == expression.index; });
      case ExpressionKind::outcome_is:
        return test([&] { return source_.outcome == expression.index; });
      case ExpressionKind::truth:
        return test([&] { return operands[0].boolean; });
      case ExpressionKind::logical_not:
        return of_bool(!operands[0].boolean);
      case ExpressionKind::is_present:
        return of_bool(operands[0].present);
      case ExpressionKind::is_missing:
        return of_bool(!operands[0].present);
      case ExpressionKind::equal:
        return ordered([](int order) { return order == 0; });
      case ExpressionKind::not_equal:
        return ordered([](int order) { return order != 0; });
      case ExpressionKind::less:
        return ordered([](int order) { return order < 0; });
      case ExpressionKind::less_equal:
        return ordered([](int order) { return order <= 0; });
      case ExpressionKind::greater:
        return ordered([](int order) { return order > 0; });
      case ExpressionKind::greater_equal:
        return ordered([](int order) { return order >= 0; });
      case ExpressionKind::between: {
        const ValueType type = operand(expression, 0).type;
        return test(
            [&] { return order_compared(type, operands[1], operands[0]) <= 0 && order_compared(type, operands[0], operands[2]) <= 0; });
      }
      case ExpressionKind::in_list:
        return test([&] { return contains(source_.rules.lists[expression.index].values, operands[0]); });
      case ExpressionKind::in_set:
        return test([&] { return contains(source_.rules.sets[expression.index], operands[0]); });
      case ExpressionKind::matches:
        return test([&] { return RE2::PartialMatch(operands[0].text, source_.rules.patterns[expression.index]); });
      case ExpressionKind::call:
        return call(expression, operands, present);
      default:
        return present ? arithmetic(expression, operands) : RowValue{};
    }
  }

  static bool contains(const ValueSet& set, const RowValue& value) {
    bool found = false;
    if (set.texts) set.texts->for_each([&](std::string_view text) { found |= text == value.text; });
    if (set.addresses)
      for (const std::string_view network : random_networks) found |= is_in_network(value.text, network);
    if (set.integers) set.integers->for_each([&](std::int64_t integer) { found |= integer == value.compared; });
    return found;
  }

  RowValue arithmetic(const Expression& expression, const Values& operands) const {
    const RowValue& a = operands[0];
    const RowValue& b = operands.back();
    const bool floating = expression.type == ValueType::floating;
    switch (expression.kind) {
      case ExpressionKind::convert: {
        const Expression& from = operand(expression, 0);
        const int from_scale = from.type == ValueType::decimal ? from.scale : 0;
        if (floating) return of_double(decimal_to_double(a.integer, from_scale));
        return of_wide(Int128{a.integer} * power_of_ten(expression.scale - from_scale));
      }
      case ExpressionKind::negate:
        return floating ? of_double(0.0 - a.floating) : of_wide(-Int128{a.integer});
      case ExpressionKind::add:
        return floating ? of_double(a.floating + b.floating) : of_wide(Int128{a.integer} + b.integer);
      case ExpressionKind::subtract:
        return floating ? of_double(a.floating - b.floating) : of_wide(Int128{a.integer} - b.integer);
      case ExpressionKind::multiply:
        return floating ? of_double(a.floating * b.floating) : of_wide(Int128{a.integer} * b.integer);
      case ExpressionKind::divide:
        return b.floating == 0 ? RowValue{} : of_double(a.floating / b.floating);
      default:
        return b.integer == 0 ? RowValue{} : of_wide(Int128{a.integer} % Int128{b.integer});
    }
  }

  RowValue call(const Expression& expression, const Values& operands, bool present) const {
    const bool is_test = expression.type == ValueType::boolean;
    if (is_test) {
      const auto holds = [&] {
        const std::string& text = operands[0].text;
        if (expression.function == Function::is_private)
          return std::any_of(private_networks.begin(), private_networks.end(),
                             [&](std::string_view network) { return is_in_network(text, network); });
        if (expression.function == Function::starts_with) return text.starts_with(operands[1].text);
        if (expression.function == Function::ends_with) return text.ends_with(operands[1].text);
        return text.find(operands[1].text) != std::string::npos;
      };
      return of_bool(present && holds() != expression.negated);
    }
    if (!present) return {};
    const RowValue& a = operands[0];
    const RowValue& b = operands.back();
    const auto apart = [&](double unit_ms) {
      const Int128 difference = Int128{a.integer} - b.integer;
      return of_double(static_cast<double>(static_cast<std::uint64_t>(difference < 0 ? -difference : difference)) / unit_ms);
    };
    switch (expression.function) {
      case Function::age:
        return of_wide(Int128{source_.events.time().integers[source_.row]} - a.integer);
      case Function::seconds_between:
        return apart(1e3);
      case Function::minutes_between:
        return apart(6e4);
      case Function::hours_between:
        return apart(3.6e6);
      case Function::days_between:
        return apart(8.64e7);
      case Function::hour_of_day:
      case Function::day_of_week:
      case Function::day_of_month:
        return calendar(expression.function, a.integer);
      case Function::distance_km:
        return of_double(evaluate::great_circle_km(a.point, b.point));
      case Function::ip:
        return of_address(a.text);
      case Function::network:
        return network(a.text, expression.literal.integer);
      case Function::geo: {
        RowValue result;
        result.present = std::abs(a.floating) <= 90 && std::abs(b.floating) <= 180;
        if (result.present) result.point = {a.floating, b.floating};
        return result;
      }
      case Function::lower:
      case Function::upper:
      case Function::trim:
      case Function::left:
      case Function::right:
        return text_call(expression.function, a.text, b.integer);
      case Function::length:
        return of_wide(static_cast<std::int64_t>(code_points(a.text).size()));
      default:
        return number_call(expression, operands);
    }
  }

  static RowValue calendar(Function function, std::int64_t ms) {
    using namespace std::chrono;
    const auto day = floor<days>(sys_time<milliseconds>(milliseconds(ms)));
    if (function == Function::hour_of_day) return of_wide(duration_cast<hours>(milliseconds(ms) - day.time_since_epoch()).count());
    if (function == Function::day_of_week) return of_wide(weekday(day).iso_encoding());
    return of_wide(static_cast<unsigned>(year_month_day(day).day()));
  }

  static RowValue text_call(Function function, std::string text, std::int64_t count) {
    if (function == Function::lower)
      for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (function == Function::upper)
      for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    if (function == Function::trim) {
      constexpr const char* blanks = " \t\r\n";
      const std::size_t first = text.find_first_not_of(blanks);
      text = first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
    }
    if (function == Function::left || function == Function::right) {
      std::vector<std::string> points = code_points(text);
      const auto kept = static_cast<std::size_t>(std::clamp<std::int64_t>(count, 0, static_cast<std::int64_t>(points.size())));
      const std::size_t begin = function == Function::left ? 0 : points.size() - kept;
      text.clear();
      for (std::size_t at = begin; at < begin + kept; ++at) text += points[at];
    }
    return of_text(text);
  }

  RowValue number_call(const Expression& expression, const Values& operands) const {
    const RowValue& a = operands[0];
    const bool floating = operand(expression, 0).type == ValueType::floating;
    switch (expression.function) {
      case Function::abs:
        return floating ? of_double(std::abs(a.floating)) : of_wide(a.integer < 0 ? -Int128{a.integer} : Int128{a.integer});
      case Function::min:
        return *std::min_element(operands.begin(), operands.end(),
                                 [&](const RowValue& x, const RowValue& y) { return order(expression.type, x, y) < 0; });
      case Function::max:
        return *std::max_element(operands.begin(), operands.end(),
                                 [&](const RowValue& x, const RowValue& y) { return order(expression.type, x, y) < 0; });
      case Function::sqrt:
        return a.floating < 0 ? RowValue{} : of_double(std::sqrt(a.floating));
      default:
        return floating ? rounded_double(expression, a.floating) : rounded_integer(expression, a.integer);
    }
  }

  static RowValue rounded_double(const Expression& expression, double value) {
    if (expression.type == ValueType::decimal) {
      const double scaled = std::round(value * static_cast<double>(power_of_ten(expression.scale)));
      if (std::abs(scaled) < 1e20) return of_wide(static_cast<Int128>(scaled));
      RowValue failed;
      failed.failed = true;
      return failed;
    }
    if (expression.function == Function::floor) return of_double(std::floor(value));
    if (expression.function == Function::ceil) return of_double(std::ceil(value));
    return of_double(std::round(value));
  }

  RowValue rounded_integer(const Expression& expression, std::int64_t value) const {
    const Expression& from = operand(expression, 0);
    const int from_scale = from.type == ValueType::decimal ? from.scale : 0;
    const int digits = expression.type == ValueType::decimal ? expression.scale : 0;
    if (digits >= from_scale) return of_wide(Int128{value} * power_of_ten(digits - from_scale));
    return of_wide(divided(value, power_of_ten(from_scale - digits), expression.function));
  }

  const RowSource& source_;
};

}  // namespace

RowValue interpret(const RowSource& source, ExpressionIndex index) {
  return Interpreter(source).value(index);
}

}  // namespace weir::test
