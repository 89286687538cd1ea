// Memory for the states of keys: blocks of whole cache lines in size classes, named by 32-bit references.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/features/huge_memory.h"

namespace weir {

// A block's number: 64-byte lines from the beginning of the slab. 0 names no block.
using BlockRef = std::uint32_t;

// Chunks of 2 MB are cut into pages of 64 KB, a page into blocks of one size class. A page whose last block is freed serves any class
// again, so keys that grow in step leave nothing behind. One thread. Addresses stay as they are until a block is freed.
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
  static constexpr std::uint32_t page_shift = 10;
  static constexpr std::uint32_t page_lines = std::uint32_t{1} << page_shift;
  static constexpr std::uint32_t chunk_shift = 15;
  static constexpr std::uint32_t chunk_lines = std::uint32_t{1} << chunk_shift;
  static constexpr std::uint32_t chunk_mask = chunk_lines - 1;
  static constexpr std::uint32_t no_page = 0;  // the first chunk is never mapped, so its pages do not exist

  struct Page {
    BlockRef free = 0;         // first free block, which holds the reference of the next
    std::uint32_t next = 0;    // among the pages of the class that have room
    std::uint32_t before = 0;  // likewise
    std::uint16_t live = 0;    // blocks in use
    std::uint16_t cut = 0;     // lines cut into blocks so far
  };
  struct SizeClass {
    std::uint32_t first = no_page;
    std::uint32_t last = no_page;
  };

  // Lines of size class `index`: 1 to 8 one by one, then four steps to each doubling.
  static std::size_t class_of(std::size_t lines);
  static std::size_t lines_of(std::size_t size_class);
  std::uint32_t add_chunk(std::size_t lines);
  std::uint32_t take_page();
  void link_last(SizeClass& size_class, std::uint32_t page);
  void unlink(SizeClass& size_class, std::uint32_t page);

  std::vector<HugeMemory> chunks_;
  std::vector<Page> pages_;              // of all chunks
  std::vector<std::uint32_t> empty_;     // pages that belong to no class
  std::vector<std::uint32_t> unmapped_;  // places in `chunks_` whose large block was freed
  std::vector<SizeClass> classes_;
  std::size_t bytes_ = 0;
};

}  // namespace weir
