// Zeroed memory from the system, on huge pages where it offers them: random access over gigabytes costs a third less.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <utility>

namespace weir {

// One mapping; `bytes` is a multiple of 4096. Sizes from a huge page on are aligned to one and asked for as such. A single one is taken
// from ReadyPages, where there is one.
class HugeMemory {
 public:
  static constexpr std::size_t page_bytes = std::size_t{2} << 20;

  HugeMemory() = default;
  explicit HugeMemory(std::size_t bytes);
  ~HugeMemory();
  HugeMemory(HugeMemory&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  HugeMemory& operator=(HugeMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  char* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

  // A huge page that is not in memory yet, for the caller to unmap.
  static char* mapped_page();
  // Puts a huge page that has been mapped by itself to the place `at` of this memory, where nothing has been touched yet.
  void put_page(std::size_t at, char* page);
  // Of whole huge pages: puts all of them to the beginning of `larger`. Nothing is copied, and nothing is left here.
  void move_pages_to(HugeMemory& larger);

 private:
  char* data_ = nullptr;
  std::size_t bytes_ = 0;
};

// Memory that becomes longer and stays as it is, though at another address now and then.
class GrowingMemory {
 public:
  char* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  // What is new is zero. From a huge page on nothing is copied: pages are put behind those that are there.
  void grow(std::size_t bytes);

 private:
  struct Freed {
    void operator()(char* memory) const { std::free(memory); }
  };

  char* data_ = nullptr;
  std::size_t bytes_ = 0;
  std::unique_ptr<char, Freed> small_;  // below a huge page
  HugeMemory large_;                    // from there on: more addresses than are in use, so that it seldom moves
};

}  // namespace weir
