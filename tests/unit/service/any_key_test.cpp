// Features by keys other than the shard's through the whole service, killed in between.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/child_process.h"
#include "tests/support/key_payments.h"
#include "tests/unit/service/service_folder.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

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
feature card_payments_10m  = count() by card_id over 10m
feature shop_payments_10m  = count() by merchant_id over 10m
let shop_group = right(merchant_id, 1)
feature group_payments_10m = count() by shop_group over 10m
feature shop_cards_1h      = distinct(card_id) by merchant_id over 1h
feature device_spend_1h    = sum(amount) by device_id over 1h excluding this event
feature pair_payments_1h   = count() by device_id, merchant_id over 1h where amount > 10.00
rule busy_card "Many payments on one card" {
  when card_payments_10m >= 3 and group_payments_10m >= 1
  then block
  reason "{card_payments_10m} payments in 10 minutes"
}
rule busy_shop "Many cards in one shop" mode shadow {
  when shop_cards_1h >= 20 and shop_payments_10m >= 5 and device_spend_1h > 10.00 and pair_payments_1h >= 1
  score 20
}
policy {
  precedence block, allow
  otherwise -> allow
}
)";

class AnyKeyTest : public test::ServiceFolder {
 protected:
  AnyKeyTest() : ServiceFolder(rules) {}

  // Kills the service a few times on its way, then lets it finish.
  void run_with_kills(const fs::path& path, const std::string& folder, std::uintmax_t bytes) {
    const fs::path decisions = root_ / folder / "decisions.jsonl";
    int kills = 0;
    for (const double share : {0.2, 0.55}) {
      test::ChildProcess service({WEIR_BINARY, "run", path.string()}, (root_ / folder / "log").string());
      const auto reached = [&] {
        return fs::exists(decisions) && static_cast<double>(fs::file_size(decisions)) > share * static_cast<double>(bytes);
      };
      while (service.running() && !reached()) std::this_thread::sleep_for(1ms);
      if (service.running()) ++kills;
      service.signal(SIGKILL);
      service.wait();
    }
    EXPECT_GE(kills, 1);
    test::ChildProcess last({WEIR_BINARY, "run", path.string()}, (root_ / folder / "log").string());
    EXPECT_EQ(last.wait(), 0) << log_of(folder);
  }
};

TEST_F(AnyKeyTest, FromOneShardEveryByteIsTheSameWhateverTheLanesAndTheKills) {
  constexpr std::uint64_t count = 40'000;
  run(config("reference", 1, 256, count, 1));
  const auto decisions = sorted_lines("reference", "decisions.jsonl");
  EXPECT_GT(decisions.size(), count * 9 / 10);
  for (const int lanes : {1, 3}) {
    for (const char* mapping : {"", ", lanes_per_shard: 3"}) {
      const std::string name = std::to_string(lanes) + (*mapping == 0 ? "" : "_spread");
      run(config(name, lanes, 64, count, 1, mapping));
      EXPECT_TRUE(sorted_lines(name, "decisions.jsonl") == decisions) << name;
    }
  }
  run_with_kills(config("killed", 2, 256, count, 1), "killed", fs::file_size(root_ / "reference" / "decisions.jsonl"));
  auto lines = sorted_lines("killed", "decisions.jsonl");
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  EXPECT_TRUE(lines == decisions) << log_of("killed");
}

TEST_F(AnyKeyTest, FromSeveralShardsKilledOnTheWayEveryRecordIsDecidedAndTheShardsKeyDecidesTheSame) {
  constexpr std::uint64_t count = 40'000;
  const auto by_event = [&](const std::string& folder) {
    std::map<std::string, std::string> decided;
    for (const std::string& line : sorted_lines(folder, "decisions.jsonl"))
      decided[*test::member(line, "event_id")] = *test::member(line, "outcome") + " " + *test::member(line, "card_payments_10m");
    return decided;
  };
  run(config("reference", 1, 256, count));
  const auto expected = by_event("reference");
  EXPECT_GT(expected.size(), count * 9 / 10);
  run_with_kills(config("killed", 4, 64, count), "killed", fs::file_size(root_ / "reference" / "decisions.jsonl"));
  EXPECT_TRUE(by_event("killed") == expected) << log_of("killed");
  EXPECT_EQ(log_of("killed").find("error"), std::string::npos) << log_of("killed");
}

}  // namespace
}  // namespace weir
