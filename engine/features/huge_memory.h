// Zeroed memory from the system, on huge pages where it offers them: random access over gigabytes costs a third less.
#pragma once

#include <cstddef>
#include <utility>

namespace weir {

// One mapping; `bytes` is a multiple of 4096. Sizes from a huge page on are aligned to one and asked for as such.
class HugeMemory {
 public:
  static constexpr std::size_t page_bytes = std::size_t{2} << 20;

  HugeMemory() = default;
  explicit HugeMemory(std::size_t bytes);
  ~HugeMemory();
  HugeMemory(HugeMemory&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  // Makes it larger: what is in it stays, at another address. From a huge page on nothing is copied, the pages move.
  void grow(std::size_t bytes);

  HugeMemory& operator=(HugeMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  char* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  char* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace weir
