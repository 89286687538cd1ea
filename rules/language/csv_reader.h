// CSV (RFC 4180): commas, quotes, and lines that end with or without a carriage return.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Without blanks, tabs and carriage returns at both ends.
std::string_view trimmed(std::string_view text);

// Cells of one record after another. A quoted cell may hold commas, doubled quotes and line ends. Blanks around a cell do not count,
// those inside of quotes do.
class CsvReader {
 public:
  // `text` must outlive the reader.
  explicit CsvReader(std::string_view text) : text_(text) {}

  // False at the end, and where the text is broken. `cells` is overwritten.
  bool next(std::vector<std::string>& cells);
  // Where the record began; the first line is 1.
  std::size_t line() const { return first_line_; }
  // What is wrong: a quote that is not closed, a line of more than limits::csv_cells_max cells. Empty: nothing so far.
  const std::string& broken() const { return broken_; }

 private:
  std::string cell();
  void quoted_part(std::string& value);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t first_line_ = 1;
  std::string broken_;
};

// What is said of a column that the header does not have.
std::string no_column_text(const std::string& column, const std::vector<std::string>& header);

}  // namespace weir
