// Reads a file line by line into batches of record views, without a copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "engine/base/result.h"
#include "engine/event/record.h"
#include "engine/ports/source.h"

namespace weir {

// A stretch of the file in memory, kept until every batch with views into it was given back. 64 readable bytes follow its capacity.
struct FileChunk {
  std::unique_ptr<char[]> bytes;
  std::size_t capacity = 0;
  std::size_t filled = 0;   // bytes read from the file
  std::size_t taken = 0;    // bytes that are lines of some batch already
  std::size_t scanned = 0;  // bytes that were searched for a line break
  std::uint32_t holders = 0;
};

struct FileBatch : RecordBatch {
  FileChunk* chunk = nullptr;  // where its records lie; a batch never spans two
  std::size_t bytes = 0;
};

// A record's offset is the number of its line, from 0. One thread.
class LineFile {
 public:
  static constexpr std::size_t chunk_bytes = std::size_t{256} * 1024;
  static constexpr std::size_t line_bytes_max = std::size_t{64} * 1024 * 1024;
  static constexpr std::size_t padding_bytes = 64;

  LineFile() = default;
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  Status open(const std::filesystem::path& path);

  enum class Progress {
    full,     // by the limits, or because the chunk came to its end: hand it over
    waiting,  // all that the file holds is in it, but for a last line without a line break
    failed,   // see error()
  };
  Progress append_lines(FileBatch& batch, const BatchLimits& limits);
  // At the end of the file: what stands behind the last line break is a line too.
  void append_last_line(FileBatch& batch);

  // From line 0 again. What is not handed over yet is lost, so give it back first.
  Status rewind();

  FileBatch* take_batch(ShardIndex shard, AssignmentEpoch epoch);
  void give_back(RecordBatch* batch);

  std::int64_t next_line() const { return next_line_; }
  const Error& error() const { return error_; }

 private:
  enum class Read { some, none, failed };

  bool append_scanned_lines(FileBatch& batch, const BatchLimits& limits);
  void append_record(FileBatch& batch, std::size_t size, std::size_t size_with_break);
  Read read_more();
  void begin_chunk();
  void drop(FileChunk* chunk);

  int file_ = -1;
  std::filesystem::path path_;
  std::int64_t bytes_read_ = 0;
  std::int64_t next_line_ = 0;
  FileChunk* current_ = nullptr;
  std::vector<std::unique_ptr<FileChunk>> chunks_;
  std::vector<FileChunk*> free_chunks_;
  std::vector<std::unique_ptr<FileBatch>> batches_;
  std::vector<FileBatch*> free_batches_;
  Error error_;
};

}  // namespace weir
