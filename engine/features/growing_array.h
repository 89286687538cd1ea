// An array that becomes longer without copying what is in it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "engine/features/huge_memory.h"

namespace weir {

// Of elements that are nothing but their bytes; new ones are zero. Growing adds pages and copies no elements, once there are many: it takes
// no time that anybody would notice. Addresses of elements last until the next `resize`.
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
    if (size * sizeof(Element) > memory_.bytes()) memory_.grow(size * sizeof(Element));
    size_ = std::max(size_, size);
  }

 private:
  Element* data() const { return reinterpret_cast<Element*>(memory_.data()); }

  GrowingMemory memory_;
  std::size_t size_ = 0;
};

}  // namespace weir
