// What keeps a service from starting is told by a check in the same words.
#include "engine/app/start_checks.h"

#include <gmock/gmock.h>

#include "tests/unit/service/service_folder.h"

namespace weir {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* rules = R"(
event payment {
  id           string     id
  created_at   timestamp  time
  card_id      string     key
  device_id    string?
  amount       decimal
  currency     string
  merchant_id  string
}
feature shop_blocks = count() by merchant_id over 1h where outcome == block
rule first_block "Large" { when amount > 400 then block update merchant_id set seen = true for 1h }
rule seen "Seen before" { when profile(merchant_id).seen and shop_blocks >= 2 then alert }
policy {
  precedence block, alert, allow
  otherwise -> allow
}
test "a large payment is blocked" {
  when payment { amount: 500.00 }
  expect outcome block
}
)";

class StartChecksTest : public test::ServiceFolder {
 protected:
  StartChecksTest() : ServiceFolder(rules) {}
};

TEST_F(StartChecksTest, WhatNeedsOneLaneIsRefusedOnSeveralByCheckAndRunAlike) {
  const std::filesystem::path path = config("several", 3, 64, 1'000);
  constexpr const char* why =
      "`profile(merchant_id).seen` is kept from earlier decisions or events, and its key is not that of the shard: "
      "with 3 lanes, events of one key could be decided at the same time";
  std::string said;
  EXPECT_EQ(weir({"check", path.string()}, said), 1);
  EXPECT_THAT(said, HasSubstr(why));
  EXPECT_THAT(said, HasSubstr("runtime: { lanes: 3 }"));
  EXPECT_EQ(weir({"run", path.string()}, said), 78);
  EXPECT_THAT(said, HasSubstr(why));
  for (const char* lanes : {"runtime.lanes=1", "runtime.lanes=auto"}) {
    EXPECT_EQ(weir({"check", path.string(), "--set", lanes}, said), 0) << said;
    EXPECT_EQ(weir({"run", path.string(), "--set", lanes}, said), 0) << said;
    EXPECT_THAT(said, Not(HasSubstr("error")));
  }
  EXPECT_EQ(sorted_lines("several", "decisions.jsonl").size() + sorted_lines("several", "dead.jsonl").size(), 1'000U);
}

TEST(LaneChoices, AreTheConfigsOrOneOrAllCoresLessOne) {
  EXPECT_EQ(choose_lanes({}, "", 8).lanes, 7U);
  EXPECT_EQ(choose_lanes({}, "", 1).lanes, 1U);
  EXPECT_EQ(choose_lanes({}, "", 0).lanes, 1U);
  EXPECT_EQ(choose_lanes(4, "", 2).lanes, 4U);
  EXPECT_EQ(choose_lanes(1, "fact", 8).lanes, 1U);
  EXPECT_EQ(choose_lanes(1, "fact", 8).reason, "");
  EXPECT_EQ(choose_lanes({}, "fact", 8).lanes, 1U);
  EXPECT_EQ(choose_lanes({}, "fact", 8).reason,
            "`fact` is kept from earlier decisions or events, and its key is not that of the shard: one lane decides all events "
            "(`runtime.lanes` is not set)");
  EXPECT_EQ(choose_lanes({}, "fact", 2).reason, "");
}

}  // namespace
}  // namespace weir
