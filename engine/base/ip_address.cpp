#include "engine/base/ip_address.h"

#include <algorithm>
#include <charconv>

namespace weir {
namespace {

constexpr std::size_t groups = 8;
constexpr int ipv4_prefix_bits = ipv6_bits - ipv4_bits;

// Digits of at most `digits_max`, in base 10 or 16, from the front of `text`; false if there are none, or more.
bool take_number(std::string_view& text, int base, std::size_t digits_max, std::uint32_t& into) {
  const char* const begin = text.data();
  const auto [end, failure] = std::from_chars(begin, begin + text.size(), into, base);
  const auto digits = static_cast<std::size_t>(end - begin);
  if (failure != std::errc{} || digits > digits_max) return false;
  text.remove_prefix(digits);
  return true;
}

bool parse_ipv4(std::string_view text, std::uint32_t& into) {
  into = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (!text.starts_with('.')) return false;
      text.remove_prefix(1);
    }
    const bool leading_zero = text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
    std::uint32_t number = 0;
    if (leading_zero || !take_number(text, 10, 3, number) || number > 255) return false;
    into = into << 8 | number;
  }
  return text.empty();
}

// Groups behind each other; `gap` is how many stood before "::", if it is there.
struct Groups {
  std::array<std::uint16_t, groups> values{};
  std::size_t count = 0;
  std::size_t gap = groups + 1;

  bool has_gap() const { return gap <= groups; }
  void push(std::uint32_t value) { values[count++] = static_cast<std::uint16_t>(value); }
};

// One group, or an IPv4 address as the last two.
bool take_group(std::string_view& text, Groups& into) {
  const std::size_t end = std::min(text.find(':'), text.size());
  if (const std::string_view rest = text.substr(0, end); end == text.size() && rest.find('.') != std::string_view::npos) {
    std::uint32_t address = 0;
    if (into.count + 2 > groups || !parse_ipv4(rest, address)) return false;
    into.push(address >> 16);
    into.push(address & 0xffff);
    text = {};
    return true;
  }
  std::uint32_t value = 0;
  if (into.count == groups || !take_number(text, 16, 4, value)) return false;
  into.push(value);
  return true;
}

