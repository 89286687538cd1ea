#include "rules/language/functions.h"

#include <algorithm>
#include <array>

namespace weir {

const std::string_view function_example_event = R"(event example {
  id          string     id
  created_at  timestamp  time
  account_id  string     key
  amount      decimal
  nickname    string?
}
)";

namespace {

constexpr std::array<FunctionDescription, 30> functions{{
    {Function::age, "age", "age(t timestamp) -> duration", "How long before this event `t` was; negative when `t` is later.",
     "age(created_at) == 0s"},
    {Function::seconds_between, "seconds_between", "seconds_between(a timestamp, b timestamp) -> float",
     "Seconds from one to the other; the order does not matter.", "seconds_between(2026-01-05T10:00:00Z, 2026-01-05T10:00:01.5Z) == 1.5"},
    {Function::minutes_between, "minutes_between", "minutes_between(a timestamp, b timestamp) -> float",
     "Minutes from one to the other; the order does not matter.", "minutes_between(2026-01-05T10:00:00Z, 2026-01-05T10:45:00Z) == 45"},
    {Function::hours_between, "hours_between", "hours_between(a timestamp, b timestamp) -> float",
     "Hours from one to the other; the order does not matter.", "hours_between(2026-01-05T10:00:00Z, 2026-01-05T08:30:00Z) == 1.5"},
    {Function::days_between, "days_between", "days_between(a timestamp, b timestamp) -> float",
     "Days of 24 hours from one to the other; the order does not matter.", "days_between(2026-01-05, 2026-01-08) == 3"},
    {Function::hour_of_day, "hour_of_day", "hour_of_day(t timestamp [, zone string]) -> int",
     "The hour, 0 to 23, in UTC or in the zone that is named.",
     "hour_of_day(2026-01-05T22:30:00Z) == 22 and hour_of_day(2026-01-05T22:30:00Z, \"Europe/Berlin\") == 23"},
    {Function::day_of_week, "day_of_week", "day_of_week(t timestamp [, zone string]) -> int",
     "1 for Monday to 7 for Sunday, in UTC or in the zone that is named.", "day_of_week(2026-01-05) == 1"},
    {Function::day_of_month, "day_of_month", "day_of_month(t timestamp [, zone string]) -> int",
     "1 to 31, in UTC or in the zone that is named.", "day_of_month(2026-01-31T23:30:00Z, \"Europe/Berlin\") == 1"},
    {Function::distance_km, "distance_km", "distance_km(a geo, b geo) -> float", "Kilometres between two places along a great circle.",
     "distance_km(geo(52.52, 13.405), geo(48.8566, 2.3522)) between 870 and 885"},
    {Function::geo, "geo", "geo(latitude float, longitude float) -> geo", "A place from degrees; missing when they are out of range.",
     "geo(91.0, 0.0) is missing"},
    {Function::ip, "ip", "ip(text string) -> ip", "An address from text; missing when the text is none.",
     "ip(\"::ffff:192.0.2.1\") == \"192.0.2.1\" and ip(\"192.0.2\") is missing"},
    {Function::is_private, "is_private", "is_private(address ip) -> bool",
     "Private, loopback, link-local and other addresses that the internet does not reach.",
     "is_private(ip(\"192.168.1.7\")) and not is_private(ip(\"2001:db8::1\"))"},
    {Function::network, "network", "network(address ip, bits [, ipv6_bits]) -> ip",
     "The first address of the network that has so many leading bits; of an IPv6 address 64, or as many as the third argument says.",
     "network(ip(\"192.0.2.77\"), 24) == \"192.0.2.0\" and network(ip(\"2001:db8:1:2::9\"), 24, 48) == \"2001:db8:1::\""},
    {Function::abs, "abs", "abs(x number or duration) -> the same", "The value without its sign.", "abs(-3) == 3"},
    {Function::min, "min", "min(a, b, ...) -> the same", "The smallest of two or more numbers, timestamps or durations.",
     "min(3, 1.5, 2) == 1.5"},
    {Function::max, "max", "max(a, b, ...) -> the same", "The largest of two or more numbers, timestamps or durations.",
     "max(3, 1.5, 2) == 3"},
    {Function::round, "round", "round(x number [, digits int]) -> int, float or decimal(digits)",
     "The nearest whole number (an int for a decimal, a float for a float), or the nearest decimal with so many digits; halves go away "
     "from zero.",
     "round(-2.5) == -3 and round(1.25, 1) == 1.3"},
    {Function::floor, "floor", "floor(x number) -> int or float", "The next whole number below.", "floor(-2.5) == -3"},
    {Function::ceil, "ceil", "ceil(x number) -> int or float", "The next whole number above.", "ceil(-2.5) == -2"},
    {Function::sqrt, "sqrt", "sqrt(x number) -> float", "The square root; missing below zero.", "sqrt(9) == 3"},
    {Function::lower, "lower", "lower(s string) -> string", "The letters A to Z as small letters; other characters stay.",
     "lower(\"ABc\") == \"abc\""},
    {Function::upper, "upper", "upper(s string) -> string", "The letters a to z as capitals; other characters stay.",
     "upper(\"abC\") == \"ABC\""},
    {Function::trim, "trim", "trim(s string) -> string", "Without blanks, tabs and line ends at both ends.", "trim(\"  a b \") == \"a b\""},
    {Function::length, "length", "length(s string) -> int", "The number of characters (Unicode code points).",
     "length(\"M\u00fcller\") == 6"},
    {Function::left, "left", "left(s string, n int) -> string", "The first n characters, for example of a card's number.",
     "left(\"411111\", 4) == \"4111\""},
    {Function::right, "right", "right(s string, n int) -> string", "The last n characters.", "right(\"411111\", 2) == \"11\""},
    {Function::starts_with, "starts_with", "starts_with(s string, part string) -> bool", "Also written `s starts_with part`.",
     "\"payments\" starts_with \"pay\""},
    {Function::ends_with, "ends_with", "ends_with(s string, part string) -> bool", "Also written `s ends_with part`.",
     "\"a@example.org\" ends_with \".org\""},
    {Function::contains, "contains", "contains(s string, part string) -> bool", "Also written `s contains part`.",
     "\"a@example.org\" contains \"@\""},
    {Function::coalesce, "coalesce", "coalesce(a, b, ...) -> the same", "The first value that is present.",
     "coalesce(nickname, \"none\") is present"},
}};

constexpr std::array<AggregateDescription, 12> aggregates{{
    {"count", "count() or count(x) -> int", "How many events, or how many that have the value.", "count() by card_id over 10m"},
    {"sum", "sum(x number) -> the same", "The exact sum; 0 over nothing.", "sum(amount) by card_id over 24h"},
    {"avg", "avg(x number) -> float", "The mean; missing over nothing.", "avg(amount) by card_id over 30d excluding this event"},
    {"min", "min(x) -> the same", "The smallest value; missing over nothing.", "min(amount) by card_id over 24h"},
    {"max", "max(x) -> the same", "The largest value; missing over nothing.", "max(amount) by card_id over 30d excluding this event"},
    {"stddev", "stddev(x number) -> float", "The sample standard deviation; missing with fewer than two values.",
     "stddev(amount) by card_id over 30d"},
    {"distinct", "distinct(x) -> int", "How many different values; of any type but float and geo.",
     "distinct(merchant_id) by card_id over 1h"},
    {"first", "first(x) -> the same", "The oldest value in the window.", "first(created_at) by card_id, device_id over 90d"},
    {"last", "last(x) -> the same", "The newest value in the window.", "last(geo) by card_id over 30d excluding this event"},
    {"percentile", "percentile(x number, share) -> float",
     "The value below which that share of the values lies, between two of them in proportion (percentile_cont of SQL); missing over "
     "nothing.",
     "percentile(amount, 0.95) by card_id over 30d"},
    {"median", "median(x number) -> float", "`percentile(x, 0.5)`.", "median(amount) by card_id over last 20 events"},
    {"mode", "mode(x) -> the same", "The most frequent value, of several the smallest; missing over nothing.",
     "mode(merchant_id) by card_id over 90d"},
}};

// A bar ends a cell of a table.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char byte : text) {
    if (byte == '|') escaped += '\\';
    escaped += byte;
  }
  return escaped;
}

template <typename Descriptions>
std::string table(std::string_view heading, const Descriptions& descriptions) {
  std::string text = "| " + std::string(heading) + " | Meaning | Example |\n| --- | --- | --- |\n";
  for (const auto& description : descriptions)
    text += "| `" + cell(description.signature) + "` | " + cell(description.description) + " | `" + cell(description.example) + "` |\n";
  return text;
}

}  // namespace

std::span<const FunctionDescription> all_functions() {
  return functions;
}

std::span<const AggregateDescription> all_aggregates() {
  return aggregates;
}

std::string_view to_string(Function function) {
  return functions[static_cast<std::size_t>(function)].name;
}

std::optional<Function> find_function(std::string_view name) {
  for (const FunctionDescription& description : all_functions())
    if (description.name == name) return description.function;
  return std::nullopt;
}

std::string render_function_reference() {
  return "### Aggregates\n\n" + table("Aggregate", all_aggregates()) + "\n### Functions\n\n" + table("Function", all_functions());
}

}  // namespace weir
