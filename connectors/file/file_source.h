// The file source: one file of JSON lines is one shard; a record's offset is the number of its line, from 0.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "connectors/file/file_settings.h"
#include "connectors/file/line_file.h"
#include "engine/base/position_file.h"
#include "engine/base/wake_signal.h"
#include "engine/event/shard_numbers.h"
#include "engine/ports/source.h"

namespace weir {

// What the lane's reader and the control thread tell each other.
struct FileShardLink {
  std::atomic<bool> assigned{false};
  // Of the assignment, set before it.
  std::atomic<AssignmentEpoch> epoch{1};
  std::atomic<std::int64_t> live_from{0};
  std::atomic<std::int64_t> lines{-1};  // of the whole file, once its end was handed over
  WakeSignal control;
  std::string position_path;  // for people
  std::mutex failure_mutex;
  std::optional<Error> failure;

  void fail(const Error& error);
  std::optional<Error> take_failure();
};

// The reader of lane 0. Other lanes of the service get one that never has anything.
class FileLaneReader final : public LaneReader {
 public:
  FileLaneReader(LineFile* file, FileShardLink& link, const BatchLimits& limits, bool follow, ShardIndex shard);

  RecordBatch* poll(std::chrono::microseconds wait) override;
  void release(RecordBatch* batch) override;
  void pause(ShardIndex shard) override;
  void resume(ShardIndex shard) override;
  void wake() noexcept override;

 private:
  using Clock = std::chrono::steady_clock;

  // A batch that is to be handed over now, or null.
  RecordBatch* next(Clock::time_point now);
  void begin_anew(AssignmentEpoch epoch);
  RecordBatch* hand_over();
  RecordBatch* end();
  void fail_as_cut();

  LineFile* file_;  // null: this lane reads nothing
  FileShardLink& link_;
  BatchLimits limits_;
  bool follow_;
  ShardIndex shard_;
  AssignmentEpoch epoch_ = 1;
  bool paused_ = false;
  bool ended_ = false;
  FileBatch* filling_ = nullptr;
  Clock::time_point window_end_;
  WakeSignal signal_;
};

// The shard is named after the file without its folder, so that ids do not depend on where the file lies.
// Reads from line 0 on every start: lines below the committed one rebuild windows mute. Positions are kept in a small file, so the file
// that is read may only grow: one that begins with another line, or is shorter than what was committed, is refused. Ends the shard at the
// end of the file unless `follow`; then a last line counts once its line break is there.
class FileSource final : public Source {
 public:
  static constexpr std::chrono::milliseconds commit_interval{100};

  // `position_path`: where the position is kept; its folder is made where missing.
  FileSource(std::string name, FileSourceSettings settings, const BatchLimits& limits, std::filesystem::path position_path,
             ShardNumbers& shards);
  ~FileSource() override;

  Status start(ShardOwner& owner, LaneIndex lanes) override;
  LaneReader& reader(LaneIndex lane) override;
  SourceLag lag() const override;
  bool finished() const override;
  void stop(std::chrono::steady_clock::time_point deadline) override;

 private:
  void run();
  void assign();
  void begin_anew();
  void commit(const ShardPosition& position);

  FileSourceSettings settings_;
  BatchLimits limits_;
  PositionFile position_file_;
  ShardName shard_name_;
  ShardIndex shard_;
  ShardOwner* owner_ = nullptr;
  LineFile file_;
  FileShardLink link_;
  std::vector<std::unique_ptr<FileLaneReader>> readers_;
  std::atomic<std::int64_t> committed_{0};
  std::int64_t beginning_ = -1;  // mark of the file's first line, once one was committed; -1 before
  std::atomic<bool> stopping_{false};
  std::chrono::steady_clock::time_point deadline_;
  std::thread control_;
};

}  // namespace weir
