// When a line counts as delivered.
#pragma once

namespace weir {

enum class FileSync {
  batch,  // once it is on the disk (fsync; several batches share one)
  none,   // once the operating system has it: it survives a crash of this process, not of the machine
};

}  // namespace weir
