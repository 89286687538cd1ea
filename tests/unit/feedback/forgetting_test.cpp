// Keys of facts and patterns that are over: not there any more from the same event on in any batch, and their memory comes back.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/feedback/end_times.h"
#include "tests/support/rules_lane.h"

namespace weir::test {
namespace {

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 60 * minute;

const std::string event_text =
    "event payment {\n id string id\n at timestamp(ms) time\n card string key\n amount int\n}\n"
    "policy { precedence block, alert, allow score >= 50 -> alert otherwise -> allow }\n";

FakeReader::Record payment(std::size_t number, std::int64_t at, const std::string& card, int amount) {
  return {card, R"({"id":"p)" + std::to_string(number) + R"(","at":)" + std::to_string(1'000'000'000'000 + at) + R"(,"card":")" + card +
                    R"(","amount":)" + std::to_string(amount) + "}"};
}

constexpr std::size_t far_too_late = 140'051;

// Cards that are flagged now and then, and events that ask for cards of long ago, some of them later than everything around them.
std::vector<FakeReader::Record> flags(std::size_t count) {
  std::vector<FakeReader::Record> all;
  for (std::size_t number = 0; number < count; ++number) {
    const std::int64_t at = static_cast<std::int64_t>(number) * 500;
    if (number == far_too_late) {
      // Later than everything around it, and than the end of a fact that is over.
      all.push_back(payment(number, at - 14 * hour, "k330", 0));
    } else if (number % 100 == 7) {
      all.push_back(payment(number, at, "k" + std::to_string(number / 100), 1));
    } else if (number % 100 == 50 && number > 60'000) {
      const std::size_t ago = std::min(number / 100, std::size_t{200 + number % 7 * 250});
      all.push_back(payment(number, at - 3 * hour, "k" + std::to_string(number / 100 - ago), number % 300 == 50 ? 1 : 0));
    } else {
      all.push_back(payment(number, at, "often" + std::to_string(number % 10), 0));
    }
  }
  return all;
}

std::vector<std::string> decided(const std::string& rules, std::size_t batch_size, const std::vector<FakeReader::Record>& records,
                                 std::uint32_t keys_max) {
  InputSettings input;
  input.feedback.fact_keys_max = keys_max;
  RulesLane lane(event_text + rules, batch_size, input);
  lane.assign();
  lane.feed(records);
  return lane.outcomes();
}

// Three generations of the recent past, so keys are over, at a limit that is reached again and again.
TEST(Forgetting, OfFactsAtTheirLimitIsTheSameInAnyBatch) {
  const std::string rules =
      "rule flag \"Flag\" { when amount == 1 then alert update card set flagged = true for 1h }\n"
      "rule flagged \"Flagged\" { when profile(card).flagged then block }\n";
  const std::vector<FakeReader::Record> records = flags(200'000);
  const std::vector<std::string> unlimited = decided(rules, 256, records, 100'000);
  EXPECT_TRUE(decided(rules, 5'000, records, 100'000) == unlimited);
  EXPECT_EQ(unlimited[far_too_late], "allow");
  for (const std::uint32_t keys_max : {400U, 1'000U}) {
    const std::vector<std::string> first = decided(rules, 256, records, keys_max);
    EXPECT_FALSE(first == unlimited) << "the limit was not met";
    EXPECT_GT(std::count(first.end() - 50'000, first.end(), "block"), 0) << "none was forgotten";
    for (const std::size_t batch_size : {64U, 5'000U})
      EXPECT_TRUE(decided(rules, batch_size, records, keys_max) == first) << keys_max << " keys, batches of " << batch_size;
  }
}

TEST(Forgetting, GivesTheMemoryOfFactsAndPatternsBack) {
  for (const std::string& rules : {std::string("rule flag \"Flag\" { when amount == 1 then alert update card set flagged = true for 1h }\n"
                                               "rule flagged \"Flagged\" { when profile(card).flagged then block }\n"),
                                   std::string("pattern p by card within 15m { small: amount == 1 then big: amount > 500 }\n"
                                               "rule r \"R\" { when p matched then block }\n")}) {
    RulesLane lane(event_text + rules, 256);
    lane.assign();
    std::uint64_t early = 0;
    for (std::size_t part = 0; part < 10; ++part) {
      std::vector<FakeReader::Record> records;
      for (std::size_t number = 0; number < 40'000; ++number)
        records.push_back(
            payment(number, static_cast<std::int64_t>(part * 40'000 + number) * 300, "k" + std::to_string(part * 40'000 + number), 1));
      lane.feed(records, static_cast<std::int64_t>(part) * 40'000);
      for (int turn = 0; turn < 200; ++turn) lane.lane().do_work(std::chrono::microseconds{0});
      if (part == 4) early = lane.lane().state().bytes.get();
    }
    EXPECT_GT(early, 0U);
    EXPECT_LT(lane.lane().state().bytes.get(), early * 5 / 4) << rules;
    EXPECT_LT(lane.lane().state().keys.get(), 250'000U) << rules;
  }
}

TEST(EndTimes, CountWhatIsNotOverWhateverComesFirst) {
  EndTimes ends;
  ends.move(EndTimes::never, 10 * hour);
  ends.move(EndTimes::never, EndTimes::endless);
  ends.move(EndTimes::never, 20 * hour);
  EXPECT_EQ(ends.keys(), 3U);
  ends.settle(15 * hour);
  EXPECT_EQ(ends.keys(), 2U);
  EXPECT_TRUE(EndTimes::is_over(10 * hour, 15 * hour));
  EXPECT_FALSE(EndTimes::is_over(20 * hour, 15 * hour));
  EXPECT_FALSE(EndTimes::is_over(EndTimes::endless, 15 * hour));
  EXPECT_TRUE(EndTimes::is_over(EndTimes::never, EndTimes::never));
  // One that was over lives on, another ends.
  ends.move(10 * hour, 30 * hour);
  ends.move(20 * hour, EndTimes::never);
  EXPECT_EQ(ends.keys(), 2U);
  ends.settle(5 * hour);
  ends.move(EndTimes::endless, 1 * hour);
  EXPECT_EQ(ends.keys(), 1U);
  ends.settle(40 * hour);
  EXPECT_EQ(ends.keys(), 0U);
}

}  // namespace
}  // namespace weir::test
