#include "rules/language/lookup_table.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>
#include <xxhash.h>

namespace weir {

namespace {

std::uint64_t hash_key(std::string_view key) {
  return XXH3_64bits(key.data(), key.size());
}

std::uint64_t hash_key(std::int64_t key) {
  return XXH3_64bits(&key, sizeof(key));
}

template <typename Key, typename Keys>
LookupRow find_single(const std::vector<LookupRow>& slots, const Keys& keys, Key key) {
  const std::size_t mask = slots.size() - 1;
  for (std::size_t at = hash_key(key) & mask;; at = (at + 1) & mask) {
    const LookupRow row = slots[at];
    if (row == no_lookup_row || keys[row] == key) return row;
  }
}

// The last range that begins at or before the key, if it reaches so far.
template <typename Key, typename Keys>
LookupRow find_range(const std::vector<LookupRow>& ascending, const Keys& first, const Keys& last, Key key) {
  const auto behind =
      std::upper_bound(ascending.begin(), ascending.end(), key, [&](const Key& wanted, LookupRow row) { return wanted < first[row]; });
  if (behind == ascending.begin()) return no_lookup_row;
  const LookupRow row = *(behind - 1);
  return last[row] < key ? no_lookup_row : row;
}

template <typename Keys>
void sort_by(const Keys& first, std::vector<LookupRow>& rows) {
  std::stable_sort(rows.begin(), rows.end(), [&](LookupRow one, LookupRow other) { return first[one] < first[other]; });
}

}  // namespace

LookupTable::LookupTable(const LookupShape& shape, LookupKeys keys, std::vector<LookupColumn> columns, std::string digest,
                         std::vector<LookupConflict>& conflicts, std::size_t conflicts_max)
    : key_type_(shape.key_type),
      ranged_(shape.is_ranged()),
      rows_(std::max({keys.first_integers.size(), keys.first_texts.size(), keys.first_addresses.size()})),
      keys_(std::move(keys)),
      columns_(std::move(columns)),
      digest_(std::move(digest)) {
  if (ranged_)
    index_ranges(conflicts, conflicts_max);
  else
    index_single_keys(conflicts, conflicts_max);
}

std::uint64_t LookupTable::hash_of(LookupRow row) const {
  return key_type_ == ValueType::string ? hash_key(std::string_view(keys_.first_texts[row])) : hash_key(keys_.first_integers[row]);
}

bool LookupTable::same_key(LookupRow one, LookupRow other) const {
  if (key_type_ == ValueType::string) return keys_.first_texts[one] == keys_.first_texts[other];
  return keys_.first_integers[one] == keys_.first_integers[other];
}

void LookupTable::index_single_keys(std::vector<LookupConflict>& conflicts, std::size_t conflicts_max) {
  slots_.assign(std::bit_ceil(rows_ * 2 + 2), no_lookup_row);
  const std::size_t mask = slots_.size() - 1;
  for (LookupRow row = 0; row < rows_; ++row) {
    std::size_t at = hash_of(row) & mask;
    while (slots_[at] != no_lookup_row && !same_key(slots_[at], row)) at = (at + 1) & mask;
    if (slots_[at] == no_lookup_row)
      slots_[at] = row;
    else if (conflicts.size() < conflicts_max)
      conflicts.push_back({row, slots_[at]});
  }
}

template <typename Keys>
void LookupTable::index_ranges(const Keys& first, const Keys& last, std::vector<LookupConflict>& conflicts, std::size_t conflicts_max) {
  sort_by(first, ascending_);
  // Of the ranges so far, the one that reaches furthest: it overlaps the next if any does.
  for (std::size_t at = 1, reaches = 0; at < ascending_.size(); ++at) {
    const LookupRow before = ascending_[reaches];
    const LookupRow row = ascending_[at];
    const bool overlaps = first[row] <= last[before];
    if (overlaps && conflicts.size() < conflicts_max) conflicts.push_back({std::max(row, before), std::min(row, before)});
    if (last[row] > last[before]) reaches = at;
  }
}

void LookupTable::index_ranges(std::vector<LookupConflict>& conflicts, std::size_t conflicts_max) {
  ascending_.resize(rows_);
  std::iota(ascending_.begin(), ascending_.end(), LookupRow{0});
  if (key_type_ == ValueType::string)
    index_ranges(keys_.first_texts, keys_.last_texts, conflicts, conflicts_max);
  else if (key_type_ == ValueType::ip)
    index_ranges(keys_.first_addresses, keys_.last_addresses, conflicts, conflicts_max);
  else
    index_ranges(keys_.first_integers, keys_.last_integers, conflicts, conflicts_max);
  std::sort(conflicts.begin(), conflicts.end(), [](const LookupConflict& one, const LookupConflict& other) { return one.row < other.row; });
}

LookupRow LookupTable::find(std::int64_t key) const {
  return ranged_ ? find_range(ascending_, keys_.first_integers, keys_.last_integers, key) : find_single(slots_, keys_.first_integers, key);
}

LookupRow LookupTable::find(std::string_view key) const {
  if (!ranged_) return find_single(slots_, keys_.first_texts, key);
  if (rows_ == 0 || key.size() != keys_.first_texts.front().size()) return no_lookup_row;
  return find_range(ascending_, keys_.first_texts, keys_.last_texts, key);
}

LookupRow LookupTable::find(const IpAddress& key) const {
  return find_range(ascending_, keys_.first_addresses, keys_.last_addresses, key);
}

}  // namespace weir
