#include "rules/language/list_reader.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "engine/base/utf8.h"
#include "rules/language/csv_reader.h"
#include "rules/language/limits.h"
#include "rules/language/reporter.h"

namespace weir {

namespace {

constexpr std::size_t problems_max = 10;

// ASCII alone: most entries are, and need no closer look.
bool is_plain(std::string_view text) {
  std::uint64_t all = 0;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    all |= word;
  }
  for (const char byte : text) all |= static_cast<std::uint8_t>(byte);
  return (all & 0x8080808080808080) == 0;
}

class ListReader {
 public:
  ListReader(ValueSetBuilder& set, std::vector<ListProblem>& problems) : set_(set), problems_(problems) {}

  void read_lines(std::string_view text) {
    std::size_t line = 0;
    while (!text.empty() && !full()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      ++line;
      const std::string_view entry = trimmed(text.substr(0, end));
      if (!entry.empty() && entry[0] != '#') add(entry, line);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  void read_csv(std::string_view text, const std::string& column) {
    CsvReader reader(text);
    std::vector<std::string> cells;
    if (!reader.next(cells)) {
      if (reader.broken().empty()) return complain("R0603", 0, "the file is empty: a CSV file begins with the names of its columns");
      return complain("R0603", reader.line(), reader.broken());
    }
    const auto found = std::find(cells.begin(), cells.end(), column);
    if (found == cells.end()) {
      return complain("R0603", 1, no_column_text(column, cells));
    }
    const auto wanted = static_cast<std::size_t>(found - cells.begin());
    const std::size_t width = cells.size();
    while (!full() && reader.next(cells)) {
      if (cells.size() == 1 && cells[0].empty()) continue;
      if (cells.size() != width) {
        complain("R0603", reader.line(),
                 "this line has " + std::to_string(cells.size()) +
                     (cells.size() == 1 ? " cell, the first one " : " cells, the first one ") + std::to_string(width));
      } else if (!cells[wanted].empty()) {
        add(cells[wanted], reader.line());
      }
    }
    if (!reader.broken().empty()) complain("R0603", reader.line(), reader.broken());
  }

 private:
  bool full() const { return stopped_ || problems_.size() >= problems_max; }

  void complain(std::string_view code, std::size_t line, std::string message) {
    if (!full()) problems_.push_back({code, line, std::move(message)});
  }

  void add(std::string_view entry, std::size_t line) {
    if (set_.count() >= limits::list_entries_max) {
      complain("R0604", line, "a list has at most " + std::to_string(limits::list_entries_max) + " entries");
      stopped_ = true;
      return;
    }
    if (entry.size() > limits::string_bytes_max)
      return complain("R0602", line, "an entry has at most " + std::to_string(limits::string_bytes_max) + " bytes");
    if (!is_plain(entry) && !is_utf8(entry)) return complain("R0602", line, "this entry is not valid UTF-8");
    if (!set_.add(entry)) complain("R0602", line, in_backticks(entry) + " is not " + wanted());
  }

  std::string wanted() const {
    if (set_.type() == ValueType::integer) return "an int";
    if (set_.type() == ValueType::ip) return "an IP address or network";
    return "a decimal with " + std::to_string(set_.scale()) + " digits after the point";
  }

  ValueSetBuilder& set_;
  std::vector<ListProblem>& problems_;
  bool stopped_ = false;
};

}  // namespace

std::optional<std::string> read_list_text(const std::string& path, std::vector<ListProblem>& problems) {
  std::error_code failure;
  const std::filesystem::file_status status = std::filesystem::status(path, failure);
  if (!std::filesystem::exists(status)) {
    problems.push_back({"R0601", 0, "there is no such file"});
    return std::nullopt;
  }
  if (!std::filesystem::is_regular_file(status)) {
    problems.push_back({"R0601", 0, "this is not a file"});
    return std::nullopt;
  }
  const std::uintmax_t size = std::filesystem::file_size(path, failure);
  if (failure || size > limits::list_file_bytes_max) {
    problems.push_back({"R0604", 0, "the file has more than " + std::to_string(limits::list_file_bytes_max) + " bytes"});
    return std::nullopt;
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(size))) {
    problems.push_back({"R0601", 0, "the file cannot be read"});
    return std::nullopt;
  }
  return text;
}

std::optional<ValueSet> read_list_file(const std::string& path, const std::string& column, ValueType type, int scale,
                                       std::vector<ListProblem>& problems) {
  const std::size_t before = problems.size();
  const std::optional<std::string> text = read_list_text(path, problems);
  if (!text) return std::nullopt;
  std::string_view content = *text;
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  ValueSetBuilder set(type, scale);
  set.expect_text_bytes(content.size() + 1);
  ListReader reader(set, problems);
  if (column.empty()) {
    reader.read_lines(content);
  } else {
    reader.read_csv(content, column);
  }
  if (problems.size() > before) return std::nullopt;
  return set.finish();
}

}  // namespace weir
