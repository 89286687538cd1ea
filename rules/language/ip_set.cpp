#include "rules/language/ip_set.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <xxhash.h>

namespace weir {

namespace {

constexpr std::size_t indexed_from = 4'096;
constexpr std::size_t index_size = (std::size_t{1} << 16) + 1;
constexpr std::uint32_t ipv4_last = std::numeric_limits<std::uint32_t>::max();

// The one behind; wraps, which `ends` rules out before.
std::uint32_t next(std::uint32_t address) {
  return address + 1;
}
IpAddress next(const IpAddress& address) {
  return IpAddress::of_words(address.high() + (address.low() == ~std::uint64_t{0} ? 1 : 0), address.low() + 1);
}
bool is_last(std::uint32_t address) {
  return address == ipv4_last;
}
bool is_last(const IpAddress& address) {
  return (address.high() & address.low()) == ~std::uint64_t{0};
}

// Ascending, without overlaps, ranges that touch each other as one.
template <typename Range>
void join(std::vector<Range>& ranges) {
  const auto before = [](const Range& one, const Range& other) { return one.first < other.first; };
  if (!std::is_sorted(ranges.begin(), ranges.end(), before)) std::sort(ranges.begin(), ranges.end(), before);
  std::size_t kept = 0;
  for (const Range& range : ranges) {
    Range* const latest = kept == 0 ? nullptr : &ranges[kept - 1];
    if (latest != nullptr && (is_last(latest->last) || range.first <= next(latest->last)))
      latest->last = std::max(latest->last, range.last);
    else
      ranges[kept++] = range;
  }
  ranges.resize(kept);
  ranges.shrink_to_fit();
}

template <typename Range>
void add_all(const std::vector<Range>& ranges, SetDigest& into) {
  for (const Range& range : ranges) into.add(XXH3_64bits(&range, sizeof range));
}

// The last range that begins at or before the address is the only one that may hold it.
template <typename Iterator, typename Address>
bool holds(Iterator begin, Iterator end, const Address& address) {
  const auto behind = std::upper_bound(begin, end, address, [](const Address& wanted, const auto& range) { return wanted < range.first; });
  return behind != begin && address <= std::prev(behind)->last;
}

}  // namespace

void IpRanges::add(const IpNetwork& network) {
  if (network.first.is_ipv4() && network.last.is_ipv4())
    ipv4_.push_back({network.first.ipv4(), network.last.ipv4()});
  else
    ipv6_.push_back({network.first, network.last});
}

IpSet::IpSet(IpRanges ranges) : ipv4_(std::move(ranges.ipv4_)), ipv6_(std::move(ranges.ipv6_)) {
  join(ipv4_);
  join(ipv6_);
  add_all(ipv4_, digest_);
  add_all(ipv6_, digest_);
  if (ipv4_.size() < indexed_from) return;
  begins_.assign(index_size, static_cast<std::uint32_t>(ipv4_.size()));
  for (std::size_t at = ipv4_.size(); at-- > 0;) begins_[ipv4_[at].first >> 16] = static_cast<std::uint32_t>(at);
  for (std::size_t high = index_size - 1; high-- > 0;) begins_[high] = std::min(begins_[high], begins_[high + 1]);
}

std::size_t IpSet::memory_bytes() const {
  return ipv4_.capacity() * sizeof(IpRanges::Range4) + ipv6_.capacity() * sizeof(IpRanges::Range6) +
         begins_.capacity() * sizeof(std::uint32_t);
}

bool IpSet::contains(const IpAddress& address) const {
  return address.is_ipv4() ? contains_ipv4(address.ipv4()) : contains_ipv6(address);
}

std::uint64_t IpSet::contains_each(const IpAddress* addresses, std::uint64_t rows) const {
  std::uint64_t found = 0;
  for (; rows != 0; rows &= rows - 1) {
    const auto row = static_cast<std::size_t>(__builtin_ctzll(rows));
    found |= static_cast<std::uint64_t>(contains(addresses[row])) << row;
  }
  return found;
}

bool IpSet::contains_ipv4(std::uint32_t address) const {
  if (begins_.empty()) return holds(ipv4_.begin(), ipv4_.end(), address);
  const std::size_t high = address >> 16;
  const std::size_t begin = begins_[high];
  const std::size_t end = begins_[high + 1];
  // A range that begins before these 16 bits may reach into them.
  const std::size_t from = begin == 0 ? 0 : begin - 1;
  return holds(ipv4_.begin() + static_cast<std::ptrdiff_t>(from), ipv4_.begin() + static_cast<std::ptrdiff_t>(end), address);
}

bool IpSet::contains_ipv6(const IpAddress& address) const {
  return holds(ipv6_.begin(), ipv6_.end(), address);
}

}  // namespace weir
