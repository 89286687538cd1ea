#include "engine/base/diagnostic.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <numeric>

#include "engine/base/counted.h"
#include "engine/base/utf8.h"

namespace weir {
namespace {

constexpr std::size_t excerpt_columns_max = 160;
constexpr std::size_t tab_columns = 4;
constexpr std::size_t suggested_name_bytes_max = 64;

constexpr std::string_view red = "\x1b[1;31m";
constexpr std::string_view yellow = "\x1b[1;33m";
constexpr std::string_view blue = "\x1b[1;34m";
constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view plain = "\x1b[0m";

std::string_view severity_name(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

// One line of a source, as it goes to a terminal: one cell a character, tabs widened, bytes that could steer the terminal made visible.
struct Cells {
  std::vector<std::string> texts;
  std::vector<std::size_t> begins;  // byte in the line at which each cell's character begins

  std::size_t at_byte(std::size_t byte) const {
    return static_cast<std::size_t>(std::lower_bound(begins.begin(), begins.end(), byte) - begins.begin());
  }
};

Cells cells_of(std::string_view line) {
  Cells cells;
  std::size_t at = 0;
  while (at < line.size()) {
    const std::size_t length = utf8_length(line.substr(at));
    const auto byte = static_cast<unsigned char>(line[at]);
    if (byte == '\t') {
      for (std::size_t column = 0; column < tab_columns; ++column) {
        cells.texts.emplace_back(" ");
        cells.begins.push_back(at);
      }
    } else {
      // C1 controls (U+0080 to U+009F) steer some terminals too.
      const bool control = byte < 0x20 || byte == 0x7F || (byte == 0xC2 && length == 2 && static_cast<unsigned char>(line[at + 1]) < 0xA0);
      cells.texts.emplace_back(length == 0 || control ? "\xEF\xBF\xBD" : std::string(line.substr(at, length)));
      cells.begins.push_back(at);
    }
    at += length == 0 ? 1 : length;
  }
  return cells;
}

// Names and values of the user's appear in messages: nothing of them may steer the terminal.
std::string visible(std::string_view text) {
  std::string out;
  for (const std::string& cell : cells_of(text).texts) out += cell;
  return out;
}

struct Line {
  std::size_t begin = 0;
  std::string_view text;
  bool cut_before = false;  // text of the line stands before `begin`, or behind `text`
  bool cut_behind = false;
};

Line line_around(const SourceFile& file, std::size_t offset) {
  const std::string_view text = file.text;
  offset = std::min(offset, text.size());
  const std::size_t newline = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  std::size_t end = text.find('\n', offset);
  if (end == std::string_view::npos) end = text.size();
  if (end > begin && text[end - 1] == '\r') --end;
  return {begin, text.substr(begin, end - begin)};
}

// What of the line can be shown around a span that begins at `offset`: a line may be a pasted list of megabytes.
Line shown_of(Line line, std::size_t offset) {
  constexpr std::size_t reach = std::size_t{8} * excerpt_columns_max;
  const auto inside_character = [&line](std::size_t at) { return (static_cast<unsigned char>(line.text[at]) & 0xC0U) == 0x80U; };
  const std::size_t middle = std::min(offset - line.begin, line.text.size());
  std::size_t end = std::min(line.text.size(), middle + reach);
  while (end < line.text.size() && end > middle && inside_character(end)) --end;
  std::size_t begin = middle > reach ? middle - reach : 0;
  while (begin > 0 && begin < middle && inside_character(begin)) ++begin;
  return {line.begin + begin, line.text.substr(begin, end - begin), begin > 0, end < line.text.size()};
}

std::string painted(std::string_view text, std::string_view paint, bool colour) {
  if (!colour) return std::string(text);
  return std::string(paint) + std::string(text) + std::string(plain);
}

// The excerpt and its carets, cut to a window around the span where the line is too long to show.
void append_excerpt(std::string& out, const Diagnostic& diagnostic, const std::string& number, bool colour) {
  const Line line = shown_of(line_around(*diagnostic.file, diagnostic.span.begin), diagnostic.span.begin);
  const Cells cells = cells_of(line.text);
  const std::size_t begin_byte = std::min(diagnostic.span.begin - line.begin, line.text.size());
  const std::size_t end_byte = std::min(std::max(diagnostic.span.end, diagnostic.span.begin) - line.begin, line.text.size());
  const std::size_t begin = cells.at_byte(begin_byte);
  const std::size_t end = std::max(cells.at_byte(end_byte), begin + 1);

  std::size_t from = 0;
  std::size_t to = cells.texts.size();
  if (to > excerpt_columns_max) {
    from = begin > excerpt_columns_max / 4 ? begin - excerpt_columns_max / 4 : 0;
    to = std::min(to, from + excerpt_columns_max);
  }
  std::string excerpt = from > 0 || line.cut_before ? "..." : "";
  std::string carets(excerpt.size() + (begin - from), ' ');
  for (std::size_t cell = from; cell < to; ++cell) excerpt += cells.texts[cell];
  if (to < cells.texts.size() || line.cut_behind) excerpt += "...";
  carets.append(std::max<std::size_t>(std::min(end, std::max(to, begin + 1)) - begin, 1), '^');
  if (!diagnostic.label.empty()) carets += " " + visible(diagnostic.label);

  const std::string gutter(number.size() + 1, ' ');
  while (!excerpt.empty() && excerpt.back() == ' ') excerpt.pop_back();
  out += gutter + painted("|", blue, colour) + "\n";
  out += painted(number + " |", blue, colour) + (excerpt.empty() ? "" : " " + excerpt) + "\n";
  const std::string_view paint = diagnostic.severity == Severity::error ? red : yellow;
  const std::size_t first_caret = carets.find('^');
  out +=
      gutter + painted("|", blue, colour) + " " + carets.substr(0, first_caret) + painted(carets.substr(first_caret), paint, colour) + "\n";
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_length(text.substr(at));
    const char character = text[at];
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (character == '"' || character == '\\') {
      out += '\\';
      out += character;
    } else if (character == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(character) < 0x20) {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(character)));
      out += escaped.data();
    } else {
      out += text.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  out += '"';
}

// Indices in file order: files as they first appear, then by position.
std::vector<std::size_t> file_order(const Diagnostics& diagnostics) {
  std::vector<const SourceFile*> files;
  std::vector<std::size_t> ranks;
  for (const Diagnostic& diagnostic : diagnostics) {
    const auto found = std::find(files.begin(), files.end(), diagnostic.file);
    ranks.push_back(static_cast<std::size_t>(found - files.begin()));
    if (found == files.end()) files.push_back(diagnostic.file);
  }
  std::vector<std::size_t> order(diagnostics.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (ranks[a] != ranks[b]) return ranks[a] < ranks[b];
    return diagnostics[a].file != nullptr && diagnostics[a].span.begin < diagnostics[b].span.begin;
  });
  return order;
}

// Compared without regard to case and to `-` against `_`: such a difference is always worth a suggestion.
char folded(char character) {
  if (character == '-') return '_';
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
}

// Optimal string alignment: insert, remove, replace, swap of two neighbours cost one each.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_previous(b.size() + 1);
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  std::iota(previous.begin(), previous.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = folded(a[i - 1]) == folded(b[j - 1]);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1]);
      if (swapped) current[j] = std::min(current[j], before_previous[j - 2] + 1);
    }
    std::swap(before_previous, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

LineColumn line_column(const SourceFile& file, std::size_t offset) {
  offset = std::min(offset, file.text.size());
  const auto end = file.text.begin() + static_cast<std::ptrdiff_t>(offset);
  const auto lines_before = static_cast<std::size_t>(std::count(file.text.begin(), end, '\n'));
  return {lines_before + 1, offset - line_around(file, offset).begin + 1};
}

bool has_errors(const Diagnostics& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& each) { return each.severity == Severity::error; });
}

