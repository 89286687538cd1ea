// Which version of the rule set decides which offsets of each shard, durable before the first event that it decides. Format: FORMAT.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "engine/base/result.h"
#include "engine/event/record.h"

namespace weir {

// From `offset` on, records are decided by `version`, up to where the next epoch begins.
struct Epoch {
  std::uint64_t version = 0;
  std::int64_t offset = 0;

  bool operator==(const Epoch&) const = default;
};

struct ShardEpoch {
  ShardName shard;
  Epoch epoch;
};

// No record at or beyond `offset` was decided before a bound above it was durable. What lies below `decided` was, if it is known.
struct ShardBound {
  ShardName shard;
  std::int64_t offset = 0;
  std::int64_t decided = -1;
};

// What the service put in force last, and a digest of the files on disk that were there then: a rollback differs from the files.
struct ActiveVersion {
  std::uint64_t version = 0;
  std::string files_digest;

  bool operator==(const ActiveVersion&) const = default;
};

struct EpochChanges {
  std::vector<ShardEpoch> epochs;
  std::vector<ShardBound> bounds;
  std::optional<ActiveVersion> active;
};

// Any thread; writers take turns. Never called by a lane.
class EpochLog {
 public:
  // Cuts off what a crash left behind an append. Fatal where a record in the middle is damaged: which set decided a record is not guessed.
  static Result<std::unique_ptr<EpochLog>> open(const std::filesystem::path& path);
  ~EpochLog();
  EpochLog(const EpochLog&) = delete;
  EpochLog& operator=(const EpochLog&) = delete;

  // All or nothing, durable when it returns. After an error nothing of it is in the log.
  // An epoch replaces those of its shard that begin at its offset or beyond: nothing was decided there yet.
  Status append(const EpochChanges& changes);

  // Ascending; the first one stands for everything before it too. Empty for a shard that was never seen.
  std::vector<Epoch> epochs(const ShardName& shard) const;
  std::optional<std::int64_t> bound(const ShardName& shard) const;
  // Records up to there have been decided at least; -1: none that is known of.
  std::int64_t decided(const ShardName& shard) const;
  std::optional<ActiveVersion> active() const;
  std::set<std::uint64_t> versions_in_use() const;

  // Epochs of the shard that ended at or before `offset` will not be asked for again; they leave with the next compaction.
  void forget_before(const ShardName& shard, std::int64_t offset);

  std::uint64_t records() const;  // in the file

 private:
  using ShardKey = std::tuple<std::string, std::string, std::int32_t>;
  struct ShardHistory {
    std::vector<Epoch> epochs;
    std::optional<std::int64_t> bound;
    std::int64_t decided = -1;
  };
  struct Content {
    std::map<ShardKey, ShardHistory> shards;
    std::optional<ActiveVersion> active;
  };

  explicit EpochLog(std::filesystem::path path) : path_(std::move(path)) {}

  static std::string line_of(std::string body);
  static bool apply(std::string_view line, Content& content);
  static std::string text_of(const EpochChanges& changes, std::uint64_t& records);
  static std::string whole_text(const Content& content, std::uint64_t& records);
  Status load();
  Status rewrite(const Content& content);
  Status reopen();

  std::filesystem::path path_;
  mutable std::mutex mutex_;
  Content content_;
  int file_ = -1;
  bool doubtful_ = false;  // the file may hold more than `content_`: it is rewritten before anything else
  std::uint64_t records_ = 0;
};

}  // namespace weir
