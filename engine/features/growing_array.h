// An array that becomes longer without copying what is in it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "engine/features/huge_memory.h"

namespace weir {

// Of elements that are nothing but their bytes; new ones are zero. Growing moves pages, not elements, once there are many: it takes no time
// that anybody would notice. Addresses of elements last until the next `resize`.
template <typename Element>
class GrowingArray {
  static_assert(std::is_trivially_copyable_v<Element>);

 public:
  Element& operator[](std::size_t index) { return data()[index]; }
  const Element& operator[](std::size_t index) const { return data()[index]; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return memory_.bytes(); }

  // Only ever longer.
  void resize(std::size_t size) {
    if (size * sizeof(Element) > memory_.bytes()) grow(size * sizeof(Element));
    size_ = std::max(size_, size);
  }

 private:
  static constexpr std::size_t bytes_at_first = 4'096;

  Element* data() const { return reinterpret_cast<Element*>(memory_.data()); }
  void grow(std::size_t needed) {
    std::size_t bytes = std::max(memory_.bytes(), bytes_at_first);
    while (bytes < needed) bytes *= 2;
    memory_.grow(bytes);
  }

  HugeMemory memory_;
  std::size_t size_ = 0;
};

}  // namespace weir