std::string render(const Diagnostic& diagnostic, bool colour) {
  std::string heading(severity_name(diagnostic.severity));
  if (!diagnostic.code.empty()) heading += "[" + diagnostic.code + "]";
  std::string out = painted(heading, diagnostic.severity == Severity::error ? red : yellow, colour);
  out += painted(": " + visible(diagnostic.message), bold, colour) + "\n";
  std::string gutter = " ";
  if (diagnostic.file != nullptr) {
    const LineColumn at = line_column(*diagnostic.file, diagnostic.span.begin);
    const std::string number = std::to_string(at.line);
    gutter.assign(number.size() + 1, ' ');
    out += std::string(number.size(), ' ') + painted("-->", blue, colour) + " " + visible(diagnostic.file->path) + ":" + number + ":" +
           std::to_string(at.column) + "\n";
    append_excerpt(out, diagnostic, number, colour);
  } else if (!diagnostic.label.empty()) {
    out += gutter + painted("=", blue, colour) + " " + visible(diagnostic.label) + "\n";
  }
  for (const std::string& help : diagnostic.help)
    out += gutter + painted("=", blue, colour) + " " + painted("help", bold, colour) + ": " + visible(help) + "\n";
  return out;
}

std::string render(const Diagnostics& diagnostics, bool colour) {
  if (diagnostics.empty()) return {};
  std::string out;
  std::size_t errors = 0;
  for (const std::size_t index : file_order(diagnostics)) {
    out += render(diagnostics[index], colour) + "\n";
    errors += diagnostics[index].severity == Severity::error ? 1 : 0;
  }
  const std::size_t warnings = diagnostics.size() - errors;
  if (errors > 0) out += counted(errors, "error");
  if (errors > 0 && warnings > 0) out += ", ";
  if (warnings > 0) out += counted(warnings, "warning");
  return out + "\n";
}

