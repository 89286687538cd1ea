// Where the stages of the language complain: one file's diagnostics, bounded in number.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"

namespace weir {

// Errors at one place are reported once: what follows from an error already told is dropped. After limits::diagnostics_max errors, and as
// many warnings, the rest is swallowed, and one last line says so.
class Reporter {
 public:
  Reporter(const SourceFile& file, Diagnostics& diagnostics) : file_(&file), diagnostics_(&diagnostics) {}

  void error(std::string_view code, SourceSpan span, std::string message, std::string label = {}, std::vector<std::string> help = {});
  // An error that says something new about a place that was complained about already.
  void error_also(std::string_view code, SourceSpan span, std::string message, std::string label = {});
  // What a rule set has too much of is told once, at the first one too many.
  void beyond_limit(std::string_view code, SourceSpan span, std::string message);
  void warning(std::string_view code, SourceSpan span, std::string message, std::string label = {}, std::vector<std::string> help = {});
  // About the file as a whole.
  void file_error(std::string_view code, std::string message, std::vector<std::string> help = {});

  // Further errors are swallowed: what would only be said in one need not be worked out.
  bool is_full();

  const SourceFile& file() const { return *file_; }
  std::string_view text(SourceSpan span) const { return std::string_view(file_->text).substr(span.begin, span.end - span.begin); }

 private:
  void add(Diagnostic diagnostic, bool also = false);
  std::size_t count_of(Severity severity);

  const SourceFile* file_;
  Diagnostics* diagnostics_;
  std::string beyond_;       // the last limit that was told of
  std::size_t counted_ = 0;  // of `diagnostics_`, in the two below
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

// Where something stands that was declared earlier: "at line 12", or "at rules/base.rules:12" as seen from another file. Nothing when
// `complains` is full.
std::string place_text(const SourceFile& file, SourceSpan span, Reporter& complains);

// `name` in backticks, shortened where it is long.
std::string in_backticks(std::string_view name);

// "did you mean `x`?" for the closest candidate, with a place where it is given; nothing when none is close. The second is for names that a
// rule set may have by the thousand: nothing when `complains` is full.
std::vector<std::string> did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates);
std::vector<std::string> did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates, Reporter& complains);

}  // namespace weir
