#include "rules/language/formatter_lines.h"

#include <algorithm>
#include <string_view>

namespace weir {

namespace {

// Characters, as far as columns go.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

bool is_comment(const FormattedLine& line) {
  return line.text.empty();
}

// A comment belongs to what follows it, so a blank line goes before the comment.
void separate_declarations(std::vector<FormattedLine>& lines) {
  bool after_block = false;
  std::size_t last_declaration = lines.size();
  for (std::size_t at = 0; at < lines.size(); ++at) {
    if (lines[at].begins_declaration) {
      std::size_t first = at;
      while (first > 0 && is_comment(lines[first - 1]) && !lines[first - 1].in_block && !lines[first].blank_before) --first;
      const bool follows = last_declaration < first || (after_block && first > 0);
      if (first > 0 && follows && (after_block || lines[at].opens_block)) lines[first].blank_before = true;
      after_block = false;
      last_declaration = at;
    }
    if (lines[at].closes_block) after_block = true;
  }
}

void line_up(std::vector<FormattedLine>& lines, std::size_t begin, std::size_t end) {
  std::size_t columns = 0;
  for (std::size_t at = begin; at < end; ++at) columns = std::max(columns, lines[at].cells.size());
  for (std::size_t column = 0; column < columns; ++column) {
    std::size_t widest = 0;
    for (std::size_t at = begin; at < end; ++at)
      if (lines[at].cells.size() > column)
        widest = std::max(widest, width_of(std::string_view(lines[at].text).substr(0, lines[at].cells[column] - 1)));
    for (std::size_t at = begin; at < end; ++at) {
      FormattedLine& line = lines[at];
      if (line.cells.size() <= column) continue;
      const std::size_t offset = line.cells[column];
      const std::size_t more = widest - width_of(std::string_view(line.text).substr(0, offset - 1)) + line.gap - 1;
      line.text.insert(offset, more, ' ');
      for (std::size_t later = column; later < line.cells.size(); ++later) line.cells[later] += more;
    }
  }
}

// Tables end at a blank line, a comment, or a line of another kind.
void line_up_tables(std::vector<FormattedLine>& lines) {
  for (std::size_t at = 0; at < lines.size();) {
    std::size_t end = at + 1;
    while (!lines[at].table.empty() && end < lines.size() && lines[end].table == lines[at].table && lines[end].indent == lines[at].indent &&
           !lines[end].blank_before)
      ++end;
    if (!lines[at].table.empty()) line_up(lines, at, end);
    at = end;
  }
}

bool has_trailing_comment(const FormattedLine& line) {
  return !is_comment(line) && !line.comment.empty();
}

// Those of neighbouring lines; in a table of fields, those of all its rows.
void line_up_comments(std::vector<FormattedLine>& lines) {
  const auto takes_part = [](const FormattedLine& line) { return has_trailing_comment(line) || line.table == "field"; };
  for (std::size_t at = 0; at < lines.size();) {
    std::size_t end = at;
    std::size_t widest = 0;
    while (end < lines.size() && takes_part(lines[end]) && (end == at || !lines[end].blank_before)) {
      widest = std::max(widest, lines[end].indent + width_of(lines[end].text));
      ++end;
    }
    for (std::size_t line = at; line < end; ++line) {
      if (!has_trailing_comment(lines[line])) continue;
      lines[line].text.append(widest - lines[line].indent - width_of(lines[line].text) + 2, ' ');
      lines[line].text += lines[line].comment;
    }
    at = std::max(end, at + 1);
  }
}

}  // namespace

std::string join_lines(std::vector<FormattedLine> lines) {
  separate_declarations(lines);
  line_up_tables(lines);
  line_up_comments(lines);
  std::string text;
  for (const FormattedLine& line : lines) {
    if (line.blank_before && !text.empty()) text += '\n';
    text.append(line.indent, ' ');
    text += is_comment(line) ? line.comment : line.text;
    text += '\n';
  }
  return text;
}

}  // namespace weir
