// The state of one key in its block: a header, the key's bytes, then the ring of a key with few events or the hot state of one with many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "engine/features/feature_plan.h"
#include "engine/features/hot_key.h"
#include "engine/features/ring_view.h"

namespace weir {

//     | header, 24 bytes | key, padded to 8 | arrays of `capacity` entries, or a pointer to the hot state |
struct KeyState {
  std::int64_t newest = 0;
  std::uint32_t tag = 0;
  std::uint32_t key_bytes = 0;
  std::uint32_t lines = 0;    // of the block
  std::uint8_t begin = 0;     // oldest entry
  std::uint8_t count = 0;     // entries
  std::uint8_t capacity = 0;  // 0: hot

  static constexpr std::size_t ring_offset(std::size_t key_bytes) { return sizeof(KeyState) + (key_bytes + 7) / 8 * 8; }

  char* after_header() { return reinterpret_cast<char*>(this + 1); }
  std::string_view key() { return {after_header(), key_bytes}; }
  bool is_hot() const { return capacity == 0; }

  RingView ring(const KeyGroupPlan& plan) { return {&plan, reinterpret_cast<char*>(this) + ring_offset(key_bytes), capacity}; }

  HotKey* hot() {
    HotKey* pointer = nullptr;
    std::memcpy(&pointer, reinterpret_cast<char*>(this) + ring_offset(key_bytes), sizeof pointer);
    return pointer;
  }
  void set_hot(HotKey* pointer) {
    capacity = 0;
    std::memcpy(reinterpret_cast<char*>(this) + ring_offset(key_bytes), &pointer, sizeof pointer);
  }
};
static_assert(sizeof(KeyState) == 24);

}  // namespace weir
