// Lists and lookups as they were read last, so that checking a rule set again reads only the files that changed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "rules/language/lookup_table.h"
#include "rules/language/value_set.h"

namespace weir {

// What a file looked like from outside, and when that was.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  std::int64_t looked_ns = 0;

  static std::optional<FileStamp> of(const std::string& path);
  bool is_same_file_as(const FileStamp& other) const;
  // False where a change in the same moment could not be told by times: such a file is read again.
  bool is_settled() const;
};

// One thread at a time; the sets themselves are shared and immutable.
class ListCache {
 public:
  struct Key {
    std::string path;
    std::string column;
    ValueType type = ValueType::string;
    int scale = 0;
    bool is_table = false;  // of a lookup: `column` says what is read

    auto operator<=>(const Key&) const = default;
  };

  // The set that was read from the file as it stands now; nothing when the file changed or is new.
  std::optional<ValueSet> find(const Key& key, const FileStamp& now);
  std::shared_ptr<const LookupTable> find_table(const Key& key, const FileStamp& now);
  void keep(const Key& key, const FileStamp& stamp, const ValueSet& values);
  void keep_table(const Key& key, const FileStamp& stamp, std::shared_ptr<const LookupTable> table);
  // Forgets what was neither found nor kept since the call before.
  void end_of_check();

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    FileStamp stamp;
    ValueSet values;
    std::shared_ptr<const LookupTable> table;
    bool used = true;
  };
  Entry* find_entry(const Key& key, const FileStamp& now);
  void keep_entry(const Key& key, Entry entry);

  std::map<Key, Entry> entries_;
};

}  // namespace weir
