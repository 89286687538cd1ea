// A complaint about a file that a person wrote (config or rules): what is wrong, where, and what would mend it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

enum class Severity { error, warning };

// A stretch of one source file. Offsets are bytes; `begin == end` points between two characters.
struct SourceSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct SourceFile {
  std::string path;  // as the user gave it, so that an editor can jump to it
  std::string text;
};

// One-based line and column (columns count bytes).
struct LineColumn {
  std::size_t line = 1;
  std::size_t column = 1;
};
LineColumn line_column(const SourceFile& file, std::size_t offset);

struct Diagnostic {
  std::string code;  // "R0203" in rules, "C0104" in config
  Severity severity = Severity::error;
  std::string message;               // one sentence with the user's own names in backticks
  const SourceFile* file = nullptr;  // null: about no file in particular (for example a missing variable of the environment)
  SourceSpan span;
  std::string label;              // written after the carets; may be empty
  std::vector<std::string> help;  // "did you mean `x`?", one line each
};

using Diagnostics = std::vector<Diagnostic>;

bool has_errors(const Diagnostics& diagnostics);

// The text shown to people: `error[R0203]: ...`, `--> file:line:column`, excerpt, carets, help. Colour with ANSI codes when asked.
std::string render(const Diagnostic& diagnostic, bool colour);
// All of them in file order, a blank line between two, and a closing line that counts errors and warnings.
std::string render(const Diagnostics& diagnostics, bool colour);
// A JSON array of {code, severity, message, file, line, column, end_line, end_column, label, help}.
std::string render_json(const Diagnostics& diagnostics);

// The candidate closest to `name` by edit distance, or that begins with `name` and `_`, where one is close enough to suggest; otherwise
// empty.
std::string_view closest_name(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace weir
