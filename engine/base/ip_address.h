// Addresses and networks of IPv4 and IPv6. An IPv4 address is kept as the IPv6 address that it is mapped to (::ffff:10.0.0.1), so both
// ways to write it are one value.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "engine/base/byte_buffer.h"

namespace weir {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // in network order, so that addresses sort as their bytes do

  auto operator<=>(const IpAddress&) const = default;

  static IpAddress of_words(std::uint64_t high, std::uint64_t low);
  static IpAddress of_ipv4(std::uint32_t address) { return of_words(0, std::uint64_t{0xffff'0000'0000} | address); }

  std::uint64_t high() const { return word(0); }
  std::uint64_t low() const { return word(8); }
  bool is_ipv4() const { return high() == 0 && low() >> 32 == 0xffff; }
  std::uint32_t ipv4() const { return static_cast<std::uint32_t>(low()); }

 private:
  std::uint64_t word(std::size_t at) const {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    return __builtin_bswap64(word);
  }
};

// What a key or an interned value is compared by; valid as long as `address`.
inline std::string_view bytes_of(const IpAddress& address) {
  return {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()};
}

// All addresses that share their first `prefix` bits, out of 128: those of 10.0.0.0/8 share 104.
struct IpNetwork {
  IpAddress first;
  IpAddress last;
};

constexpr int ipv4_bits = 32;
constexpr int ipv6_bits = 128;
constexpr std::size_t ip_text_bytes_max = 45;  // "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"

// "10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1"; no zone, no port, and no leading zeros in IPv4, which some read as octal.
bool parse_ip(std::string_view text, IpAddress& into);
// An address, or one with the number of its leading bits ("10.0.0.0/8", "2001:db8::/32"). Bits behind the prefix must be 0: a network has
// one way to be written.
std::optional<IpNetwork> parse_ip_network(std::string_view text);

// The first address of the network that has so many leading bits of `address`: up to 32 of an IPv4 address, up to 128 of others.
IpAddress first_of_network(const IpAddress& address, int bits);

// Not reachable from the internet: private, loopback, link-local, shared (100.64.0.0/10) and unique local (fc00::/7) addresses, and the
// unspecified one.
bool is_private(const IpAddress& address);

// RFC 5952: small letters, no leading zeros, the longest run of zeros as "::"; an IPv4 address as "10.0.0.1".
void append_ip(ByteBuffer& out, const IpAddress& address);

}  // namespace weir
