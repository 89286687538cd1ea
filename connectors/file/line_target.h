// Where a line writer appends: a file or the standard output. A port of its own so that tests can make it fail on command.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>

#include "connectors/file/file_sync.h"
#include "engine/base/result.h"

namespace weir {

// Called by one thread.
class LineTarget {
 public:
  virtual ~LineTarget() = default;

  virtual Status open() = 0;
  // Writes a part of `bytes`, from the front, and returns its size.
  virtual Result<std::size_t> append(std::string_view bytes) = 0;
  // Everything appended is durable. After a failure everything since the last success must be appended again: the operating system may have
  // dropped it, and an fsync that is only repeated would not say so.
  virtual Status sync() = 0;
};

// Creates the file, and its folder, where missing. A last line without a line break, torn by a kill, is cut off.
std::unique_ptr<LineTarget> make_file_target(const std::filesystem::path& path, FileSync sync);

std::unique_ptr<LineTarget> make_standard_output_target();

}  // namespace weir
