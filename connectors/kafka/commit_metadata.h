// What a commit says beside the offset: enough to find, after a restart, where the windows' history begins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

// Format, version 1, ASCII without NUL: "weir1 timestamp_ms=1700000000000 lag_ms=2500 origin=1000".
struct CommitMetadata {
  std::int64_t timestamp_ms = -1;  // the broker's, of the newest acknowledged record; -1: none since `origin`
  std::int64_t lag_ms_max = 0;     // the largest (broker's timestamp - event time) seen
  // Where the group first began in this shard, with empty windows. A replay never reaches further back: it would see more than the run did.
  std::int64_t origin = 0;
};

std::string write_commit_metadata(const CommitMetadata& metadata);
// Empty for anything that is not exactly this format: another version, another program's, nothing.
std::optional<CommitMetadata> read_commit_metadata(std::string_view text);

}  // namespace weir
