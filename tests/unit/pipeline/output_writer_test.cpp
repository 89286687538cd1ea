// Outputs of one batch that are more bytes than one OutputBatch takes.
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/rules_lane.h"

namespace weir::test {
namespace {

TEST(OutputWriter, GoesOnInAFurtherBatchWhereOneIsFull) {
  constexpr std::size_t events = 300;
  constexpr std::size_t full = std::size_t{64} * 1024 * 1024;
  const std::string shop(60'000, 's');
  RulesLane lane(
      "event payment {\n id string id\n at timestamp(ms) time\n card string key\n shop string\n}\n"
      "rule all \"All\" { when shop is present score 1 update card set a = shop update card set b = shop "
      "update card set c = shop update card set d = shop }\n"
      "policy { precedence alert, allow otherwise -> allow }\n",
      events);
  lane.assign();
  std::vector<FakeReader::Record> records;
  for (std::size_t index = 0; index < events; ++index) {
    const std::string number = std::to_string(index);
    records.push_back({number, R"({"id":"p)" + number + R"(","at":1000000000,"card":")" + number + R"(","shop":")" + shop + "\"}"});
  }
  lane.feed(records);
  EXPECT_EQ(lane.decisions().size(), events);
  const std::vector<FakeSink::Taken>& taken = lane.update_sink().taken;
  ASSERT_EQ(taken.size(), events * 4);
  std::map<const OutputBatch*, std::size_t> bytes;
  for (std::size_t index = 0; index < taken.size(); ++index) {
    EXPECT_EQ(taken[index].key, std::to_string(index / 4));
    EXPECT_NE(taken[index].value.find("\"event_id\":\"p" + taken[index].key + "\""), std::string::npos);
    EXPECT_NE(taken[index].value.find(std::string("\"set\":{\"") + "abcd"[index % 4] + "\":\"" + shop), std::string::npos);
    bytes[taken[index].batch] += taken[index].key.size() + taken[index].value.size();
  }
  EXPECT_EQ(bytes.size(), 2U);
  for (const auto& [batch, size] : bytes) EXPECT_LT(size, full + 2 * shop.size());
}

}  // namespace
}  // namespace weir::test