bool take_groups(std::string_view text, Groups& into) {
  if (text.starts_with("::")) {
    into.gap = 0;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (take_group(text, into)) {
    if (text.empty()) return true;
    if (text.starts_with("::")) {
      if (into.has_gap()) return false;
      into.gap = into.count;
      text.remove_prefix(2);
      if (text.empty()) return true;
    } else if (text.starts_with(':')) {
      text.remove_prefix(1);
    } else {
      return false;
    }
  }
  return false;
}

bool parse_ipv6(std::string_view text, IpAddress& into) {
  Groups found;
  if (!take_groups(text, found)) return false;
  if (found.has_gap() ? found.count == groups : found.count != groups) return false;
  const std::size_t zeros = groups - found.count;
  for (std::size_t group = 0; group < groups; ++group) {
    std::uint16_t value = 0;
    if (group < found.gap && group < found.count) value = found.values[group];
    if (found.has_gap() && group >= found.gap + zeros) value = found.values[group - zeros];
    into.bytes[2 * group] = static_cast<std::uint8_t>(value >> 8);
    into.bytes[2 * group + 1] = static_cast<std::uint8_t>(value & 0xff);
  }
  return true;
}

// The lowest `bits` of a word, all 1.
constexpr std::uint64_t low_bits(int bits) {
  return bits <= 0 ? 0 : bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

IpNetwork network_of(const IpAddress& address, int prefix) {
  const std::uint64_t high_rest = low_bits(64 - prefix);
  const std::uint64_t low_rest = low_bits(ipv6_bits - prefix);
  return {IpAddress::of_words(address.high() & ~high_rest, address.low() & ~low_rest),
          IpAddress::of_words(address.high() | high_rest, address.low() | low_rest)};
}

struct Run {
  std::size_t begin = 0;
  std::size_t count = 0;
};

// The longest run of two zeros or more, the first of several.
Run longest_zeros(const std::array<std::uint16_t, groups>& values) {
  Run longest;
  for (std::size_t begin = 0; begin < groups; ++begin) {
    std::size_t end = begin;
    while (end < groups && values[end] == 0) ++end;
    if (end - begin > std::max<std::size_t>(longest.count, 1)) longest = {begin, end - begin};
    begin = end;
  }
  return longest;
}

char* write_number(char* to, std::uint32_t value, int base) {
  return std::to_chars(to, to + 8, value, base).ptr;
}

}  // namespace

IpAddress IpAddress::of_words(std::uint64_t high, std::uint64_t low) {
  IpAddress address;
  high = __builtin_bswap64(high);
  low = __builtin_bswap64(low);
  std::memcpy(address.bytes.data(), &high, sizeof high);
  std::memcpy(address.bytes.data() + 8, &low, sizeof low);
  return address;
}

bool parse_ip(std::string_view text, IpAddress& into) {
  if (text.size() > ip_text_bytes_max) return false;
  if (text.find(':') != std::string_view::npos) return parse_ipv6(text, into);
  std::uint32_t address = 0;
  if (!parse_ipv4(text, address)) return false;
  into = IpAddress::of_ipv4(address);
  return true;
}

std::optional<IpNetwork> parse_ip_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  IpAddress address;
  if (!parse_ip(text.substr(0, slash), address)) return std::nullopt;
  if (slash == std::string_view::npos) return IpNetwork{address, address};
  std::string_view written = text.substr(slash + 1);
  std::uint32_t bits = 0;
  const bool leading_zero = written.size() > 1 && written[0] == '0';
  if (leading_zero || !take_number(written, 10, 3, bits) || !written.empty()) return std::nullopt;
  const bool dotted = text.substr(0, slash).find(':') == std::string_view::npos;
  if (bits > static_cast<std::uint32_t>(dotted ? ipv4_bits : ipv6_bits)) return std::nullopt;
  const IpNetwork network = network_of(address, static_cast<int>(bits) + (dotted ? ipv4_prefix_bits : 0));
  if (network.first != address) return std::nullopt;
  return network;
}

IpAddress first_of_network(const IpAddress& address, int bits) {
  if (!address.is_ipv4()) return network_of(address, std::clamp(bits, 0, ipv6_bits)).first;
  return network_of(address, std::clamp(bits, 0, ipv4_bits) + ipv4_prefix_bits).first;
}

bool is_private(const IpAddress& address) {
  if (!address.is_ipv4()) {
    const std::uint64_t high = address.high();
    if (high == 0 && address.low() <= 1) return true;             // :: and ::1
    return high >> 57 == 0xfc >> 1 || high >> 54 == 0xfe80 >> 6;  // fc00::/7, fe80::/10
  }
  const std::uint32_t ipv4 = address.ipv4();
  const std::uint32_t first = ipv4 >> 24;
  if (first == 10 || first == 127 || ipv4 == 0) return true;
  return ipv4 >> 20 == 0xac1 || ipv4 >> 16 == 0xc0a8 || ipv4 >> 16 == 0xa9fe || ipv4 >> 22 == 0x6440 >> 6;
}

void append_ip(ByteBuffer& out, const IpAddress& address) {
  char* const begin = out.grow(ip_text_bytes_max + 8);
  char* to = begin;
  if (address.is_ipv4()) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      to = write_number(to, address.ipv4() >> shift & 0xff, 10);
      if (shift > 0) *to++ = '.';
    }
    out.advance(static_cast<std::size_t>(to - begin));
    return;
  }
  std::array<std::uint16_t, groups> values{};
  for (std::size_t group = 0; group < groups; ++group)
    values[group] = static_cast<std::uint16_t>(address.bytes[2 * group] << 8 | address.bytes[2 * group + 1]);
  const Run zeros = longest_zeros(values);
  for (std::size_t group = 0; group < groups; ++group) {
    if (zeros.count > 0 && group == zeros.begin) {
      *to++ = ':';
      *to++ = ':';
      group += zeros.count - 1;
      continue;
    }
    if (group > 0 && to[-1] != ':') *to++ = ':';
    to = write_number(to, values[group], 16);
  }
  out.advance(static_cast<std::size_t>(to - begin));
}

}  // namespace weir
