#include "connectors/file/line_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include <sys/stat.h>

namespace weir {

LineFile::~LineFile() {
  if (file_ >= 0) ::close(file_);
}

Status LineFile::open(const std::filesystem::path& path) {
  path_ = path;
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0) return Error{ErrorKind::configuration, "cannot open `" + path.string() + "` for reading: " + std::strerror(errno)};
  struct stat status {};
  if (fstat(file_, &status) == 0 && S_ISDIR(status.st_mode))
    return Error{ErrorKind::configuration, "cannot read `" + path.string() + "`: it is a folder; name a file of JSON lines"};
  posix_fadvise(file_, 0, 0, POSIX_FADV_SEQUENTIAL);
  begin_chunk();
  return success();
}

Status LineFile::rewind() {
  if (::lseek(file_, 0, SEEK_SET) < 0)
    return Error{ErrorKind::fatal, "cannot read `" + path_.string() + "` from its beginning again: " + std::strerror(errno)};
  bytes_read_ = 0;
  next_line_ = 0;
  current_->taken = current_->filled;
  begin_chunk();
  return success();
}

LineFile::Progress LineFile::append_lines(FileBatch& batch, const BatchLimits& limits) {
  while (true) {
    if (batch.chunk != nullptr && batch.chunk != current_) return Progress::full;
    if (append_scanned_lines(batch, limits)) return Progress::full;
    if (current_->filled == current_->capacity) {
      if (current_->filled - current_->taken >= line_bytes_max) {
        error_ = {ErrorKind::fatal,
                  "`" + path_.string() + "`, line " + std::to_string(next_line_ + 1) + ": longer than 64 MiB; split or remove it"};
        return Progress::failed;
      }
      begin_chunk();
      if (batch.chunk != nullptr) return Progress::full;
    }
    switch (read_more()) {
      case Read::some:
        break;
      case Read::none:
        return Progress::waiting;
      case Read::failed:
        return Progress::failed;
    }
  }
}

void LineFile::append_last_line(FileBatch& batch) {
  const std::size_t size = current_->filled - current_->taken;
  if (size > 0) append_record(batch, size, size);
}

// True when the batch is full.
bool LineFile::append_scanned_lines(FileBatch& batch, const BatchLimits& limits) {
  while (batch.records.size() < limits.records_max && (batch.bytes < limits.bytes_max || batch.records.empty())) {
    const char* const from = current_->bytes.get() + current_->scanned;
    const auto* line_break = static_cast<const char*>(std::memchr(from, '\n', current_->filled - current_->scanned));
    if (line_break == nullptr) {
      current_->scanned = current_->filled;
      return false;
    }
    const auto end = static_cast<std::size_t>(line_break - current_->bytes.get());
    append_record(batch, end - current_->taken, end + 1 - current_->taken);
  }
  return true;
}

void LineFile::append_record(FileBatch& batch, std::size_t size, std::size_t size_with_break) {
  if (batch.chunk == nullptr) {
    batch.chunk = current_;
    ++current_->holders;
  }
  RecordView record;
  record.value = {current_->bytes.get() + current_->taken, size};
  record.has_value = true;
  record.offset = next_line_++;
  batch.records.push_back(record);
  batch.bytes += size;
  current_->taken += size_with_break;
  current_->scanned = current_->taken;
}

LineFile::Read LineFile::read_more() {
  ssize_t got = 0;
  do {
    got = ::read(file_, current_->bytes.get() + current_->filled, current_->capacity - current_->filled);
  } while (got < 0 && errno == EINTR);
  if (got > 0) {
    current_->filled += static_cast<std::size_t>(got);
    bytes_read_ += got;
    return Read::some;
  }
  if (got < 0) {
    error_ = {ErrorKind::fatal, "cannot read `" + path_.string() + "`: " + std::strerror(errno)};
    return Read::failed;
  }
  struct stat status {};
  if (fstat(file_, &status) == 0 && S_ISREG(status.st_mode) && status.st_size < bytes_read_) {
    error_ = {ErrorKind::fatal, "`" + path_.string() + "` became shorter while it was read; lines can only be appended to it"};
    return Read::failed;
  }
  return Read::none;
}

// The next chunk begins with the unfinished line of the one before.
void LineFile::begin_chunk() {
  FileChunk* const before = current_;
  const std::size_t unfinished = before == nullptr ? 0 : before->filled - before->taken;
  const std::size_t capacity = std::max(chunk_bytes, unfinished * 2);
  FileChunk* next = nullptr;
  if (capacity == chunk_bytes && !free_chunks_.empty()) {
    next = free_chunks_.back();
    free_chunks_.pop_back();
  } else {
    chunks_.push_back(std::make_unique<FileChunk>());
    next = chunks_.back().get();
    next->bytes.reset(new char[capacity + padding_bytes]);
    next->capacity = capacity;
  }
  next->filled = unfinished;
  next->taken = 0;
  next->scanned = unfinished;
  if (unfinished > 0) std::memcpy(next->bytes.get(), before->bytes.get() + before->taken, unfinished);
  current_ = next;
  if (before != nullptr && before->holders == 0) drop(before);
}

void LineFile::drop(FileChunk* chunk) {
  if (chunk->capacity == chunk_bytes) {
    free_chunks_.push_back(chunk);
    return;
  }
  std::erase_if(chunks_, [chunk](const std::unique_ptr<FileChunk>& owned) { return owned.get() == chunk; });
}

FileBatch* LineFile::take_batch(ShardIndex shard, AssignmentEpoch epoch) {
  if (free_batches_.empty()) {
    batches_.push_back(std::make_unique<FileBatch>());
    free_batches_.push_back(batches_.back().get());
  }
  FileBatch* batch = free_batches_.back();
  free_batches_.pop_back();
  batch->shard = shard;
  batch->epoch = epoch;
  return batch;
}

void LineFile::give_back(RecordBatch* batch) {
  auto* mine = static_cast<FileBatch*>(batch);
  FileChunk* const chunk = mine->chunk;
  if (chunk != nullptr && --chunk->holders == 0 && chunk != current_) drop(chunk);
  mine->chunk = nullptr;
  mine->bytes = 0;
  mine->records.clear();
  mine->end_of_shard = false;
  free_batches_.push_back(mine);
}

}  // namespace weir
