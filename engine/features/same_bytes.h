// Equality of short strings without a call: keys and names are a few words long.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir {

inline bool same_bytes(std::string_view left, std::string_view right) {
  constexpr std::size_t word = sizeof(std::uint64_t);
  if (left.size() != right.size()) return false;
  const auto differs = [&](std::size_t at) {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::memcpy(&a, left.data() + at, word);
    std::memcpy(&b, right.data() + at, word);
    return a != b;
  };
  if (left.size() < word) {
    for (std::size_t at = 0; at < left.size(); ++at)
      if (left[at] != right[at]) return false;
    return true;
  }
  for (std::size_t at = 0; at + word < left.size(); at += word)
    if (differs(at)) return false;
  return !differs(left.size() - word);  // the last word overlaps the one before
}

}  // namespace weir
