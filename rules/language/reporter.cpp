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
  const std::size_t count = count_of(diagnostic.severity);
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

// Others add to the diagnostics too, and none is ever taken away.
std::size_t Reporter::count_of(Severity severity) {
  for (; counted_ < diagnostics_->size(); ++counted_) ++((*diagnostics_)[counted_].severity == Severity::error ? errors_ : warnings_);
  return severity == Severity::error ? errors_ : warnings_;
}

bool Reporter::is_full() {
  return count_of(Severity::error) > limits::diagnostics_max;
}

void Reporter::error(std::string_view code, SourceSpan span, std::string message, std::string label, std::vector<std::string> help) {
  add({std::string(code), Severity::error, std::move(message), file_, span, std::move(label), std::move(help)});
}

void Reporter::error_also(std::string_view code, SourceSpan span, std::string message, std::string label) {
  add({std::string(code), Severity::error, std::move(message), file_, span, std::move(label), {}}, true);
}

void Reporter::beyond_limit(std::string_view code, SourceSpan span, std::string message) {
  if (message == beyond_) return;
  beyond_ = message;
  // Another file's reporter may have told it.
  const auto tells = [&](const Diagnostic& one) { return one.code == code && one.message == message; };
  if (std::none_of(diagnostics_->begin(), diagnostics_->end(), tells)) error(code, span, std::move(message));
}

void Reporter::warning(std::string_view code, SourceSpan span, std::string message, std::string label, std::vector<std::string> help) {
  add({std::string(code), Severity::warning, std::move(message), file_, span, std::move(label), std::move(help)});
}

void Reporter::file_error(std::string_view code, std::string message, std::vector<std::string> help) {
  add({std::string(code), Severity::error, std::move(message), file_, {}, {}, std::move(help)});
}

std::string place_text(const SourceFile& file, SourceSpan span, Reporter& complains) {
  if (complains.is_full()) return {};
  const std::string line = std::to_string(line_column(file, span.begin).line);
  return file.path == complains.file().path ? "at line " + line : "at " + file.path + ":" + line;
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

std::vector<std::string> did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates, Reporter& complains) {
  return complains.is_full() ? std::vector<std::string>() : did_you_mean(name, candidates);
}

}  // namespace weir
