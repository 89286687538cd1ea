#include "engine/features/ordered_values.h"

#include <bit>
#include <numeric>

#include "engine/base/int128.h"

namespace weir {
namespace {

constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;
constexpr std::uint32_t parts_of_whole = 10'000;

}  // namespace

std::uint64_t ordered_word(double value) {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(value);
  return (bits & sign_bit) != 0 ? bits ^ ~sign_bit : bits;
}

double number_of(std::uint64_t ordered_word) {
  return std::bit_cast<double>((ordered_word & sign_bit) != 0 ? ordered_word ^ ~sign_bit : ordered_word);
}

std::uint64_t OrderedValues::at(std::uint64_t index) const {
  NodeIndex place = root_;
  while (true) {
    const Node& node = nodes_[place];
    const std::uint64_t below = nodes_[node.left].total;
    if (index < below) {
      place = node.left;
    } else if (index < below + node.times) {
      return node.value;
    } else {
      index -= below + node.times;
      place = node.right;
    }
  }
}

OrderedValues::NodeIndex OrderedValues::new_node(std::uint64_t value) {
  NodeIndex place = static_cast<NodeIndex>(nodes_.size());
  if (free_.empty()) {
    nodes_.resize(place + std::size_t{1});
  } else {
    place = free_.back();
    free_.pop_back();
  }
  random_ ^= random_ << 13;
  random_ ^= random_ >> 17;
  random_ ^= random_ << 5;
  nodes_[place] = {value, 1, none, none, 1, place, random_};
  return place;
}

void OrderedValues::refresh(NodeIndex at) {
  Node& node = nodes_[at];
  const Node& left = nodes_[node.left];
  const Node& right = nodes_[node.right];
  node.total = left.total + node.times + right.total;
  node.best = left.best;
  if (node.times > nodes_[node.best].times) node.best = at;
  if (nodes_[right.best].times > nodes_[node.best].times) node.best = right.best;
}

OrderedValues::NodeIndex OrderedValues::add_below(NodeIndex at, std::uint64_t value) {
  if (at == none) return new_node(value);
  if (order_(value, nodes_[at].value)) {
    const NodeIndex left = add_below(nodes_[at].left, value);
    nodes_[at].left = left;
    if (nodes_[left].priority > nodes_[at].priority) {
      nodes_[at].left = nodes_[left].right;
      nodes_[left].right = at;
      refresh(at);
      at = left;
    }
  } else if (order_(nodes_[at].value, value)) {
    const NodeIndex right = add_below(nodes_[at].right, value);
    nodes_[at].right = right;
    if (nodes_[right].priority > nodes_[at].priority) {
      nodes_[at].right = nodes_[right].left;
      nodes_[right].left = at;
      refresh(at);
      at = right;
    }
  } else {
    ++nodes_[at].times;
  }
  refresh(at);
  return at;
}

OrderedValues::NodeIndex OrderedValues::remove_below(NodeIndex at, std::uint64_t value) {
  if (at == none) return none;
  if (order_(value, nodes_[at].value)) {
    nodes_[at].left = remove_below(nodes_[at].left, value);
  } else if (order_(nodes_[at].value, value)) {
    nodes_[at].right = remove_below(nodes_[at].right, value);
  } else if (--nodes_[at].times == 0) {
    free_.push_back(at);
    return join(nodes_[at].left, nodes_[at].right);
  }
  refresh(at);
  return at;
}

OrderedValues::NodeIndex OrderedValues::join(NodeIndex left, NodeIndex right) {
  if (left == none || right == none) return left == none ? right : left;
  if (nodes_[left].priority > nodes_[right].priority) {
    nodes_[left].right = join(nodes_[left].right, right);
    refresh(left);
    return left;
  }
  nodes_[right].left = join(left, nodes_[right].left);
  refresh(right);
  return right;
}

PercentileRank::PercentileRank(std::uint32_t parts, std::uint64_t count) {
  const std::uint64_t scaled = std::uint64_t{parts} * (count - 1);
  low = scaled / parts_of_whole;
  const auto rest = static_cast<std::uint32_t>(scaled % parts_of_whole);
  const std::uint32_t common = std::gcd(rest, parts_of_whole);
  share = rest / common;
  whole = parts_of_whole / common;
}

double PercentileRank::between(std::int64_t below, std::int64_t above, double unit) const {
  const Int128 weighed = static_cast<Int128>(below) * (whole - share) + static_cast<Int128>(above) * share;
  return static_cast<double>(weighed) / (static_cast<double>(whole) * unit);
}

double PercentileRank::between(double below, double above) const {
  if (share == 0) return below;
  return below + (above - below) * (static_cast<double>(share) / static_cast<double>(whole));
}

}  // namespace weir
