// Entries of a list from a text or CSV file, or from any text. Also what a reload of one list calls.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/language/value_set.h"

namespace weir {

// What was wrong with a list's file: a line of it (0: the file as a whole) and a sentence.
struct ListProblem {
  std::string_view code;  // "R0602"
  std::size_t line = 0;
  std::string message;
};

// The whole file. Nothing after a problem.
std::optional<std::string> read_list_text(const std::string& path, std::vector<ListProblem>& problems);

// Reads `path`. A text file has one entry a line; blank lines and lines that begin with "#" are left out. With `column`, a CSV file
// (RFC 4180, comma, quotes, a header line). Blanks around an entry do not count, an empty CSV cell is no entry.
// Nothing when there was a problem; problems stop at ten.
std::optional<ValueSet> read_list_file(const std::string& path, const std::string& column, ValueType type, int scale,
                                       std::vector<ListProblem>& problems);

}  // namespace weir
