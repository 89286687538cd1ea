// Equality of short strings without a call: keys and names are a few words long.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir {

inline bool same_bytes(std::string_view left, std::string_view right) {
  const std::size_t size = left.size();
  if (size != right.size()) return false;
  const auto differs = [&](auto word, std::size_t at) {
    auto other = word;
    std::memcpy(&word, left.data() + at, sizeof word);
    std::memcpy(&other, right.data() + at, sizeof other);
    return word != other;
  };
  // The last word overlaps the one before.
  if (size >= sizeof(std::uint64_t)) {
    for (std::size_t at = 0; at + sizeof(std::uint64_t) < size; at += sizeof(std::uint64_t))
      if (differs(std::uint64_t{0}, at)) return false;
    return !differs(std::uint64_t{0}, size - sizeof(std::uint64_t));
  }
  if (size >= sizeof(std::uint32_t)) return !differs(std::uint32_t{0}, 0) && !differs(std::uint32_t{0}, size - sizeof(std::uint32_t));
  for (std::size_t at = 0; at < size; ++at)
    if (left[at] != right[at]) return false;
  return true;
}

}  // namespace weir
