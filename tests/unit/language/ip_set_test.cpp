// Sets of addresses and networks against a walk over what was added.
#include "rules/language/ip_set.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "rules/language/value_set.h"

namespace weir {
namespace {

ValueSet set_of(const std::vector<std::string>& written) {
  ValueSetBuilder builder(ValueType::ip, 0);
  for (const std::string& text : written) EXPECT_TRUE(builder.add(text)) << text;
  return builder.finish();
}

bool contains(const ValueSet& set, std::string_view text) {
  IpAddress address;
  EXPECT_TRUE(parse_ip(text, address)) << text;
  return set.addresses->contains(address);
}

// Around the borders of what was added: itself, one before, one behind, and anywhere.
IpAddress probe(const std::vector<IpNetwork>& networks, Random& random) {
  const IpNetwork& network = networks[random.below(networks.size())];
  const IpAddress& end = random.chance(0.5) ? network.first : network.last;
  const std::uint64_t step = random.below(3) - 1;
  if (random.chance(0.2))
    return network.first.is_ipv4() ? IpAddress::of_ipv4(static_cast<std::uint32_t>(random.next()))
                                   : IpAddress::of_words(random.next(), random.next());
  if (end.is_ipv4()) return IpAddress::of_ipv4(end.ipv4() + static_cast<std::uint32_t>(step));
  return IpAddress::of_words(end.high(), end.low() + step);
}

TEST(IpSetTest, HoldsWhatAWalkOverItsNetworksFinds) {
  Random random(3);
  for (const std::size_t count : {1U, 2U, 40U, 3'000U, 9'000U}) {
    std::vector<IpNetwork> networks;
    IpRanges ranges;
    for (std::size_t index = 0; index < count; ++index) {
      const bool ipv4 = random.chance(0.7);
      IpAddress address = ipv4 ? IpAddress::of_ipv4(static_cast<std::uint32_t>(random.next() >> (random.chance(0.5) ? 32 : 42)))
                               : IpAddress::of_words(random.chance(0.5) ? 0x2001'0db8'0000'0000 : random.next(), random.next());
      const int bits = static_cast<int>(ipv4 ? random.between(count > 100 ? 20 : 0, 32) : random.between(3, 128));
      address = first_of_network(address, bits);
      ByteBuffer text;
      append_ip(text, address);
      text.append('/');
      text.append(std::to_string(bits));
      const std::optional<IpNetwork> network = parse_ip_network(text.view());
      ASSERT_TRUE(network) << text.view();
      networks.push_back(*network);
      ranges.add(*network);
    }
    const IpSet set(std::move(ranges));
    EXPECT_LE(set.size(), count);
    std::size_t found = 0;
    for (int round = 0; round < 2'000; ++round) {
      std::vector<IpAddress> asked(64);
      std::uint64_t expected = 0;
      const std::uint64_t rows = random.next();
      if (round >= 20 && count > 100) break;
      for (std::size_t row = 0; row < asked.size(); ++row) {
        asked[row] = probe(networks, random);
        const bool holds = std::any_of(networks.begin(), networks.end(), [&](const IpNetwork& network) {
          return asked[row].is_ipv4() == network.first.is_ipv4() && network.first <= asked[row] && asked[row] <= network.last;
        });
        if (holds) expected |= std::uint64_t{1} << row;
        ASSERT_EQ(set.contains(asked[row]), holds);
        found += holds ? 1 : 0;
      }
      ASSERT_EQ(set.contains_each(asked.data(), rows), expected & rows);
    }
    EXPECT_GT(found, 100U);
  }
}

TEST(IpSetTest, IsTheSameHoweverItWasWritten) {
  const std::string whole = set_of({"10.0.0.0/8", "2001:db8::/32"}).canonical_text();
  EXPECT_EQ(set_of({"2001:db8:8000::/33", "10.128.0.0/9", "10.0.0.0/9", "::ffff:10.1.2.3", "2001:db8::/33"}).canonical_text(), whole);
  EXPECT_NE(set_of({"10.0.0.0/8", "2001:db8::/33"}).canonical_text(), whole);
  EXPECT_NE(set_of({"10.0.0.0/9", "2001:db8::/32"}).canonical_text(), whole);
  EXPECT_EQ(set_of({"0.0.0.0/1", "128.0.0.0/1"}).canonical_text(), set_of({"0.0.0.0/0"}).canonical_text());
}

TEST(IpSetTest, KeepsIPv4AndIPv6Apart) {
  const ValueSet six = set_of({"::/0"});
  EXPECT_TRUE(contains(six, "::"));
  EXPECT_TRUE(contains(six, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
  EXPECT_FALSE(contains(six, "10.0.0.1"));
  const ValueSet four = set_of({"0.0.0.0/0"});
  EXPECT_TRUE(contains(four, "0.0.0.0"));
  EXPECT_TRUE(contains(four, "255.255.255.255"));
  EXPECT_FALSE(contains(four, "::1"));
  const ValueSet ends = set_of({"255.255.255.255", "255.255.255.0/24", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff00::/8"});
  EXPECT_EQ(ends.size(), 2U);
  EXPECT_TRUE(contains(ends, "255.255.255.0"));
  EXPECT_TRUE(contains(ends, "ff00::1"));
}

TEST(IpSetTest, CostsEightBytesANetwork) {
  constexpr std::size_t count = 1'000'000;
  IpRanges ranges;
  for (std::uint32_t index = 0; index < count; ++index) {
    const IpAddress address = IpAddress::of_ipv4(index * 4'093);
    ranges.add({address, address});
  }
  const IpSet set(std::move(ranges));
  EXPECT_EQ(set.size(), count);
  EXPECT_LT(set.memory_bytes(), count * 10);
}

}  // namespace
}  // namespace weir
