#include "rules/language/reporter.h"

#include <algorithm>
#include <utility>

#include "rules/language/limits.h"

namespace weir {

namespace {

constexpr std::size_t quoted_bytes_max = 60;

// Bytes of a sequence that begins at `at`, so that shortening never cuts a character.
bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace

void Reporter::add(Diagnostic diagnostic, bool also) {
  const auto same_severity = [&diagnostic](const Diagnostic& other) { return other.severity == diagnostic.severity; };
  const auto count = static_cast<std::size_t>(std::count_if(diagnostics_->begin(), diagnostics_->end(), same_severity));
  if (count > limits::diagnostics_max) return;
  if (count == limits::diagnostics_max) {
    Diagnostic last;
    last.code = "R0105";
    last.severity = diagnostic.severity;
    last.message =
        diagnostic.severity == Severity::error ? "too many errors: the rest is not shown" : "too many warnings: the rest is not shown";
    diagnostics_->push_back(std::move(last));
    return;
  }
  if (!also && !diagnostics_->empty()) {
    const Diagnostic& last = diagnostics_->back();
    if (last.severity == Severity::error && last.file == diagnostic.file && last.file != nullptr &&
        last.span.begin == diagnostic.span.begin && last.span.end == diagnostic.span.end && diagnostic.span.end > 0)
      return;
  }
  diagnostics_->push_back(std::move(diagnostic));
}

void Reporter::error(std::string_view code, SourceSpan span, std::string message, std::string label, std::vector<std::string> help) {
  add({std::string(code), Severity::error, std::move(message), file_, span, std::move(label), std::move(help)});
}

void Reporter::error_also(std::string_view code, SourceSpan span, std::string message, std::string label) {
  add({std::string(code), Severity::error, std::move(message), file_, span, std::move(label), {}}, true);
}

void Reporter::warning(std::string_view code, SourceSpan span, std::string message, std::string label, std::vector<std::string> help) {
  add({std::string(code), Severity::warning, std::move(message), file_, span, std::move(label), std::move(help)});
}

void Reporter::file_error(std::string_view code, std::string message, std::vector<std::string> help) {
  add({std::string(code), Severity::error, std::move(message), file_, {}, {}, std::move(help)});
}

std::string place_text(const SourceFile& file, SourceSpan span, const SourceFile& seen_from) {
  const std::string line = std::to_string(line_column(file, span.begin).line);
  return file.path == seen_from.path ? "at line " + line : "at " + file.path + ":" + line;
}

std::string in_backticks(std::string_view name) {
  std::string text = "`";
  if (name.size() <= quoted_bytes_max) {
    text += name;
  } else {
    std::size_t size = quoted_bytes_max;
    while (size > 0 && continues_character(name[size])) --size;
    text += name.substr(0, size);
    text += "...";
  }
  for (char& byte : text)
    if (static_cast<unsigned char>(byte) < 0x20) byte = ' ';
  text += '`';
  return text;
}

std::vector<std::string> did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates) {
  const std::string_view closest = closest_name(name, candidates);
  if (closest.empty()) return {};
  return {"did you mean " + in_backticks(closest) + "?"};
}

}  // namespace weir
