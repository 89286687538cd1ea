// Strings, row by row, only on rows that somebody asks about. Results that differ from their operand are written to the batch's arena.
#include <algorithm>
#include <cstring>
#include <string_view>

#include <re2/re2.h>

#include "rules/evaluate/kernels.h"
#include "rules/language/text_set.h"

namespace weir::evaluate {

namespace {

template <typename Condition>
inline __attribute__((always_inline)) void test_rows(const Operation& operation, const Frame& frame, Condition&& condition) {
  std::uint64_t word = 0;
  for_each_row(operation.live(frame), [&](std::size_t row) { word |= static_cast<std::uint64_t>(condition(row)) << row; });
  frame.masks[operation.result] = word;
}

// Strings order bytewise, which for UTF-8 is the order of code points.
template <Operator op, bool constant_right>
void compare(const Operation& operation, const Frame& frame) {
  const auto* a = frame.values<std::string_view>(operation.a);
  const auto* b = frame.values<std::string_view>(operation.b);
  test_rows(operation, frame, [&](std::size_t row) {
    const std::string_view left = a[row];
    const std::string_view right = b[constant_right ? 0 : row];
    if constexpr (op == Operator::equal) return left == right;
    if constexpr (op == Operator::not_equal) return left != right;
    if constexpr (op == Operator::less) return left < right;
    if constexpr (op == Operator::less_equal) return left <= right;
    if constexpr (op == Operator::greater) return left > right;
    if constexpr (op == Operator::greater_equal) return left >= right;
    if constexpr (op == Operator::starts_with) return left.starts_with(right);
    if constexpr (op == Operator::ends_with) return left.ends_with(right);
    if constexpr (op == Operator::contains) return left.find(right) != std::string_view::npos;
  });
}

template <Operator op>
Kernel compare_kernel(const KernelRequest& request) {
  return request.constant_right ? compare<op, true> : compare<op, false>;
}

void string_is_in(const Operation& operation, const Frame& frame) {
  const auto& set = *static_cast<const TextSet*>(operation.attachment);
  frame.masks[operation.result] = set.contains_each(frame.values<std::string_view>(operation.a), operation.live(frame));
}

void regex_matches(const Operation& operation, const Frame& frame) {
  const auto& pattern = *static_cast<const re2::RE2*>(operation.attachment);
  const auto* a = frame.values<std::string_view>(operation.a);
  test_rows(operation, frame,
            [&](std::size_t row) { return re2::RE2::PartialMatch(re2::StringPiece(a[row].data(), a[row].size()), pattern); });
}

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

constexpr bool begins_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
}

// ASCII letters between `first` and `last` get `change` added; other bytes stay, so UTF-8 stays UTF-8.
template <char first, char last, int change>
void change_case(const Operation& operation, const Frame& frame) {
  const auto* a = frame.values<std::string_view>(operation.a);
  auto* result = frame.results<std::string_view>(operation.result);
  const auto changes = [](char c) { return c >= first && c <= last; };
  for_each_row(operation.live(frame), [&](std::size_t row) {
    const std::string_view text = a[row];
    result[row] = text;
    if (std::none_of(text.begin(), text.end(), changes)) return;
    char* copy = frame.text->allocate(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) copy[at] = changes(text[at]) ? static_cast<char>(text[at] + change) : text[at];
    result[row] = {copy, text.size()};
  });
}

void trim(const Operation& operation, const Frame& frame) {
  const auto* a = frame.values<std::string_view>(operation.a);
  auto* result = frame.results<std::string_view>(operation.result);
  for_each_row(operation.live(frame), [&](std::size_t row) {
    std::string_view text = a[row];
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    result[row] = text;
  });
}

void length(const Operation& operation, const Frame& frame) {
  const auto* a = frame.values<std::string_view>(operation.a);
  auto* result = frame.results<std::int64_t>(operation.result);
  for_each_row(operation.live(frame),
               [&](std::size_t row) { result[row] = std::count_if(a[row].begin(), a[row].end(), begins_code_point); });
}

void left(const Operation& operation, const Frame& frame) {
  const auto* a = frame.values<std::string_view>(operation.a);
  const auto* wanted = frame.values<std::int64_t>(operation.b);
  auto* result = frame.results<std::string_view>(operation.result);
  for_each_row(operation.live(frame), [&](std::size_t row) {
    const std::string_view text = a[row];
    std::int64_t points = 0;
    std::size_t end = 0;
    for (; end < text.size(); ++end)
      if (begins_code_point(text[end]) && ++points > wanted[row]) break;
    result[row] = text.substr(0, end);
  });
}

void right(const Operation& operation, const Frame& frame) {
  const auto* a = frame.values<std::string_view>(operation.a);
  const auto* wanted = frame.values<std::int64_t>(operation.b);
  auto* result = frame.results<std::string_view>(operation.result);
  for_each_row(operation.live(frame), [&](std::size_t row) {
    const std::string_view text = a[row];
    std::int64_t points = 0;
    std::size_t begin = text.size();
    for (std::size_t at = text.size(); at > 0 && points < wanted[row]; --at) {
      if (!begins_code_point(text[at - 1])) continue;
      ++points;
      begin = at - 1;
    }
    result[row] = text.substr(begin);
  });
}

}  // namespace

Kernel find_text_kernel(const KernelRequest& request) {
  switch (request.op) {
    case Operator::equal:
      return compare_kernel<Operator::equal>(request);
    case Operator::not_equal:
      return compare_kernel<Operator::not_equal>(request);
    case Operator::less:
      return compare_kernel<Operator::less>(request);
    case Operator::less_equal:
      return compare_kernel<Operator::less_equal>(request);
    case Operator::greater:
      return compare_kernel<Operator::greater>(request);
    case Operator::greater_equal:
      return compare_kernel<Operator::greater_equal>(request);
    case Operator::starts_with:
      return compare_kernel<Operator::starts_with>(request);
    case Operator::ends_with:
      return compare_kernel<Operator::ends_with>(request);
    case Operator::contains:
      return compare_kernel<Operator::contains>(request);
    case Operator::is_in:
      return string_is_in;
    case Operator::matches:
      return regex_matches;
    case Operator::lower:
      return change_case<'A', 'Z', 'a' - 'A'>;
    case Operator::upper:
      return change_case<'a', 'z', 'A' - 'a'>;
    case Operator::trim:
      return trim;
    case Operator::length:
      return length;
    case Operator::left:
      return left;
    case Operator::right:
      return right;
    default:
      return nullptr;
  }
}

}  // namespace weir::evaluate
