#include "engine/app/text_difference.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir {
namespace {

constexpr std::size_t context_lines = 3;
constexpr std::size_t cells_max = 4'000'000;  // of the table of common lines

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

struct Line {
  char sign;
  std::string_view text;
  std::size_t number;  // in the first text, from 1
};

// Longest common subsequence of what is left between equal ends.
void compare(const std::vector<std::string_view>& before, const std::vector<std::string_view>& after, std::vector<Line>& out) {
  std::size_t head = 0;
  while (head < before.size() && head < after.size() && before[head] == after[head]) ++head;
  std::size_t tail = 0;
  while (tail < before.size() - head && tail < after.size() - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
    ++tail;
  const std::size_t rows = before.size() - head - tail;
  const std::size_t columns = after.size() - head - tail;
  const bool small = (rows + 1) * (columns + 1) <= cells_max;
  std::vector<std::uint32_t> common(small ? (rows + 1) * (columns + 1) : 0);
  const auto cell = [&](std::size_t row, std::size_t column) -> std::uint32_t& { return common[row * (columns + 1) + column]; };
  for (std::size_t row = rows; small && row-- > 0;)
    for (std::size_t column = columns; column-- > 0;)
      cell(row, column) = before[head + row] == after[head + column] ? cell(row + 1, column + 1) + 1
                                                                     : std::max(cell(row + 1, column), cell(row, column + 1));
  for (std::size_t line = 0; line < head; ++line) out.push_back({' ', before[line], line + 1});
  std::size_t row = 0;
  std::size_t column = 0;
  while (row < rows || column < columns) {
    const bool both = row < rows && column < columns;
    if (small && both && before[head + row] == after[head + column]) {
      out.push_back({' ', before[head + row], head + row + 1});
      ++row;
      ++column;
    } else if (row < rows && (!both || !small || cell(row + 1, column) >= cell(row, column + 1))) {
      out.push_back({'-', before[head + row], head + row + 1});
      ++row;
    } else {
      out.push_back({'+', after[head + column], head + row + 1});
      ++column;
    }
  }
  for (std::size_t line = before.size() - tail; line < before.size(); ++line) out.push_back({' ', before[line], line + 1});
}

}  // namespace

std::string text_difference(std::string_view before, std::string_view after) {
  if (before == after) return {};
  std::vector<Line> lines;
  compare(lines_of(before), lines_of(after), lines);
  std::vector<bool> shown(lines.size(), false);
  for (std::size_t index = 0; index < lines.size(); ++index) {
    if (lines[index].sign == ' ') continue;
    const std::size_t from = index < context_lines ? 0 : index - context_lines;
    std::fill(shown.begin() + static_cast<std::ptrdiff_t>(from),
              shown.begin() + static_cast<std::ptrdiff_t>(std::min(index + context_lines + 1, lines.size())), true);
  }
  std::string text;
  for (std::size_t index = 0; index < lines.size(); ++index) {
    if (!shown[index]) continue;
    if (index == 0 || !shown[index - 1]) text += "@@ " + std::to_string(lines[index].number) + " @@\n";
    text += lines[index].sign;
    text += lines[index].text;
    text += '\n';
  }
  return text;
}

}  // namespace weir
