#include "engine/features/slab.h"

#include <bit>
#include <cstring>

#include "engine/base/check.h"
#include "engine/base/prefetch.h"

namespace weir {
namespace {

constexpr std::size_t linear_lines = 8;
constexpr std::size_t small_lines_max = 256;  // larger blocks get a mapping of their own
constexpr std::size_t system_page_bytes = 4096;

}  // namespace

Slab::Slab() : classes_(class_of(small_lines_max) + 1) {
  chunks_.emplace_back();  // never mapped, so that no block has the reference 0
  pages_.resize(chunk_lines / page_lines);
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

// The place of a new mapping of that many lines.
std::uint32_t Slab::add_chunk(std::size_t lines) {
  std::uint32_t place = static_cast<std::uint32_t>(chunks_.size());
  if (!unmapped_.empty()) {
    place = unmapped_.back();
    unmapped_.pop_back();
  } else {
    WEIR_CHECK(place < (std::uint32_t{1} << (32 - chunk_shift)));
    chunks_.emplace_back();
    pages_.resize(pages_.size() + chunk_lines / page_lines);
  }
  const std::size_t bytes = (lines * line_bytes + system_page_bytes - 1) / system_page_bytes * system_page_bytes;
  chunks_[place] = HugeMemory(bytes);
  bytes_ += chunks_[place].bytes();
  return place;
}

std::uint32_t Slab::take_page() {
  if (empty_.empty()) {
    const std::uint32_t place = add_chunk(chunk_lines);
    for (std::uint32_t page = chunk_lines / page_lines; page > 0; --page)
      empty_.push_back((place << (chunk_shift - page_shift)) + page - 1);
  }
  const std::uint32_t page = empty_.back();
  empty_.pop_back();
  pages_[page] = {};
  return page;
}

void Slab::link_last(SizeClass& size_class, std::uint32_t page) {
  pages_[page].next = no_page;
  pages_[page].before = size_class.last;
  (size_class.last == no_page ? size_class.first : pages_[size_class.last].next) = page;
  size_class.last = page;
}

void Slab::unlink(SizeClass& size_class, std::uint32_t page) {
  const Page& gone = pages_[page];
  (gone.before == no_page ? size_class.first : pages_[gone.before].next) = gone.next;
  (gone.next == no_page ? size_class.last : pages_[gone.next].before) = gone.before;
}

BlockRef Slab::allocate(std::size_t& lines) {
  if (lines > small_lines_max) return add_chunk(lines) << chunk_shift;
  const std::size_t index = class_of(lines);
  lines = lines_of(index);
  SizeClass& size_class = classes_[index];
  if (size_class.first == no_page) link_last(size_class, take_page());
  const std::uint32_t number = size_class.first;
  Page& page = pages_[number];
  BlockRef block = page.free;
  if (block != 0) {
    std::memcpy(&page.free, at(block), sizeof block);
    prefetch(at(page.free));  // the next one
  } else {
    block = (number << page_shift) + page.cut;
    page.cut = static_cast<std::uint16_t>(page.cut + lines);
  }
  ++page.live;
  if (page.free == 0 && page.cut + lines > page_lines) unlink(size_class, number);
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
  const std::size_t index = class_of(lines);
  const std::uint32_t number = block >> page_shift;
  Page& page = pages_[number];
  const bool was_full = page.free == 0 && page.cut + lines_of(index) > page_lines;
  std::memcpy(at(block), &page.free, sizeof block);
  page.free = block;
  if (--page.live == 0) {
    if (!was_full) unlink(classes_[index], number);
    empty_.push_back(number);
  } else if (was_full) {
    link_last(classes_[index], number);
  }
}

}  // namespace weir
