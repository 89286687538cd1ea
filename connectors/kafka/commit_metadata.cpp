#include "connectors/kafka/commit_metadata.h"

#include <charconv>

namespace weir {
namespace {

constexpr std::string_view opening = "weir1 timestamp_ms=";
constexpr std::string_view lag = " lag_ms=";
constexpr std::string_view origin = " origin=";

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

bool take(std::string_view& text, std::int64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

std::string write_commit_metadata(const CommitMetadata& metadata) {
  std::string text(opening);
  text.append(std::to_string(metadata.timestamp_ms));
  text.append(lag).append(std::to_string(metadata.lag_ms_max));
  text.append(origin).append(std::to_string(metadata.origin));
  return text;
}

std::optional<CommitMetadata> read_commit_metadata(std::string_view text) {
  CommitMetadata metadata;
  if (!take(text, opening) || !take(text, metadata.timestamp_ms)) return {};
  if (!take(text, lag) || !take(text, metadata.lag_ms_max)) return {};
  if (!take(text, origin) || !take(text, metadata.origin)) return {};
  if (!text.empty() || metadata.timestamp_ms < -1 || metadata.lag_ms_max < 0 || metadata.origin < 0) return {};
  return metadata;
}

}  // namespace weir
