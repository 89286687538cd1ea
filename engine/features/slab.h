// Memory for the states of keys: blocks of whole cache lines in size classes, named by 32-bit references, never given back one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/features/huge_memory.h"

namespace weir {

// A block's number: 64-byte lines from the beginning of the slab. 0 names no block.
using BlockRef = std::uint32_t;

// One thread. Addresses stay as they are until a block is freed. No call to the system allocator per block: a chunk of 2 MB at a time.
class Slab {
 public:
  static constexpr std::size_t line_bytes = 64;

  Slab();

  // A block of at least `lines` lines; `lines` becomes what it really has. Contents are undefined.
  BlockRef allocate(std::size_t& lines);
  void free(BlockRef block, std::size_t lines);

  char* at(BlockRef block) const { return chunks_[block >> chunk_shift].data() + (block & chunk_mask) * line_bytes; }
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::uint32_t chunk_shift = 15;
  static constexpr std::uint32_t chunk_lines = std::uint32_t{1} << chunk_shift;
  static constexpr std::uint32_t chunk_mask = chunk_lines - 1;

  // Lines of size class `index`: 1 to 8 one by one, then four steps to each doubling.
  static std::size_t class_of(std::size_t lines);
  static std::size_t lines_of(std::size_t size_class);
  BlockRef add_chunk(std::size_t lines);

  std::vector<HugeMemory> chunks_;
  std::vector<BlockRef> free_;           // by size class: first free block, which holds the next one's reference
  std::vector<std::uint32_t> unmapped_;  // places in `chunks_` whose large block was freed
  BlockRef next_ = 0;
  BlockRef end_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace weir
