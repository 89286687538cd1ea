// One running service a state folder: two would overwrite each other's positions, versions and epochs.
#pragma once

#include <filesystem>

#include "engine/base/result.h"

namespace weir {

// Held until it is destroyed, or until the process ends, however it ends.
class StateLock {
 public:
  StateLock() = default;
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

  // Makes the folder where it is missing. A configuration error where another service has it; where the folder cannot be locked at all,
  // nothing is said here: whatever needs it will.
  Status take(const std::filesystem::path& folder);

 private:
  int file_ = -1;
};

}  // namespace weir
