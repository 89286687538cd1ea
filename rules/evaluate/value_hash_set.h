// Flat hash sets for `in`: built once when a rule set is compiled, then only read. Open addressing, at most half full, exact comparison.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::evaluate {

class IntegerHashSet {
 public:
  explicit IntegerHashSet(std::span<const std::int64_t> values);

  bool contains(std::int64_t value) const {
    for (std::size_t at = hash(value) & index_mask_;; at = (at + 1) & index_mask_) {
      if (!used_[at]) return false;
      if (values_[at] == value) return true;
    }
  }

 private:
  static std::size_t hash(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value) * 0x9e3779b97f4a7c15ULL;
    return static_cast<std::size_t>(bits ^ (bits >> 32));
  }

  std::size_t index_mask_ = 0;
  std::vector<std::int64_t> values_;
  std::vector<std::uint8_t> used_;
};

class StringHashSet {
 public:
  explicit StringHashSet(std::span<const std::string> values);

  bool contains(std::string_view value) const;

 private:
  struct Entry {
    std::uint32_t hash = 0;  // upper half of the hash: most strangers are told apart without reading their bytes
    std::uint32_t size = 0;
    std::uint64_t begin = 0;  // into bytes_
    bool used = false;
  };

  std::size_t index_mask_ = 0;
  std::vector<Entry> entries_;
  std::string bytes_;
};

}  // namespace weir::evaluate
