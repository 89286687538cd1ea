// A set of IP addresses, made for lists of millions of addresses and networks: ranges in ascending order, neighbours joined.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/ip_address.h"
#include "rules/language/text_set.h"

namespace weir {

// Collects networks; 8 bytes for each of IPv4.
class IpRanges {
 public:
  // An IPv6 network that holds the IPv4 addresses, such as ::/0, means IPv6 alone.
  void add(const IpNetwork& network);
  std::size_t count() const { return ipv4_.size() + ipv6_.size(); }

 private:
  friend class IpSet;
  struct Range4 {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
  };
  struct Range6 {
    IpAddress first;
    IpAddress last;
  };
  std::vector<Range4> ipv4_;
  std::vector<Range6> ipv6_;
};

// Immutable once built; any number of threads may ask. 8 bytes a range of IPv4, 32 one of IPv6, and 256 KiB for large sets.
class IpSet {
 public:
  explicit IpSet(IpRanges ranges);

  bool contains(const IpAddress& address) const;
  // For each row of `rows` (bit i for addresses[i]): is it in the set?
  std::uint64_t contains_each(const IpAddress* addresses, std::uint64_t rows) const;

  // Ranges, not addresses: equal sets have equally many, however they were written.
  std::size_t size() const { return ipv4_.size() + ipv6_.size(); }
  std::size_t memory_bytes() const;
  const SetDigest& digest() const { return digest_; }

 private:
  bool contains_ipv4(std::uint32_t address) const;
  bool contains_ipv6(const IpAddress& address) const;

  std::vector<IpRanges::Range4> ipv4_;
  std::vector<IpRanges::Range6> ipv6_;
  std::vector<std::uint32_t> begins_;  // of large sets, by the first 16 bits: the first range of IPv4 that begins with them or behind
  SetDigest digest_;
};

}  // namespace weir
