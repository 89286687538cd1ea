#include "engine/recovery/epoch_log.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sstream>
#include <string_view>
#include <system_error>
#include <unistd.h>

#include "engine/recovery/durable_file.h"

namespace weir {
namespace {

constexpr std::string_view heading = "weir-epochs 1\n";
constexpr std::size_t checksum_digits = 16;
constexpr std::uint64_t spare_records_max = 8192;  // beyond what is in use, before the file is written anew

std::string shard_words(const ShardName& shard) {
  return std::to_string(shard.partition) + ' ' + as_word(shard.source) + ' ' + as_word(shard.topic);
}

void add_epoch(std::vector<Epoch>& epochs, const Epoch& epoch) {
  while (!epochs.empty() && epochs.back().offset >= epoch.offset) epochs.pop_back();
  if (epochs.empty() || epochs.back().version != epoch.version) epochs.push_back(epoch);
}

}  // namespace

std::string EpochLog::line_of(std::string body) {
  return checksum_of(body) + ' ' + body + '\n';
}

// False for a line that is not whole.
bool EpochLog::apply(std::string_view line, Content& content) {
  if (line.size() < checksum_digits + 2 || line[checksum_digits] != ' ') return false;
  const std::string body(line.substr(checksum_digits + 1));
  if (line.substr(0, checksum_digits) != checksum_of(body)) return false;
  std::istringstream words(body);
  std::string kind;
  words >> kind;
  if (kind == "active") {
    ActiveVersion active;
    std::string digest;
    words >> active.version >> digest;
    active.files_digest = from_word(digest);
    content.active = active;
    return !words.fail();
  }
  Epoch epoch;
  std::int32_t partition = 0;
  std::string source;
  std::string topic;
  if (kind == "epoch") words >> epoch.version;
  words >> epoch.offset >> partition >> source >> topic;
  if (words.fail() || (kind != "epoch" && kind != "bound")) return false;
  ShardHistory& history = content.shards[{from_word(source), from_word(topic), partition}];
  if (kind == "epoch") {
    add_epoch(history.epochs, epoch);
    return true;
  }
  history.bound = epoch.offset;
  if (std::int64_t decided = -1; words >> decided) history.decided = decided;
  return true;
}

std::string EpochLog::text_of(const EpochChanges& changes, std::uint64_t& records) {
  std::string text;
  for (const ShardEpoch& each : changes.epochs)
    text +=
        line_of("epoch " + std::to_string(each.epoch.version) + ' ' + std::to_string(each.epoch.offset) + ' ' + shard_words(each.shard));
  for (const ShardBound& each : changes.bounds)
    text += line_of("bound " + std::to_string(each.offset) + ' ' + shard_words(each.shard) +
                    (each.decided < 0 ? "" : ' ' + std::to_string(each.decided)));
  if (changes.active) text += line_of("active " + std::to_string(changes.active->version) + ' ' + as_word(changes.active->files_digest));
  records += changes.epochs.size() + changes.bounds.size() + (changes.active ? 1 : 0);
  return text;
}

std::string EpochLog::whole_text(const Content& content, std::uint64_t& records) {
  EpochChanges all;
  for (const auto& [key, history] : content.shards) {
    const ShardName shard{std::get<0>(key), std::get<1>(key), std::get<2>(key)};
    for (const Epoch& epoch : history.epochs) all.epochs.push_back({shard, epoch});
    if (history.bound) all.bounds.push_back({shard, *history.bound, history.decided});
  }
  all.active = content.active;
  records = 0;
  return std::string(heading) + text_of(all, records);
}

Result<std::unique_ptr<EpochLog>> EpochLog::open(const std::filesystem::path& path) {
  if (Status made = make_folder(path.parent_path()); !made) return made.error();
  std::unique_ptr<EpochLog> log(new EpochLog(path));
  if (Status loaded = log->load(); !loaded) return loaded.error();
  return log;
}

EpochLog::~EpochLog() {
  if (file_ >= 0) ::close(file_);
}

Status EpochLog::load() {
  std::error_code code;
  if (!std::filesystem::exists(path_, code)) return rewrite(content_);
  const Result<std::string> text = read_whole_file(path_);
  if (!text) return text.error();
  std::string_view rest = text.value();
  if (!rest.starts_with(heading))
    return Error{ErrorKind::fatal, path_.string() + " is not an epoch log of format 1; move it away to begin with an empty one"};
  rest.remove_prefix(heading.size());
  std::uint64_t line_number = 1;
  std::uint64_t broken_line = 0;
  for (; !rest.empty(); ++records_) {
    ++line_number;
    const std::size_t end = rest.find('\n');
    Content& into = content_;
    if (end == std::string_view::npos || !apply(rest.substr(0, end), into)) {
      if (broken_line == 0) broken_line = line_number;
    } else if (broken_line != 0) {
      return Error{ErrorKind::fatal,
                   path_.string() + ", line " + std::to_string(broken_line) +
                       " is damaged: its checksum does not match, and whole lines follow it; restore the file, or move it "
                       "away to begin with an empty one"};
    }
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return broken_line != 0 ? rewrite(content_) : reopen();
}

Status EpochLog::reopen() {
  if (file_ >= 0) ::close(file_);
  file_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file_ < 0) return Error{ErrorKind::retryable, path_.string() + ": cannot be opened: " + std::strerror(errno)};
  return success();
}

Status EpochLog::rewrite(const Content& content) {
  std::uint64_t records = 0;
  const std::string text = whole_text(content, records);
  if (Status written = replace_file(path_, text); !written) return written;
  records_ = records;
  return reopen();
}

Status EpochLog::append(const EpochChanges& changes) {
  const std::lock_guard guard(mutex_);
  if (doubtful_) {
    if (Status written = rewrite(content_); !written) return written;
    doubtful_ = false;
  }
  std::uint64_t added = 0;
  const std::string text = text_of(changes, added);
  if (added == 0) return success();
  if (Status written = append_to_file(file_, path_, text); !written) {
    // Part of it may be in the file. Only a file without it makes "nothing of it is in the log" true after a crash.
    doubtful_ = true;
    if (rewrite(content_)) doubtful_ = false;
    return doubtful_ ? Error{ErrorKind::fatal, written.error().text} : written.error();
  }
  records_ += added;
  for (const ShardEpoch& each : changes.epochs)
    add_epoch(content_.shards[{each.shard.source, each.shard.topic, each.shard.partition}].epochs, each.epoch);
  for (const ShardBound& each : changes.bounds) {
    ShardHistory& history = content_.shards[{each.shard.source, each.shard.topic, each.shard.partition}];
    history.bound = each.offset;
    if (each.decided >= 0) history.decided = each.decided;
  }
  if (changes.active) content_.active = changes.active;
  std::uint64_t live = 0;
  for (const auto& [key, history] : content_.shards) live += history.epochs.size() + 1;
  // What fails here is tried again at the next append; the appended records are durable already. Not while lanes wait to be told of an
  // epoch.
  if (changes.epochs.empty() && records_ > live + spare_records_max) doubtful_ = !rewrite(content_).ok();
  return success();
}

std::vector<Epoch> EpochLog::epochs(const ShardName& shard) const {
  const std::lock_guard guard(mutex_);
  const auto found = content_.shards.find({shard.source, shard.topic, shard.partition});
  return found == content_.shards.end() ? std::vector<Epoch>{} : found->second.epochs;
}

std::optional<std::int64_t> EpochLog::bound(const ShardName& shard) const {
  const std::lock_guard guard(mutex_);
  const auto found = content_.shards.find({shard.source, shard.topic, shard.partition});
  return found == content_.shards.end() ? std::nullopt : found->second.bound;
}

std::int64_t EpochLog::decided(const ShardName& shard) const {
  const std::lock_guard guard(mutex_);
  const auto found = content_.shards.find({shard.source, shard.topic, shard.partition});
  return found == content_.shards.end() ? -1 : found->second.decided;
}

std::optional<ActiveVersion> EpochLog::active() const {
  const std::lock_guard guard(mutex_);
  return content_.active;
}

std::set<std::uint64_t> EpochLog::versions_in_use() const {
  const std::lock_guard guard(mutex_);
  std::set<std::uint64_t> used;
  if (content_.active) used.insert(content_.active->version);
  for (const auto& [key, history] : content_.shards)
    for (const Epoch& epoch : history.epochs) used.insert(epoch.version);
  return used;
}

void EpochLog::forget_before(const ShardName& shard, std::int64_t offset) {
  const std::lock_guard guard(mutex_);
  std::vector<Epoch>& epochs = content_.shards[{shard.source, shard.topic, shard.partition}].epochs;
  std::size_t ended = 0;
  while (ended + 1 < epochs.size() && epochs[ended + 1].offset <= offset) ++ended;
  epochs.erase(epochs.begin(), epochs.begin() + static_cast<std::ptrdiff_t>(ended));
}

std::uint64_t EpochLog::records() const {
  const std::lock_guard guard(mutex_);
  return records_;
}

}  // namespace weir
