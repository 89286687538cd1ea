#include "engine/base/ip_address.h"

#include <string>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "engine/base/random.h"

namespace weir {
namespace {

std::string text_of(const IpAddress& address) {
  ByteBuffer out;
  append_ip(out, address);
  return std::string(out.view());
}

// As it is written canonically; "no" when it is no address.
std::string read(std::string_view text) {
  IpAddress address;
  return parse_ip(text, address) ? text_of(address) : "no";
}

std::string read_network(std::string_view text) {
  const std::optional<IpNetwork> network = parse_ip_network(text);
  return network ? text_of(network->first) + " to " + text_of(network->last) : "no";
}

TEST(IpAddressTest, WritesAddressesInOneWay) {
  EXPECT_EQ(read("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(read("0.0.0.0"), "0.0.0.0");
  EXPECT_EQ(read("255.255.255.255"), "255.255.255.255");
  EXPECT_EQ(read("::"), "::");
  EXPECT_EQ(read("::1"), "::1");
  EXPECT_EQ(read("1::"), "1::");
  EXPECT_EQ(read("2001:DB8:0:0:0:0:2:1"), "2001:db8::2:1");
  EXPECT_EQ(read("2001:0db8::0001"), "2001:db8::1");
  EXPECT_EQ(read("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");  // one zero is no run
  EXPECT_EQ(read("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");           // the longer one
  EXPECT_EQ(read("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");     // the first of two
  EXPECT_EQ(read("1:2:3:4:5:6:7::"), "1:2:3:4:5:6:7:0");
  EXPECT_EQ(read("64:ff9b::192.0.2.33"), "64:ff9b::c000:221");
}

TEST(IpAddressTest, KnowsIPv4HoweverItIsWritten) {
  EXPECT_EQ(read("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(read("::ffff:c000:201"), "192.0.2.1");
  EXPECT_EQ(read("0:0:0:0:0:FFFF:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(read("::192.0.2.1"), "::c000:201");  // not mapped: an IPv6 address
}

TEST(IpAddressTest, RefusesWhatIsNoAddress) {
  for (const std::string_view text : {"",
                                      " ",
                                      "1",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "1.2.3.256",
                                      "01.2.3.4",
                                      "1.2.3.04",
                                      "1.2.3.4 ",
                                      " 1.2.3.4",
                                      "1.2.3.-4",
                                      "1..2.3",
                                      "1.2.3.",
                                      "0x1.2.3.4",
                                      ":",
                                      ":::",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1::2::3",
                                      "1:2:3:4:5:6:7:8::",
                                      "::1:2:3:4:5:6:7:8",
                                      ":1:2:3:4:5:6:7:8",
                                      "1:2:3:4:5:6:7:",
                                      "12345::",
                                      "g::",
                                      "fe80::1%eth0",
                                      "[::1]",
                                      "1.2.3.4:80",
                                      "::1.2.3",
                                      "1:2:3:4:5:6:7:1.2.3.4",
                                      "::ffff:1.2.3.4:5",
                                      "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"})
    EXPECT_EQ(read(text), "no") << text;
}

TEST(IpAddressTest, AgreesWithTheSystem) {
  Random random(7);
  const std::string characters = "0123456789abcdfF:::...";
  std::size_t known = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    if (round % 4 == 0) {
      char written[INET6_ADDRSTRLEN];
      const IpAddress address = IpAddress::of_words(random.next() >> (random.below(4) * 16), random.next() >> (random.below(4) * 16));
      ASSERT_NE(inet_ntop(AF_INET6, address.bytes.data(), written, sizeof written), nullptr);
      text = written;
      if (random.below(3) == 0) text[random.below(text.size())] = characters[random.below(characters.size())];
    } else {
      for (std::size_t left = 1 + random.below(18); left > 0; --left) text += characters[random.below(characters.size())];
    }
    IpAddress expected;
    bool valid = inet_pton(AF_INET6, text.c_str(), expected.bytes.data()) == 1;
    in_addr ipv4{};
    if (!valid && inet_pton(AF_INET, text.c_str(), &ipv4) == 1) {
      valid = true;
      expected = IpAddress::of_ipv4(ntohl(ipv4.s_addr));
    }
    IpAddress found;
    ASSERT_EQ(parse_ip(text, found), valid) << text;
    if (!valid) continue;
    ++known;
    ASSERT_EQ(found, expected) << text;
    IpAddress again;
    ASSERT_TRUE(parse_ip(text_of(found), again)) << text_of(found);
    ASSERT_EQ(again, found);
  }
  EXPECT_GT(known, 20'000U);
}

TEST(IpAddressTest, ReadsNetworks) {
  EXPECT_EQ(read_network("10.0.0.0/8"), "10.0.0.0 to 10.255.255.255");
  EXPECT_EQ(read_network("192.0.2.7"), "192.0.2.7 to 192.0.2.7");
  EXPECT_EQ(read_network("192.0.2.7/32"), "192.0.2.7 to 192.0.2.7");
  EXPECT_EQ(read_network("0.0.0.0/0"), "0.0.0.0 to 255.255.255.255");
  EXPECT_EQ(read_network("2001:db8::/32"), "2001:db8:: to 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
  EXPECT_EQ(read_network("2001:db8:0:2::/63"), "2001:db8:0:2:: to 2001:db8:0:3:ffff:ffff:ffff:ffff");
  EXPECT_EQ(read_network("::/0"), ":: to ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  EXPECT_EQ(read_network("::ffff:10.0.0.0/104"), "10.0.0.0 to 10.255.255.255");
  for (const std::string_view text : {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/8 ",
                                      "/8", "::/129", "2001:db8::1/64", "10/8"})
    EXPECT_EQ(read_network(text), "no") << text;
}

TEST(IpAddressTest, FindsTheNetworkOfAnAddress) {
  const auto first = [](std::string_view text, int bits) {
    IpAddress address;
    EXPECT_TRUE(parse_ip(text, address));
    return text_of(first_of_network(address, bits));
  };
  EXPECT_EQ(first("192.0.2.77", 24), "192.0.2.0");
  EXPECT_EQ(first("192.0.2.77", 32), "192.0.2.77");
  EXPECT_EQ(first("192.0.2.77", 0), "0.0.0.0");
  EXPECT_EQ(first("192.0.2.77", 31), "192.0.2.76");
  EXPECT_EQ(first("2001:db8:1:2:3::4", 64), "2001:db8:1:2::");
  EXPECT_EQ(first("2001:db8:1:2:3::4", 128), "2001:db8:1:2:3::4");
  EXPECT_EQ(first("2001:db8:1:2:3::4", 0), "::");
}

TEST(IpAddressTest, KnowsWhatTheInternetDoesNotReach) {
  const auto kind = [](std::string_view text) {
    IpAddress address;
    EXPECT_TRUE(parse_ip(text, address)) << text;
    return is_private(address);
  };
  for (const std::string_view text :
       {"10.0.0.0", "10.255.255.255", "127.0.0.1", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255", "169.254.1.1",
        "100.64.0.0", "100.127.255.255", "0.0.0.0", "::", "::1", "fc00::", "fdff::1", "fe80::1", "febf::1", "::ffff:10.1.2.3"})
    EXPECT_TRUE(kind(text)) << text;
  for (const std::string_view text : {"9.255.255.255", "11.0.0.0", "126.0.0.1", "128.0.0.1", "172.15.255.255", "172.32.0.0",
                                      "192.167.255.255", "192.169.0.0", "169.253.1.1", "169.255.0.0", "100.63.255.255", "100.128.0.0",
                                      "::2", "fbff::", "fe00::", "fe7f::1", "fec0::1", "2001:db8::1", "::ffff:8.8.8.8"})
    EXPECT_FALSE(kind(text)) << text;
}

TEST(IpAddressTest, OrdersAddressesAsTheirBytes) {
  std::vector<IpAddress> ascending;
  for (const std::string_view text :
       {"::", "::1", "::fffe:ffff:ffff", "0.0.0.0", "1.2.3.4", "1.2.3.5", "255.255.255.255", "::1:0:0:0", "1::", "ff::"}) {
    IpAddress address;
    ASSERT_TRUE(parse_ip(text, address)) << text;
    if (!ascending.empty()) {
      EXPECT_LT(ascending.back(), address) << text;
    }
    ascending.push_back(address);
  }
}

}  // namespace
}  // namespace weir
