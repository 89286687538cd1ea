#include "engine/app/state_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>

#include <sys/file.h>

namespace weir {

StateLock::~StateLock() {
  if (file_ >= 0) ::close(file_);
}

Status StateLock::take(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const std::filesystem::path path = folder / "lock";
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) return success();
  if (::flock(file_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return success();
  return Error{ErrorKind::configuration, "`state.dir` is `" + folder.string() +
                                             "`, which another running service uses; give each its own, for example with `--set "
                                             "state.dir=state-2`"};
}

}  // namespace weir
