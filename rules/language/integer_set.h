// A set of integers, made for lists of millions: a table of the values themselves, ten bytes each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "rules/language/text_set.h"

namespace weir {

// Immutable once built; any number of threads may ask. Cache lines of eight values, four fifths full.
class IntegerSet {
 public:
  // Copies are left out.
  explicit IntegerSet(std::vector<std::int64_t> values);

  bool contains(std::int64_t value) const;
  // For each row of `rows` (bit i for values[i]): is it in the set? Memory is asked for ahead.
  std::uint64_t contains_each(const std::int64_t* values, std::uint64_t rows) const;

  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const { return lines_.capacity() * sizeof(Line); }
  const SetDigest& digest() const { return digest_; }

  // Calls `body(value)` for every value, in no particular order.
  template <typename Body>
  void for_each(Body&& body) const {
    if (has_nobody_) body(nobody);
    for (const Line& line : lines_)
      for (const std::int64_t value : line.values)
        if (value != nobody) body(value);
  }

 private:
  static constexpr std::int64_t nobody = std::numeric_limits<std::int64_t>::min();  // marks a free slot; kept apart as a value
  static constexpr std::size_t slots = 8;
  struct alignas(64) Line {
    std::int64_t values[slots] = {nobody, nobody, nobody, nobody, nobody, nobody, nobody, nobody};
  };

  void build(const std::vector<std::int64_t>& values, std::size_t distinct);
  std::size_t line_index(std::uint64_t hash) const;
  bool find(std::int64_t value, std::uint64_t hash) const;
  // False when it was there.
  bool insert(std::int64_t value, std::uint64_t hash);

  std::vector<Line> lines_;
  std::size_t size_ = 0;
  bool has_nobody_ = false;
  SetDigest digest_;
};

}  // namespace weir
