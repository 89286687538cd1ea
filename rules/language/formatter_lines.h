// Formatted lines before their columns are lined up.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace weir {

struct FormattedLine {
  std::size_t indent = 0;
  std::string text;                // without indentation and trailing comment
  std::string comment;             // trailing, or the whole line where `text` is empty
  std::vector<std::size_t> cells;  // offsets in `text` where a column begins, the first left out
  std::size_t gap = 1;             // blanks between columns, at least
  // Lines of one table stand below one another and have the same kind: "field", "feature". Empty: no table.
  std::string table;
  bool blank_before = false;
  bool begins_declaration = false;
  bool in_block = false;      // inside of braces that span lines
  bool closes_block = false;  // the last line of a declaration that spans lines
  bool opens_block = false;   // the first one of it
};

// Puts blank lines around declarations that span lines, lines up tables and trailing comments, and joins everything.
std::string join_lines(std::vector<FormattedLine> lines);

}  // namespace weir
