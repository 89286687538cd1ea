// The values of a window in their order, with how often each occurs: percentiles, the most frequent value and extremes, undone entry by
// entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/features/feature_plan.h"
#include "engine/features/growing_array.h"
#include "engine/features/name_table.h"

namespace weir {

// The order of values as a ring keeps them: numbers by size, names by their bytes.
struct ValueOrder {
  const NameTable* names = nullptr;  // set: the words are names

  bool operator()(std::uint64_t left, std::uint64_t right) const {
    if (names == nullptr) return static_cast<std::int64_t>(left) < static_cast<std::int64_t>(right);
    return left != right && names->text(static_cast<NameNumber>(left)) < names->text(static_cast<NameNumber>(right));
  }
};

// Doubles as integers of the same order, and back. Not for NaN.
std::uint64_t ordered_word(double value);
double number_of(std::uint64_t ordered_word);

// A treap over the distinct values; each node knows how many values are below it and which of them is the most frequent, so every question
// and every change takes a time that grows with the logarithm of the distinct values. 40 bytes a distinct value. One thread.
class OrderedValues {
 public:
  explicit OrderedValues(ValueOrder order) : order_(order) { nodes_.resize(1); }

  void add(std::uint64_t value) { root_ = add_below(root_, value); }
  void remove(std::uint64_t value) { root_ = remove_below(root_, value); }

  std::uint64_t size() const { return nodes_[root_].total; }
  // The value of rank `index`, counted from the smallest, equal ones one by one. Precondition: index < size().
  std::uint64_t at(std::uint64_t index) const;
  // The value that occurs most often, the smallest of several. Precondition: size() > 0.
  std::uint64_t most_frequent() const { return nodes_[nodes_[root_].best].value; }

  std::size_t bytes() const { return nodes_.bytes() + free_.capacity() * sizeof(std::uint32_t); }

 private:
  using NodeIndex = std::uint32_t;
  static constexpr NodeIndex none = 0;  // the first node: occurs never, holds nothing
  struct Node {
    std::uint64_t value = 0;
    std::uint64_t total = 0;  // values of the whole tree below, this one included
    NodeIndex left = none;
    NodeIndex right = none;
    std::uint32_t times = 0;
    NodeIndex best = none;
    std::uint32_t priority = 0;
  };

  NodeIndex add_below(NodeIndex at, std::uint64_t value);
  NodeIndex remove_below(NodeIndex at, std::uint64_t value);
  NodeIndex join(NodeIndex left, NodeIndex right);
  NodeIndex new_node(std::uint64_t value);
  void refresh(NodeIndex at);

  ValueOrder order_;
  GrowingArray<Node> nodes_;
  std::vector<NodeIndex> free_;
  NodeIndex root_ = none;
  std::uint32_t random_ = 0x9e3779b9;  // shapes the tree, never an answer
};

// Where a percentile lies among `count` sorted values: between those of rank `low` and `low + 1`, `share / whole` of the way, reduced.
// As percentile_cont of SQL: rank parts / 10,000 * (count - 1).
struct PercentileRank {
  PercentileRank(std::uint32_t parts, std::uint64_t count);

  double between(std::int64_t below, std::int64_t above, double unit) const;
  double between(double below, double above) const;

  std::uint64_t low = 0;
  std::uint32_t share = 0;
  std::uint32_t whole = 1;
};

// The percentile of `count` > 0 values, of which `at(rank)` is the word that OrderedValues keeps.
template <typename At>
double percentile_of(std::uint32_t parts, std::uint64_t count, bool floating, double unit, At at) {
  const PercentileRank rank(parts, count);
  const std::uint64_t below = at(rank.low);
  const std::uint64_t above = rank.share == 0 ? below : at(rank.low + 1);
  if (floating) return rank.between(number_of(below), number_of(above));
  return rank.between(static_cast<std::int64_t>(below), static_cast<std::int64_t>(above), unit);
}

}  // namespace weir
