// What rules write by a key that is no shard's, while the shards of a lane take over another rule set one after the other.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/rules_lane.h"

namespace weir::test {
namespace {

constexpr std::size_t shards = 2;

std::string rules(bool second) {
  return std::string(R"(event payment {
  id string id
  at timestamp(ms) time
  card string key
  shop string
  amount int
}
feature blocks = count() by shop over 1h where outcome == block
feature often = count() by shop over 1h
)") + (second ? "feature alerts = count() by shop over 1h where outcome == alert\n" : "") +
         "pattern rising by shop within 1h { small: amount < 3 then amount > 2 * small.amount }\n"
         "let last = profile(shop).last\n" +
         (second ? "let first = profile(shop).first\n" : "") + "rule show \"Show\" { when true score 0 reason \"{blocks} {often} {last}" +
         (second ? " {alerts} {first}" : "") + "\" }\n" + "rule rises \"Rises\" { when rising matched score 1 }\n" +
         "rule big \"Big\" { when amount > 5 then block update shop set last = amount for 1h }\n" +
         "rule reset_often \"Reset\" { when amount == 7 score 1 reset often }\n" +
         (second ? "rule some \"Some\" { when amount == 4 and first is missing then alert update shop set first = amount for 1h }\n" : "") +
         "policy { precedence block, alert, allow otherwise -> allow }\n";
}

struct TwoShards {
  TwoShards() : lane(rules(false), 256) {
    lane.assign(0, {{1, rules(true)}}, 0);
    lane.assign(0, {{3, rules(true)}}, 1);
  }

  // What `show` said of the next payment of a shard, then "rises" where the pattern held.
  std::string pay(ShardIndex shard, int amount) {
    at += 1000;
    const std::string id = std::to_string(at);
    lane.feed({{"c", R"({"id":"p)" + id + R"(","at":)" + id + R"(,"card":"c","shop":"s","amount":)" + std::to_string(amount) + "}"}},
              next[shard]++, shard);
    const std::string decision = lane.decisions().back();
    const std::string mark = R"("rule":"show","text":")";
    const std::size_t begin = decision.find(mark) + mark.size();
    std::string text = decision.substr(begin, decision.find('"', begin) - begin);
    if (decision.find("\"rises\"") != std::string::npos) text += " rises";
    return text;
  }

  RulesLane lane;
  std::int64_t at = 1'000'000;
  std::int64_t next[shards] = {0, 0};
};

TEST(FeedbackReload, OverAKeyOfAllShardsBothRuleSetsKnowWhatEitherOfThemWrote) {
  TwoShards two;
  EXPECT_EQ(two.pay(0, 9), "0 1 ?");
  EXPECT_EQ(two.pay(1, 1), "1 2 9");
  // The first shard goes on by the second rule set, the other by the first.
  EXPECT_EQ(two.pay(0, 8), "1 3 9 0 ? rises");
  EXPECT_EQ(two.pay(1, 6), "2 4 8 rises");
  EXPECT_EQ(two.pay(0, 4), "3 5 6 0 ? rises");
  EXPECT_EQ(two.pay(1, 7), "3 6 6 rises");
  EXPECT_EQ(two.pay(0, 1), "4 1 7 1 4");  // the others' reset counts here, too
  EXPECT_EQ(two.pay(1, 3), "4 2 7 1 4 rises");
  two.lane.lane().forget_version(1);
  EXPECT_EQ(two.pay(0, 6), "4 3 7 1 4 rises");
  EXPECT_EQ(two.pay(1, 2), "5 4 6 1 4");
}

}  // namespace
}  // namespace weir::test
