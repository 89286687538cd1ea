#include "rules/language/integer_set.h"

#include <array>
#include <bit>

#include "engine/base/int128.h"
#include "engine/base/prefetch.h"

namespace weir {

namespace {

constexpr std::size_t group_size = 64;                          // values asked for ahead
constexpr std::size_t waits_from_bytes = std::size_t{1} << 18;  // smaller sets stay in the cache

std::uint64_t hash_of(std::int64_t value) {
  auto bits = static_cast<std::uint64_t>(value) + 0x9e3779b97f4a7c15ULL;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebULL;
  return bits ^ (bits >> 31);
}

}  // namespace

IntegerSet::IntegerSet(std::vector<std::int64_t> values) {
  build(values, values.size());
  // With many copies the table was made too large: once more, for what is there.
  if (size_ + size_ / 8 < values.size()) build(values, size_);
}

void IntegerSet::build(const std::vector<std::int64_t>& values, std::size_t distinct) {
  lines_.assign(distinct * 5 / (4 * slots) + 2, {});
  size_ = 0;
  has_nobody_ = false;
  digest_ = {};
  std::array<std::uint64_t, group_size> hashes{};
  for (std::size_t first = 0; first < values.size(); first += group_size) {
    const std::size_t count = std::min(group_size, values.size() - first);
    for (std::size_t at = 0; at < count; ++at) {
      hashes[at] = hash_of(values[first + at]);
      prefetch(&lines_[line_index(hashes[at])]);
    }
    for (std::size_t at = 0; at < count; ++at) {
      if (!insert(values[first + at], hashes[at])) continue;
      ++size_;
      digest_.add(hashes[at]);
    }
  }
}

std::size_t IntegerSet::line_index(std::uint64_t hash) const {
  return static_cast<std::size_t>((UInt128{hash} * lines_.size()) >> 64);
}

bool IntegerSet::insert(std::int64_t value, std::uint64_t hash) {
  if (value == nobody) {
    const bool is_new = !has_nobody_;
    has_nobody_ = true;
    return is_new;
  }
  for (std::size_t at = line_index(hash);; at = at + 1 == lines_.size() ? 0 : at + 1) {
    for (std::int64_t& slot : lines_[at].values) {
      if (slot == value) return false;
      if (slot != nobody) continue;
      slot = value;
      return true;
    }
  }
}

bool IntegerSet::find(std::int64_t value, std::uint64_t hash) const {
  if (value == nobody) return has_nobody_;
  for (std::size_t at = line_index(hash);; at = at + 1 == lines_.size() ? 0 : at + 1) {
    const Line& line = lines_[at];
    bool here = false;
    for (const std::int64_t slot : line.values) here |= slot == value;
    if (here) return true;
    if (line.values[slots - 1] == nobody) return false;
  }
}

bool IntegerSet::contains(std::int64_t value) const {
  return find(value, hash_of(value));
}

std::uint64_t IntegerSet::contains_each(const std::int64_t* values, std::uint64_t rows) const {
  std::uint64_t found = 0;
  std::array<std::uint64_t, 64> hashes;
  const bool waits = memory_bytes() >= waits_from_bytes;
  for (std::uint64_t left = rows; left != 0; left &= left - 1) {
    const auto row = static_cast<std::size_t>(std::countr_zero(left));
    hashes[row] = hash_of(values[row]);
    if (waits) prefetch(&lines_[line_index(hashes[row])]);
  }
  for (std::uint64_t left = rows; left != 0; left &= left - 1) {
    const auto row = static_cast<std::size_t>(std::countr_zero(left));
    found |= static_cast<std::uint64_t>(find(values[row], hashes[row])) << row;
  }
  return found;
}

}  // namespace weir
