// The bytes of rules files and of the lists that they read, each kept once under the hash of its bytes.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "engine/base/result.h"

namespace weir {

// A folder of files named by XXH3-128 of what they hold, as 32 hexadecimal digits. Control plane; one thread.
class ContentStore {
 public:
  explicit ContentStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Durable when it returns; answers the name.
  Result<std::string> keep(std::string_view bytes);
  // The same for a file of any size. A file that looks unchanged since the last call (size, time, inode) is not read again.
  Result<std::string> keep_file(const std::filesystem::path& path);

  std::filesystem::path path_of(const std::string& name) const { return folder_ / name; }
  // Fatal when the bytes are not those that the name stands for.
  Result<std::string> read(const std::string& name) const;
  // That the kept bytes are whole, without holding them.
  Status verify(const std::string& name) const;
  void remove_all_but(const std::set<std::string>& names);

 private:
  using Look = std::tuple<std::uint64_t, std::int64_t, std::uint64_t>;  // size, time of change, inode

  std::filesystem::path folder_;
  std::map<std::string, std::pair<Look, std::string>> known_files_;
};

}  // namespace weir
