#include "rules/language/lookup_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <utility>
#include <xxhash.h>

#include "engine/base/byte_buffer.h"
#include "engine/base/json_text.h"
#include "engine/base/utf8.h"
#include "rules/language/csv_reader.h"
#include "rules/language/limits.h"
#include "rules/language/reporter.h"
#include "rules/language/time_literal.h"
#include "rules/language/typed_value.h"
#include "rules/language/value_set.h"

namespace weir {

namespace {

constexpr std::size_t problems_max = 10;

std::string digest_of(const std::string& text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  ByteBuffer digits;
  append_hex(digits, hash.high64);
  append_hex(digits, hash.low64);
  return std::string(digits.view());
}

class LookupReader {
 public:
  LookupReader(const LookupShape& shape, std::vector<ListProblem>& problems) : shape_(shape), problems_(problems) {
    for (const LookupColumnSpec& spec : shape.columns) {
      columns_.emplace_back();
      columns_.back().spec = spec;
      words_.emplace_back();
    }
  }

  std::shared_ptr<const LookupTable> read(const std::string& text) {
    std::string_view content = text;
    if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
    CsvReader reader(content);
    std::vector<std::string> cells;
    if (!reader.next(cells)) {
      if (reader.broken().empty())
        complain("R0603", 0, "the file is empty: a CSV file begins with the names of its columns");
      else
        complain("R0603", reader.line(), reader.broken());
      return nullptr;
    }
    header(cells);
    if (!problems_.empty()) return nullptr;
    width_ = cells.size();
    while (problems_.size() < problems_max && reader.next(cells)) {
      if (cells.size() == 1 && cells[0].empty()) continue;
      if (lines_.size() >= limits::lookup_rows_max) {
        complain("R0604", reader.line(), "a lookup has at most " + std::to_string(limits::lookup_rows_max) + " rows");
        break;
      }
      row(cells, reader.line());
    }
    if (!reader.broken().empty()) complain("R0603", reader.line(), reader.broken());
    if (!problems_.empty()) return nullptr;
    return finish(digest_of(text));
  }

 private:
  void complain(std::string_view code, std::size_t line, std::string message) {
    if (problems_.size() < problems_max) problems_.push_back({code, line, std::move(message)});
  }

  std::size_t find_column(const std::vector<std::string>& header, const std::string& name) {
    const auto found = std::find(header.begin(), header.end(), name);
    if (found == header.end()) complain("R0603", 1, no_column_text(name, header));
    return static_cast<std::size_t>(found - header.begin());
  }

  void header(const std::vector<std::string>& cells) {
    first_at_ = find_column(cells, shape_.first);
    if (!shape_.last.empty()) last_at_ = find_column(cells, shape_.last);
    for (const LookupColumnSpec& column : shape_.columns) at_.push_back(find_column(cells, column.name));
  }

  void row(const std::vector<std::string>& cells, std::size_t line) {
    if (cells.size() != width_) {
      complain("R0603", line,
               "this line has " + std::to_string(cells.size()) + (cells.size() == 1 ? " cell, the first one " : " cells, the first one ") +
                   std::to_string(width_));
      return;
    }
    lines_.push_back(line);
    const bool keyed = shape_.key_type == ValueType::string ? text_key(cells, line)
                       : shape_.key_type == ValueType::ip   ? address_key(cells, line)
                                                            : integer_key(cells, line);
    if (!keyed) return;
    for (std::size_t index = 0; index < columns_.size(); ++index) value(index, cells[at_[index]], line);
  }

  bool integer_key(const std::vector<std::string>& cells, std::size_t line) {
    const auto first = key_integer(shape_.first, cells[first_at_], line);
    if (!first) return false;
    keys_.first_integers.push_back(*first);
    if (shape_.last.empty()) return true;
    const auto last = key_integer(shape_.last, cells[last_at_], line);
    if (!last) return false;
    keys_.last_integers.push_back(*last);
    if (*last < *first) complain("R0606", line, "the range ends before it begins");
    return *first <= *last;
  }

  std::optional<std::int64_t> key_integer(const std::string& column, const std::string& cell, std::size_t line) {
    const auto number = read_integer(cell, ValueType::integer, 0);
    if (!number) complain("R0602", line, in_backticks(column) + ": " + in_backticks(cell) + " is not an int");
    return number;
  }

