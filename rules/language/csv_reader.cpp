#include "rules/language/csv_reader.h"

#include "rules/language/limits.h"
#include "rules/language/reporter.h"

namespace weir {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

bool CsvReader::next(std::vector<std::string>& cells) {
  cells.clear();
  if (at_ >= text_.size()) return false;
  first_line_ = line_;
  while (true) {
    if (cells.size() == limits::csv_cells_max) {
      broken_ = "a line has at most " + std::to_string(limits::csv_cells_max) + " cells";
      at_ = text_.size();
      return false;
    }
    cells.push_back(cell());
    if (at_ >= text_.size()) return true;
    const char end = text_[at_++];
    if (end == ',') continue;
    ++line_;
    return true;
  }
}

std::string CsvReader::cell() {
  std::string value;
  const std::size_t first = text_.find_first_not_of(" \t", at_);
  if (first != std::string_view::npos && text_[first] == '"') {
    at_ = first;
    quoted_part(value);
  }
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n') ++at_;
  value += trimmed(text_.substr(begin, at_ - begin));
  return value;
}

void CsvReader::quoted_part(std::string& value) {
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] == '\n') ++line_;
    if (text_[at_] != '"') {
      value += text_[at_];
    } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
      value += '"';
      ++at_;
    } else {
      ++at_;
      return;
    }
  }
  broken_ = "a quote is not closed";
}

std::string no_column_text(const std::string& column, const std::vector<std::string>& header) {
  std::string all;
  for (const std::string& each : header) all += (all.empty() ? "" : ", ") + in_backticks(each);
  const std::string text = "there is no column " + in_backticks(column) + "; the columns are " + all.substr(0, 300);
  const bool other_mark = header.size() == 1 && header[0].find_first_of(";\t") != std::string::npos;
  return other_mark ? text + ": what separates them is a comma, not `;` or a tab" : text;
}

}  // namespace weir
