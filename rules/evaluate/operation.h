// One step of a program: a kernel over a block of up to 64 rows, and the memory it works on.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/base/arena.h"

namespace weir::evaluate {

constexpr std::size_t block_rows = 64;

using MaskIndex = std::uint32_t;
using SlotIndex = std::uint32_t;

// Masks that every program has.
constexpr MaskIndex mask_rows = 0;   // the rows of the block that are judged
constexpr MaskIndex mask_empty = 1;  // none

// A block's memory. A mask is one word, bit i for row i. A slot holds one value a row: int64, double, string_view, GeoPoint or IpAddress.
// Slots of columns end after `rows` values, all others have 64.
struct Frame {
  std::size_t rows = 0;
  std::uint64_t* masks = nullptr;
  std::byte* const* slots = nullptr;
  Arena* text = nullptr;  // for strings that kernels make; lives until the batch is done

  template <typename T>
  const T* values(SlotIndex slot) const {
    return reinterpret_cast<const T*>(slots[slot]);
  }
  template <typename T>
  T* results(SlotIndex slot) const {
    return reinterpret_cast<T*>(slots[slot]);
  }
};

struct Operation;
using Kernel = void (*)(const Operation&, const Frame&);

// `result`, `a`, `b` and `c` are masks or slots, as the kernel has it. Only rows in masks[guard] & masks[demand] matter: elsewhere a mask
// result is 0 where the kernel says so, and a value is anything.
struct Operation {
  Kernel kernel = nullptr;  // none: when masks[guard] is 0, the `skip` operations that follow are left out
  std::uint32_t result = 0;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  MaskIndex guard = mask_rows;    // rows whose operands are present
  MaskIndex demand = mask_rows;   // rows whose result somebody reads
  MaskIndex present = mask_rows;  // written by kernels whose result may be missing
  MaskIndex failed = mask_rows;   // written by kernels that may overflow
  std::uint32_t skip = 0;
  std::int64_t parameter = 0;
  const void* attachment = nullptr;

  std::uint64_t live(const Frame& frame) const { return frame.masks[guard] & frame.masks[demand]; }
};

// Calls `body(row)` for every bit of `rows`, ascending.
template <typename Body>
inline void for_each_row(std::uint64_t rows, Body&& body) {
  for (; rows != 0; rows &= rows - 1) body(static_cast<std::size_t>(__builtin_ctzll(rows)));
}

}  // namespace weir::evaluate
