#include "engine/features/huge_memory.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include <sys/mman.h>

#include "engine/base/check.h"

namespace weir {

HugeMemory::HugeMemory(std::size_t bytes) {
  WEIR_CHECK(bytes > 0 && bytes % 4096 == 0);
  const bool huge = bytes >= page_bytes;
  const std::size_t slack = huge ? page_bytes : 0;
  const std::size_t wanted = bytes + slack;
  void* mapping = mmap(nullptr, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  WEIR_CHECK(mapping != MAP_FAILED);
  char* begin = static_cast<char*>(mapping);
  const std::size_t past = reinterpret_cast<std::uintptr_t>(begin) % page_bytes;
  const std::size_t skipped = huge && past != 0 ? page_bytes - past : 0;
  if (skipped > 0) munmap(begin, skipped);
  if (slack > skipped) munmap(begin + skipped + bytes, slack - skipped);
  data_ = begin + skipped;
  bytes_ = bytes;
  if (huge) madvise(data_, bytes_, MADV_HUGEPAGE);
}

void HugeMemory::grow(std::size_t bytes) {
  HugeMemory larger(bytes);
  if (bytes_ >= page_bytes) {
    WEIR_CHECK(mremap(data_, bytes_, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, larger.data_) == larger.data_);
    data_ = nullptr;
  } else if (bytes_ > 0) {
    std::memcpy(larger.data_, data_, bytes_);
  }
  *this = std::move(larger);
}

HugeMemory::~HugeMemory() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

}  // namespace weir
