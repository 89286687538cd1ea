// One bit per row of a batch: presence, conditions, routes. Bits at and above `rows` are always zero.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir {

class BitMask {
 public:
  static constexpr std::size_t word_bits = 64;
  static constexpr std::size_t words_for(std::size_t rows) { return (rows + word_bits - 1) / word_bits; }

  // Keeps the memory of a larger earlier use.
  void assign(std::size_t rows, bool value) {
    rows_ = rows;
    words_.assign(words_for(rows), value ? ~std::uint64_t{0} : 0);
    clear_tail();
  }

  // Forgets the rows from `rows` on.
  void truncate(std::size_t rows) {
    rows_ = rows;
    words_.resize(words_for(rows));
    clear_tail();
  }

  std::size_t rows() const { return rows_; }
  std::size_t word_count() const { return words_.size(); }
  std::uint64_t* words() { return words_.data(); }
  const std::uint64_t* words() const { return words_.data(); }

  bool test(std::size_t row) const { return (words_[row / word_bits] >> (row % word_bits)) & 1U; }
  void set(std::size_t row) { words_[row / word_bits] |= std::uint64_t{1} << (row % word_bits); }
  void reset(std::size_t row) { words_[row / word_bits] &= ~(std::uint64_t{1} << (row % word_bits)); }

  std::size_t count() const {
    std::size_t total = 0;
    for (const std::uint64_t word : words_) total += static_cast<std::size_t>(std::popcount(word));
    return total;
  }

  // Restores the promise about the bits behind the last row after whole-word writes.
  void clear_tail() {
    if (const std::size_t tail = rows_ % word_bits; tail != 0) words_.back() &= (std::uint64_t{1} << tail) - 1;
  }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t rows_ = 0;
};

}  // namespace weir
