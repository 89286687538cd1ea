#include "rules/evaluate/value_hash_set.h"

#include <bit>
#include <xxhash.h>

namespace weir::evaluate {

namespace {

std::size_t table_size(std::size_t values) {
  return std::bit_ceil(values * 2 + 2);
}

}  // namespace

IntegerHashSet::IntegerHashSet(std::span<const std::int64_t> values)
    : index_mask_(table_size(values.size()) - 1), values_(index_mask_ + 1, 0), used_(index_mask_ + 1, 0) {
  for (const std::int64_t value : values) {
    std::size_t at = hash(value) & index_mask_;
    while (used_[at] != 0 && values_[at] != value) at = (at + 1) & index_mask_;
    used_[at] = 1;
    values_[at] = value;
  }
}

StringHashSet::StringHashSet(std::span<const std::string> values) : index_mask_(table_size(values.size()) - 1), entries_(index_mask_ + 1) {
  for (const std::string& value : values) {
    if (contains(value)) continue;
    const std::uint64_t hash = XXH3_64bits(value.data(), value.size());
    std::size_t at = hash & index_mask_;
    while (entries_[at].used) at = (at + 1) & index_mask_;
    entries_[at] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(value.size()), bytes_.size(), true};
    bytes_ += value;
  }
}

bool StringHashSet::contains(std::string_view value) const {
  const std::uint64_t hash = XXH3_64bits(value.data(), value.size());
  const auto upper = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = hash & index_mask_;; at = (at + 1) & index_mask_) {
    const Entry& entry = entries_[at];
    if (!entry.used) return false;
    if (entry.hash == upper && entry.size == value.size() && value == std::string_view(bytes_).substr(entry.begin, entry.size)) return true;
  }
}

}  // namespace weir::evaluate
