#include "engine/base/position_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <unistd.h>

namespace weir {
namespace {

Error failure(ErrorKind kind, const std::filesystem::path& path, std::string_view what, int code) {
  return {kind, path.string() + ": " + std::string(what) + ": " + std::strerror(code)};
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file) == 0;
}

}  // namespace

Result<PositionFile::Positions> PositionFile::read() const {
  Positions positions;
  if (std::error_code missing; !std::filesystem::exists(path_, missing)) return positions;
  std::ifstream file(path_);
  if (!file) return failure(ErrorKind::fatal, path_, "cannot be read", errno);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    std::int64_t value = 0;
    if (!(words >> name >> value)) return Error{ErrorKind::fatal, path_.string() + ": not a position: `" + line + "`"};
    positions[name] = value;
  }
  return positions;
}

Status PositionFile::write(const Positions& positions) const {
  std::string text;
  for (const auto& [name, value] : positions) text += name + " " + std::to_string(value) + "\n";
  std::error_code code;
  std::filesystem::create_directories(path_.parent_path(), code);
  if (code) return failure(ErrorKind::retryable, path_.parent_path(), "cannot be made", code.value());
  const std::string next = path_.string() + ".next";
  const int file = ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return failure(ErrorKind::retryable, next, "cannot be opened", errno);
  const bool written = write_all(file, text);
  const int write_error = errno;
  ::close(file);
  if (!written) return failure(ErrorKind::retryable, next, "cannot be written", write_error);
  if (::rename(next.c_str(), path_.c_str()) != 0) return failure(ErrorKind::retryable, path_, "cannot be replaced", errno);
  const int folder = ::open(path_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return failure(ErrorKind::retryable, path_.parent_path(), "cannot be opened", errno);
  const bool durable = ::fsync(folder) == 0;
  const int sync_error = errno;
  ::close(folder);
  if (!durable) return failure(ErrorKind::retryable, path_.parent_path(), "cannot be synced", sync_error);
  return success();
}

}  // namespace weir
