#include "connectors/file/file_source.h"

#include <algorithm>
#include <fstream>
#include <pthread.h>

namespace weir {
namespace {

constexpr std::chrono::milliseconds follow_interval{20};
constexpr std::chrono::milliseconds anew_timeout{5'000};  // for outputs to be acknowledged, before the file is read again
constexpr std::size_t first_line_bytes_max = 4'096;

// Tells texts apart. FNV-1a; the sign bit is dropped.
std::int64_t mark_of(std::string_view text) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325U;
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x0000'0100'0000'01b3U;
  return static_cast<std::int64_t>(hash >> 1);
}

// Of the first line, or of so much of it: the part of a file that only grows which is there from the beginning. 0 for pipes and the like,
// which can be read only once.
std::int64_t beginning_mark(const std::filesystem::path& path) {
  if (std::error_code none; !std::filesystem::is_regular_file(path, none)) return 0;
  std::string text(first_line_bytes_max, '\0');
  std::ifstream stream(path, std::ios::binary);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  return mark_of(std::string_view(text).substr(0, text.find('\n')));
}

}  // namespace

void FileShardLink::fail(const Error& error) {
  {
    const std::lock_guard lock(failure_mutex);
    failure = error;
  }
  control.notify();
}

std::optional<Error> FileShardLink::take_failure() {
  const std::lock_guard lock(failure_mutex);
  return std::exchange(failure, std::nullopt);
}

FileLaneReader::FileLaneReader(LineFile* file, FileShardLink& link, const BatchLimits& limits, bool follow, ShardIndex shard)
    : file_(file), link_(link), limits_(limits), follow_(follow), shard_(shard) {}

RecordBatch* FileLaneReader::poll(std::chrono::microseconds wait) {
  const Clock::time_point until = Clock::now() + wait;
  while (true) {
    const Clock::time_point now = Clock::now();
    if (RecordBatch* batch = next(now)) return batch;
    if (now >= until) return nullptr;
    Clock::time_point wake_at = until;
    if (follow_ && file_ != nullptr && !paused_ && !ended_) wake_at = std::min(wake_at, now + follow_interval);
    if (filling_ != nullptr && !filling_->records.empty()) wake_at = std::min(wake_at, window_end_);
    if (signal_.wait_until(wake_at)) return next(Clock::now());
  }
}

RecordBatch* FileLaneReader::next(Clock::time_point now) {
  if (file_ == nullptr || !link_.assigned.load(std::memory_order_acquire)) return nullptr;
  if (const AssignmentEpoch epoch = link_.epoch.load(std::memory_order_relaxed); epoch != epoch_) begin_anew(epoch);
  if (paused_ || ended_) return nullptr;
  if (filling_ == nullptr) filling_ = file_->take_batch(shard_, epoch_);
  const bool was_empty = filling_->records.empty();
  const LineFile::Progress progress = file_->append_lines(*filling_, limits_);
  if (was_empty) window_end_ = now + limits_.window;
  switch (progress) {
    case LineFile::Progress::full:
      return hand_over();
    case LineFile::Progress::failed:
      ended_ = true;
      link_.fail(file_->error());
      return filling_->records.empty() ? nullptr : hand_over();
    case LineFile::Progress::waiting:
      break;
  }
  if (!follow_) return end();
  // The last line may have been committed before its line break was there.
  if (file_->next_line() + 1 < link_.live_from.load(std::memory_order_relaxed)) {
    fail_as_cut();
    return filling_->records.empty() ? nullptr : hand_over();
  }
  return filling_->records.empty() || now < window_end_ ? nullptr : hand_over();
}

void FileLaneReader::begin_anew(AssignmentEpoch epoch) {
  epoch_ = epoch;
  paused_ = ended_ = false;
  if (filling_ != nullptr) file_->give_back(hand_over());
  if (const Status rewound = file_->rewind(); !rewound) {
    ended_ = true;
    link_.fail(rewound.error());
  }
}

RecordBatch* FileLaneReader::hand_over() {
  return std::exchange(filling_, nullptr);
}

RecordBatch* FileLaneReader::end() {
  file_->append_last_line(*filling_);
  ended_ = true;
  if (file_->next_line() >= link_.live_from.load(std::memory_order_relaxed)) {
    filling_->end_of_shard = true;
    link_.lines.store(file_->next_line(), std::memory_order_release);
    link_.control.notify();
  } else {
    fail_as_cut();
  }
  return hand_over();
}

void FileLaneReader::fail_as_cut() {
  ended_ = true;
  link_.fail({ErrorKind::configuration, "the file has " + std::to_string(file_->next_line()) + " lines, but " +
                                            std::to_string(link_.live_from.load(std::memory_order_relaxed)) +
                                            " were committed: it was cut or replaced; remove `" + link_.position_path + "` to begin anew"});
}

void FileLaneReader::release(RecordBatch* batch) {
  file_->give_back(batch);
}

void FileLaneReader::pause(ShardIndex) {
  paused_ = true;
}

void FileLaneReader::resume(ShardIndex) {
  paused_ = false;
}

void FileLaneReader::wake() noexcept {
  signal_.notify();
}

FileSource::FileSource(std::string name, FileSourceSettings settings, const BatchLimits& limits, std::filesystem::path position_path,
                       ShardNumbers& shards)
    : settings_(std::move(settings)),
      limits_(limits),
      position_file_(std::move(position_path)),
      shard_name_{std::move(name), settings_.path.filename().string(), 0},
      shard_(shards.number(shard_name_)) {}

FileSource::~FileSource() {
  stop(std::chrono::steady_clock::now());
}

Status FileSource::start(ShardOwner& owner, LaneIndex lanes) {
  if (const Status opened = file_.open(settings_.path); !opened) return opened;
  const Result<PositionFile::Positions> positions = position_file_.read();
  if (!positions) return positions.error();
  const auto path = positions.value().find("path");
  const auto line = positions.value().find("line");
  const bool known = path != positions.value().end() && line != positions.value().end() && path->second == mark_of(settings_.path.string());
  const std::int64_t live_from = known ? line->second : 0;
  if (const auto beginning = positions.value().find("beginning"); known && live_from > 0 && beginning != positions.value().end()) {
    beginning_ = beginning->second;
    if (beginning_ != beginning_mark(settings_.path))
      return Error{ErrorKind::configuration, "`" + settings_.path.string() + "` begins with another line than when " +
                                                 std::to_string(live_from) + " of its lines were committed: it was replaced; remove `" +
                                                 position_file_.path().string() + "` to begin anew"};
  }
  link_.position_path = position_file_.path().string();
  committed_.store(live_from, std::memory_order_relaxed);
  owner_ = &owner;
  for (LaneIndex lane = 0; lane < std::max<LaneIndex>(lanes, 1); ++lane) {
    readers_.push_back(std::make_unique<FileLaneReader>(lane == 0 ? &file_ : nullptr, link_, limits_, settings_.follow, shard_));
  }
  control_ = std::thread([this] { run(); });
  return success();
}

LaneReader& FileSource::reader(LaneIndex lane) {
  return *readers_[lane];
}

SourceLag FileSource::lag() const {
  const std::int64_t lines = link_.lines.load(std::memory_order_acquire);
  return {lines < 0 ? -1 : lines - committed_.load(std::memory_order_relaxed)};
}

bool FileSource::finished() const {
  const std::int64_t lines = link_.lines.load(std::memory_order_acquire);
  return lines >= 0 && committed_.load(std::memory_order_acquire) >= lines;
}

void FileSource::stop(std::chrono::steady_clock::time_point deadline) {
  if (!control_.joinable()) return;
  deadline_ = deadline;
  stopping_.store(true, std::memory_order_release);
  link_.control.notify();
  control_.join();
}

void FileSource::run() {
  pthread_setname_np(pthread_self(), "file-source");
  assign();
  while (!stopping_.load(std::memory_order_acquire)) {
    if (owner_->wants_anew()) begin_anew();
    commit(owner_->position(shard_));
    if (const std::optional<Error> failure = link_.take_failure()) owner_->fail(shard_, *failure);
    link_.control.wait_until(std::chrono::steady_clock::now() + commit_interval);
  }
  commit(owner_->revoke(shard_, false, deadline_));
}

void FileSource::assign() {
  ShardStart start;
  start.shard = shard_;
  start.name = shard_name_;
  start.epoch = link_.epoch.load(std::memory_order_relaxed);
  start.live_from = committed_.load(std::memory_order_relaxed);
  link_.live_from.store(start.live_from, std::memory_order_relaxed);
  owner_->assign(start);
  link_.assigned.store(true, std::memory_order_release);
  readers_.front()->wake();
}

void FileSource::begin_anew() {
  link_.assigned.store(false, std::memory_order_release);
  commit(owner_->revoke(shard_, false, std::chrono::steady_clock::now() + anew_timeout));
  link_.epoch.fetch_add(1, std::memory_order_relaxed);
  assign();
}

// A failure is repeated at the next interval: the position only lags, which costs a longer replay and nothing else.
void FileSource::commit(const ShardPosition& position) {
  if (position.next_offset <= committed_.load(std::memory_order_relaxed)) return;
  if (beginning_ < 0) beginning_ = beginning_mark(settings_.path);
  const Status written =
      position_file_.write({{"line", position.next_offset}, {"path", mark_of(settings_.path.string())}, {"beginning", beginning_}});
  if (written) committed_.store(position.next_offset, std::memory_order_release);
}

}  // namespace weir