std::string render_json(const Diagnostics& diagnostics) {
  std::string out = "[";
  for (const std::size_t index : file_order(diagnostics)) {
    const Diagnostic& diagnostic = diagnostics[index];
    out += out.size() == 1 ? "\n  {" : ",\n  {";
    const auto text = [&](std::string_view name, std::string_view value) {
      append_json_string(out, name);
      out += ": ";
      append_json_string(out, value);
      out += ", ";
    };
    text("code", diagnostic.code);
    text("severity", severity_name(diagnostic.severity));
    text("message", diagnostic.message);
    if (diagnostic.file != nullptr) {
      const LineColumn begin = line_column(*diagnostic.file, diagnostic.span.begin);
      const LineColumn end = line_column(*diagnostic.file, std::max(diagnostic.span.end, diagnostic.span.begin));
      text("file", diagnostic.file->path);
      out += "\"line\": " + std::to_string(begin.line) + ", \"column\": " + std::to_string(begin.column) +
             ", \"end_line\": " + std::to_string(end.line) + ", \"end_column\": " + std::to_string(end.column) + ", ";
    } else {
      out += "\"file\": null, \"line\": null, \"column\": null, \"end_line\": null, \"end_column\": null, ";
    }
    text("label", diagnostic.label);
    out += "\"help\": [";
    for (const std::string& help : diagnostic.help) {
      if (&help != &diagnostic.help.front()) out += ", ";
      append_json_string(out, help);
    }
    out += "]}";
  }
  return out + (diagnostics.empty() ? "]\n" : "\n]\n");
}

std::string_view closest_name(std::string_view name, const std::vector<std::string_view>& candidates) {
  if (name.empty() || name.size() > suggested_name_bytes_max) return {};
  std::string_view best;
  std::size_t best_distance = 0;
  constexpr std::size_t beginning_bytes_min = 3;
  for (const std::string_view candidate : candidates) {
    if (candidate.empty() || candidate.size() > suggested_name_bytes_max) continue;
    // Half a name: `card` for `card_id`. As good as one letter that is wrong.
    if (name.size() >= beginning_bytes_min && candidate.size() > name.size() && candidate.starts_with(name) &&
        candidate[name.size()] == '_') {
      if (best.empty() || best_distance > 1) {
        best = candidate;
        best_distance = 1;
      }
      continue;
    }
    const std::size_t longer = std::max(name.size(), candidate.size());
    const std::size_t shorter = std::min(name.size(), candidate.size());
    const std::size_t allowed = std::max<std::size_t>(longer / 3, 1);
    if (longer - shorter > allowed) continue;
    const std::size_t distance = edit_distance(name, candidate);
    if (distance > allowed || distance >= shorter) continue;
    if (best.empty() || distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace weir
