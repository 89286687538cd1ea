#include "rules/language/list_cache.h"

#include <chrono>
#include <utility>

#include <sys/stat.h>

namespace weir {

namespace {

constexpr std::int64_t settled_after_ns = 2'000'000'000;  // coarser than the times of common file systems

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

std::optional<FileStamp> FileStamp::of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  FileStamp stamp;
  stamp.device = static_cast<std::uint64_t>(found.st_dev);
  stamp.inode = static_cast<std::uint64_t>(found.st_ino);
  stamp.bytes = static_cast<std::uint64_t>(found.st_size);
  stamp.modified_ns = nanoseconds(found.st_mtim);
  stamp.changed_ns = nanoseconds(found.st_ctim);
  stamp.looked_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  return stamp;
}

bool FileStamp::is_same_file_as(const FileStamp& other) const {
  return device == other.device && inode == other.inode && bytes == other.bytes && modified_ns == other.modified_ns &&
         changed_ns == other.changed_ns;
}

bool FileStamp::is_settled() const {
  return looked_ns - modified_ns > settled_after_ns && looked_ns - changed_ns > settled_after_ns;
}

ListCache::Entry* ListCache::find_entry(const Key& key, const FileStamp& now) {
  const auto entry = entries_.find(key);
  if (entry == entries_.end() || !entry->second.stamp.is_same_file_as(now)) return nullptr;
  entry->second.used = true;
  return &entry->second;
}

void ListCache::keep_entry(const Key& key, Entry entry) {
  if (entry.stamp.is_settled())
    entries_[key] = std::move(entry);
  else
    entries_.erase(key);
}

std::optional<ValueSet> ListCache::find(const Key& key, const FileStamp& now) {
  const Entry* entry = find_entry(key, now);
  return entry == nullptr ? std::nullopt : std::optional<ValueSet>(entry->values);
}

std::shared_ptr<const LookupTable> ListCache::find_table(const Key& key, const FileStamp& now) {
  const Entry* entry = find_entry(key, now);
  return entry == nullptr ? nullptr : entry->table;
}

void ListCache::keep(const Key& key, const FileStamp& stamp, const ValueSet& values) {
  keep_entry(key, {stamp, values, nullptr, true});
}

void ListCache::keep_table(const Key& key, const FileStamp& stamp, std::shared_ptr<const LookupTable> table) {
  keep_entry(key, {stamp, {}, std::move(table), true});
}

void ListCache::end_of_check() {
  std::erase_if(entries_, [](const auto& entry) { return !entry.second.used; });
  for (auto& [key, entry] : entries_) entry.used = false;
}

}  // namespace weir
