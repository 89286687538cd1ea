#include "engine/features/slab.h"

#include <bit>
#include <cstring>

#include "engine/base/check.h"

namespace weir {
namespace {

constexpr std::size_t linear_lines = 8;
constexpr std::size_t small_lines_max = 4096;  // larger blocks get a mapping of their own

}  // namespace

Slab::Slab() : free_(class_of(small_lines_max) + 1, 0) {
  chunks_.emplace_back();  // never mapped, so that no block has the reference 0
}

std::size_t Slab::class_of(std::size_t lines) {
  if (lines <= linear_lines) return lines - 1;
  const std::size_t shift = static_cast<std::size_t>(std::bit_width(lines - 1)) - 3;
  return linear_lines + (shift - 1) * 4 + ((lines - 1) >> shift) - 4;
}

std::size_t Slab::lines_of(std::size_t size_class) {
  if (size_class < linear_lines) return size_class + 1;
  const std::size_t step = size_class - linear_lines;
  return (step % 4 + 5) << (step / 4 + 1);
}

BlockRef Slab::add_chunk(std::size_t lines) {
  std::uint32_t place = static_cast<std::uint32_t>(chunks_.size());
  if (!unmapped_.empty()) {
    place = unmapped_.back();
    unmapped_.pop_back();
  } else {
    WEIR_CHECK(place < (std::uint32_t{1} << (32 - chunk_shift)));
    chunks_.emplace_back();
  }
  const std::size_t bytes = (lines * line_bytes + 4095) / 4096 * 4096;
  chunks_[place] = HugeMemory(bytes);
  bytes_ += bytes;
  return place << chunk_shift;
}

BlockRef Slab::allocate(std::size_t& lines) {
  if (lines > small_lines_max) return add_chunk(lines);
  const std::size_t size_class = class_of(lines);
  lines = lines_of(size_class);
  if (const BlockRef block = free_[size_class]; block != 0) {
    std::memcpy(&free_[size_class], at(block), sizeof block);
    return block;
  }
  if (end_ - next_ < lines) {
    for (std::size_t rest = end_ - next_; rest > 0; rest = end_ - next_) {  // what is left of the chunk serves smaller blocks
      std::size_t fitting = rest > small_lines_max ? small_lines_max : rest;
      while (lines_of(class_of(fitting)) > rest) --fitting;
      fitting = lines_of(class_of(fitting));
      free(next_, fitting);
      next_ += static_cast<BlockRef>(fitting);
    }
    next_ = add_chunk(chunk_lines);
    end_ = next_ + chunk_lines;
  }
  const BlockRef block = next_;
  next_ += static_cast<BlockRef>(lines);
  return block;
}

void Slab::free(BlockRef block, std::size_t lines) {
  if (lines > small_lines_max) {
    const std::uint32_t place = block >> chunk_shift;
    bytes_ -= chunks_[place].bytes();
    chunks_[place] = HugeMemory();
    unmapped_.push_back(place);
    return;
  }
  const std::size_t size_class = class_of(lines);
  std::memcpy(at(block), &free_[size_class], sizeof block);
  free_[size_class] = block;
}

}  // namespace weir
