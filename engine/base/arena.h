// Bytes whose addresses never move until `clear`: copied strings and records that others hold views of.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace weir {

class Arena {
 public:
  static constexpr std::size_t block_bytes = std::size_t{256} * 1024;
  // Behind every copy this many bytes are readable (simdjson reads past the end of a document).
  static constexpr std::size_t padding_bytes = 64;

  // Uninitialised memory for `size` bytes plus padding.
  char* allocate(std::size_t size) {
    const std::size_t needed = size + padding_bytes;
    while (current_ < blocks_.size() && blocks_[current_].size - used_ < needed) {
      ++current_;
      used_ = 0;
    }
    if (current_ == blocks_.size()) {
      const std::size_t block = needed > block_bytes ? needed : block_bytes;
      blocks_.push_back({std::unique_ptr<char[]>(new char[block]), block});
      used_ = 0;
    }
    char* at = blocks_[current_].bytes.get() + used_;
    used_ += size;
    return at;
  }

  std::string_view copy(std::string_view bytes) {
    char* at = allocate(bytes.size());
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    return {at, bytes.size()};
  }

  // Keeps the memory; every view handed out before is dead.
  void clear() {
    current_ = 0;
    used_ = 0;
  }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };
  std::vector<Block> blocks_;
  std::size_t current_ = 0;
  std::size_t used_ = 0;
};

}  // namespace weir
