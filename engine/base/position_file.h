// A few named numbers in a small file that is replaced as a whole: how far a source without offsets of its own has come.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "engine/base/result.h"

namespace weir {

// One `name value` a line. One thread. A crash leaves either the old content or the new.
class PositionFile {
 public:
  using Positions = std::map<std::string, std::int64_t>;  // names without white space

  explicit PositionFile(std::filesystem::path path) : path_(std::move(path)) {}

  // Empty where there is no file; fatal where there is one that cannot be read or understood.
  Result<Positions> read() const;
  // Durable when it returns; makes the folder where it is missing. A failure is retryable.
  Status write(const Positions& positions) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace weir
