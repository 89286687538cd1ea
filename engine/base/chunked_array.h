// An array whose elements stay where they are while it becomes longer.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace weir {

// Growing makes one more chunk and copies nothing but the addresses of chunks. Like a vector otherwise; only ever longer.
template <typename Element>
class ChunkedArray {
 public:
  Element& operator[](std::size_t index) { return chunks_[index / chunk_elements][index % chunk_elements]; }
  const Element& operator[](std::size_t index) const { return chunks_[index / chunk_elements][index % chunk_elements]; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return chunks_.size() * chunk_elements * sizeof(Element); }

  void resize(std::size_t size) {
    for (; chunks_.size() * chunk_elements < size; size_ = size) chunks_.push_back(std::make_unique<Element[]>(chunk_elements));
    size_ = size_ < size ? size : size_;
  }

 private:
  static constexpr std::size_t chunk_elements = 256;

  std::vector<std::unique_ptr<Element[]>> chunks_;
  std::size_t size_ = 0;
};

}  // namespace weir
