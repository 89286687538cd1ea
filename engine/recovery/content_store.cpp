#include "engine/recovery/content_store.h"

#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <vector>
#include <xxhash.h>

#include <sys/stat.h>

#include "engine/base/byte_buffer.h"
#include "engine/base/json_text.h"
#include "engine/recovery/durable_file.h"

namespace weir {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20U;

std::string name_from(XXH128_hash_t hash) {
  ByteBuffer digits;
  append_hex(digits, hash.high64);
  append_hex(digits, hash.low64);
  return std::string(digits.view());
}

struct HashState {
  HashState() : state(XXH3_createState()) { XXH3_128bits_reset(state); }
  ~HashState() { XXH3_freeState(state); }
  HashState(const HashState&) = delete;
  HashState& operator=(const HashState&) = delete;
  XXH3_state_t* state;
};

struct OpenFile {
  OpenFile(const std::filesystem::path& path, int flags) : number(::open(path.c_str(), flags | O_CLOEXEC, 0640)) {}
  ~OpenFile() {
    if (number >= 0) ::close(number);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int number;
};

Error unreadable(const std::filesystem::path& path) {
  return {ErrorKind::retryable, path.string() + " cannot be read"};
}

// The name of what `from` holds; with `to` >= 0 its bytes are copied there.
Result<std::string> pass(const std::filesystem::path& path, int from, int to) {
  const HashState hash;
  std::vector<char> piece(piece_bytes);
  for (;;) {
    const ssize_t got = ::read(from, piece.data(), piece.size());
    if (got < 0) return unreadable(path);
    if (got == 0) break;
    XXH3_128bits_update(hash.state, piece.data(), static_cast<std::size_t>(got));
    for (ssize_t done = 0; to >= 0 && done < got;) {
      const ssize_t written = ::write(to, piece.data() + done, static_cast<std::size_t>(got - done));
      if (written <= 0) return Error{ErrorKind::retryable, "the copy of " + path.string() + " cannot be written"};
      done += written;
    }
  }
  return name_from(XXH3_128bits_digest(hash.state));
}

}  // namespace

Result<std::string> ContentStore::keep(std::string_view bytes) {
  std::string name = name_from(XXH3_128bits(bytes.data(), bytes.size()));
  std::error_code missing;
  if (std::filesystem::exists(path_of(name), missing)) return name;
  if (Status made = make_folder(folder_); !made) return made.error();
  if (Status written = replace_file(path_of(name), bytes); !written) return written.error();
  return name;
}

Result<std::string> ContentStore::keep_file(const std::filesystem::path& path) {
  const OpenFile from(path, O_RDONLY);
  struct stat seen {};
  if (from.number < 0 || ::fstat(from.number, &seen) != 0) return unreadable(path);
  const Look look{static_cast<std::uint64_t>(seen.st_size), seen.st_mtim.tv_sec * 1'000'000'000 + seen.st_mtim.tv_nsec, seen.st_ino};
  const auto known = known_files_.find(path.string());
  std::error_code missing;
  if (known != known_files_.end() && known->second.first == look && std::filesystem::exists(path_of(known->second.second), missing))
    return known->second.second;
  if (Status made = make_folder(folder_); !made) return made.error();
  const std::filesystem::path copy = folder_ / "copy.next";
  const OpenFile to(copy, O_WRONLY | O_CREAT | O_TRUNC);
  if (to.number < 0) return Error{ErrorKind::retryable, copy.string() + " cannot be written"};
  Result<std::string> name = pass(path, from.number, to.number);
  if (!name) return name;
  if (Status synced = append_to_file(to.number, copy, {}); !synced) return synced.error();
  std::filesystem::rename(copy, path_of(name.value()), missing);
  if (missing) return Error{ErrorKind::retryable, path_of(name.value()).string() + " cannot be written"};
  known_files_[path.string()] = {look, name.value()};
  return name;
}

Result<std::string> ContentStore::read(const std::string& name) const {
  Result<std::string> bytes = read_whole_file(path_of(name));
  if (!bytes) return bytes;
  if (name_from(XXH3_128bits(bytes.value().data(), bytes.value().size())) != name)
    return Error{ErrorKind::fatal, path_of(name).string() + " is damaged: its bytes are not those that its name stands for"};
  return bytes;
}

Status ContentStore::verify(const std::string& name) const {
  const OpenFile file(path_of(name), O_RDONLY);
  if (file.number < 0) return Error{ErrorKind::fatal, path_of(name).string() + " is missing"};
  Result<std::string> found = pass(path_of(name), file.number, -1);
  if (!found) return found.error();
  if (found.value() != name)
    return Error{ErrorKind::fatal, path_of(name).string() + " is damaged: its bytes are not those that its name stands for"};
  return success();
}

void ContentStore::remove_all_but(const std::set<std::string>& names) {
  std::error_code ignored;
  std::vector<std::filesystem::path> gone;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored))
    if (!names.contains(entry.path().filename().string())) gone.push_back(entry.path());
  for (const std::filesystem::path& path : gone) std::filesystem::remove(path, ignored);
}

}  // namespace weir