  // A network in one column, or a range's first and last address.
  bool address_key(const std::vector<std::string>& cells, std::size_t line) {
    const std::optional<IpNetwork> first = key_network(shape_.first, cells[first_at_], line);
    if (!first) return false;
    const std::optional<IpNetwork> last = shape_.last.empty() ? first : key_network(shape_.last, cells[last_at_], line);
    if (!last) return false;
    keys_.first_addresses.push_back(first->first);
    keys_.last_addresses.push_back(last->last);
    const bool backwards = last->last < first->first;
    if (backwards) complain("R0606", line, "the range ends before it begins");
    const IpAddress ipv4_first = IpAddress::of_ipv4(0);
    const IpAddress ipv4_last = IpAddress::of_ipv4(0xffff'ffff);
    const bool apart = last->last < ipv4_first || ipv4_last < first->first || (first->first.is_ipv4() && last->last.is_ipv4());
    if (!backwards && !apart) complain("R0606", line, "the range holds addresses of IPv4 and of IPv6");
    return !backwards && apart;
  }

  std::optional<IpNetwork> key_network(const std::string& column, const std::string& cell, std::size_t line) {
    const std::optional<IpNetwork> network = parse_ip_network(cell);
    const bool fits = network && (shape_.last.empty() || network->first == network->last);
    if (fits) return network;
    complain("R0602", line,
             in_backticks(column) + ": " + in_backticks(cell) + " is not an IP address" + (shape_.last.empty() ? " or network" : ""));
    return std::nullopt;
  }

  bool text_key(const std::vector<std::string>& cells, std::size_t line) {
    const bool ranged = !shape_.last.empty();
    const std::string& first = cells[first_at_];
    const std::string& last = cells[ranged ? last_at_ : first_at_];
    if (!fits_text(shape_.first, first, line) || (ranged && !fits_text(shape_.last, last, line))) return false;
    if (first.empty() || last.empty()) {
      complain("R0602", line, "the key " + in_backticks(first.empty() ? shape_.first : shape_.last) + " is empty");
      return false;
    }
    keys_.first_texts.push_back(first);
    if (!ranged) return true;
    keys_.last_texts.push_back(last);
    const std::size_t wanted = keys_.first_texts.front().size();
    if (first.size() != wanted || last.size() != wanted) {
      complain("R0606", line, "all texts of a range have the same length, here " + std::to_string(wanted) + " bytes as on the first row");
    } else if (last < first) {
      complain("R0606", line, "the range ends before it begins");
    } else {
      return true;
    }
    return false;
  }

  bool fits_text(const std::string& column, const std::string& cell, std::size_t line) {
    if (cell.size() > limits::string_bytes_max)
      complain("R0602", line, in_backticks(column) + " has at most " + std::to_string(limits::string_bytes_max) + " bytes");
    else if (!is_utf8(cell))
      complain("R0602", line, in_backticks(column) + " is not valid UTF-8");
    else
      return true;
    return false;
  }

  void value(std::size_t index, const std::string& cell, std::size_t line) {
    LookupColumn& column = columns_[index];
    const LookupColumnSpec& spec = column.spec;
    const bool present = !cell.empty();
    if (!present && !spec.optional)
      return complain("R0602", line, in_backticks(spec.name) + " is empty: declare it with `?` when it may be missing");
    if (spec.optional) column.present.push_back(present ? 1 : 0);
    if (!add(index, cell, present, line))
      complain("R0602", line,
               in_backticks(spec.name) + ": " + in_backticks(cell) + " is not " + with_article(type_text(spec.type, spec.scale)));
  }

  // A missing value has a place in its vector all the same.
  bool add(std::size_t index, const std::string& cell, bool present, std::size_t line) {
    LookupColumn& column = columns_[index];
    switch (column.spec.type) {
      case ValueType::boolean:
        column.booleans.push_back(cell == "true" ? 1 : 0);
        return !present || cell == "true" || cell == "false";
      case ValueType::string:
        if (!fits_text(column.spec.name, cell, line)) return true;
        column.words.push_back(word(index, cell));
        return true;
      case ValueType::floating: {
        double number = 0;
        const auto [end, failure] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
        column.floats.push_back(number);
        return !present || (failure == std::errc{} && end == cell.data() + cell.size() && std::isfinite(number));
      }
      default: {
        const auto number = column.spec.type == ValueType::timestamp ? parse_timestamp_literal(cell)
                                                                     : read_integer(cell, column.spec.type, column.spec.scale);
        column.integers.push_back(present ? number.value_or(0) : 0);
        return !present || number.has_value();
      }
    }
  }

  std::uint32_t word(std::size_t index, const std::string& cell) {
    LookupColumn& column = columns_[index];
    const auto [at, added] = words_[index].try_emplace(cell, static_cast<std::uint32_t>(column.dictionary.size()));
    if (added) column.dictionary.push_back(cell);
    return at->second;
  }

  std::shared_ptr<const LookupTable> finish(std::string digest) {
    std::vector<LookupConflict> conflicts;
    auto table =
        std::make_shared<const LookupTable>(shape_, std::move(keys_), std::move(columns_), std::move(digest), conflicts, problems_max);
    for (const LookupConflict& conflict : conflicts)
      complain("R0606", lines_[conflict.row],
               std::string(shape_.is_ranged() ? "the range of this line overlaps the one" : "the key of this line stands") + " on line " +
                   std::to_string(lines_[conflict.earlier]) + (shape_.is_ranged() ? "" : " already"));
    return conflicts.empty() ? table : nullptr;
  }

  const LookupShape& shape_;
  std::vector<ListProblem>& problems_;
  std::size_t width_ = 0;
  std::size_t first_at_ = 0;
  std::size_t last_at_ = 0;
  std::vector<std::size_t> at_;     // by column: its place in a line
  std::vector<std::size_t> lines_;  // by row
  LookupKeys keys_;
  std::vector<LookupColumn> columns_;
  std::vector<std::unordered_map<std::string, std::uint32_t>> words_;  // by column: what its dictionary has
};

}  // namespace

std::shared_ptr<const LookupTable> read_lookup_file(const std::string& path, const LookupShape& shape, std::vector<ListProblem>& problems) {
  const std::optional<std::string> text = read_list_text(path, problems);
  return text ? LookupReader(shape, problems).read(*text) : nullptr;
}

}  // namespace weir
