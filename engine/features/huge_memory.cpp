#include "engine/features/huge_memory.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include <sys/mman.h>

#include "engine/base/check.h"
#include "engine/features/ready_pages.h"

namespace weir {
namespace {

constexpr std::size_t small_bytes_at_first = 512;
constexpr std::size_t addresses_at_first = std::size_t{64} << 20;
constexpr std::size_t addresses_growth = 4;

char* mapped(std::size_t bytes) {
  constexpr std::size_t page_bytes = HugeMemory::page_bytes;
  const bool huge = bytes >= page_bytes;
  const std::size_t slack = huge ? page_bytes : 0;
  void* mapping = mmap(nullptr, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  WEIR_CHECK(mapping != MAP_FAILED);
  char* begin = static_cast<char*>(mapping);
  const std::size_t past = reinterpret_cast<std::uintptr_t>(begin) % page_bytes;
  const std::size_t skipped = huge && past != 0 ? page_bytes - past : 0;
  if (skipped > 0) munmap(begin, skipped);
  if (slack > skipped) munmap(begin + skipped + bytes, slack - skipped);
  if (huge) madvise(begin + skipped, bytes, MADV_HUGEPAGE);
  return begin + skipped;
}

}  // namespace

HugeMemory::HugeMemory(std::size_t bytes) : bytes_(bytes) {
  WEIR_CHECK(bytes > 0 && bytes % 4096 == 0);
  if (bytes == page_bytes) data_ = ReadyPages::of_process().take();
  if (data_ == nullptr) data_ = mapped(bytes);
}

HugeMemory::~HugeMemory() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

char* HugeMemory::mapped_page() {
  return mapped(page_bytes);
}

void HugeMemory::put_page(std::size_t at, char* page) {
  char* place = data_ + at;
  WEIR_CHECK(mremap(page, page_bytes, page_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
}

void HugeMemory::move_pages_to(HugeMemory& larger) {
  for (std::size_t at = 0; at < bytes_; at += page_bytes) larger.put_page(at, data_ + at);
  data_ = nullptr;
  bytes_ = 0;
}

void GrowingMemory::grow(std::size_t bytes) {
  constexpr std::size_t page_bytes = HugeMemory::page_bytes;
  if (bytes_ < page_bytes) {
    const std::size_t twice = std::bit_ceil(std::clamp(bytes, small_bytes_at_first, page_bytes));
    std::unique_ptr<char, Freed> small(twice < page_bytes ? static_cast<char*>(std::calloc(1, twice)) : nullptr);
    if (twice == page_bytes) large_ = HugeMemory(page_bytes);
    char* larger = twice < page_bytes ? small.get() : large_.data();
    WEIR_CHECK(larger != nullptr);
    if (bytes_ > 0) std::memcpy(larger, data_, bytes_);
    small_ = std::move(small);
    data_ = larger;
    bytes_ = twice;
  }
  for (; bytes_ < bytes; bytes_ += page_bytes) {
    if (bytes_ == large_.bytes()) {
      HugeMemory larger(std::max(addresses_at_first, bytes_ * addresses_growth));
      large_.move_pages_to(larger);
      large_ = std::move(larger);
      data_ = large_.data();
    }
    if (char* page = ReadyPages::of_process().take()) large_.put_page(bytes_, page);
  }
}

}  // namespace weir
