// The whole service: generated payments in, files out; the same bytes whatever the lanes, the batch size, or a kill in between.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/child_process.h"
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
  amount       decimal
  currency     string
  merchant_id  string
  approved     bool?
}
feature card_payments_10m = count() by card_id over 10m
feature card_spend_1h     = sum(amount) by card_id over 1h
feature card_shops_1h     = distinct(merchant_id) by card_id over 1h
rule busy_card "Many payments on one card" {
  when card_payments_10m >= 3
  then block
  score 80
  reason "{card_payments_10m} payments in 10 minutes, {card_spend_1h} {currency} in one hour"
}
rule spread "Many shops" {
  when card_shops_1h >= 2 and amount > 20.00
  score 45
}
policy {
  precedence block, allow, alert
  score >= 40 -> alert
  otherwise -> allow
}
)";

// Rules that read what rules write, of every kind.
constexpr const char* feedback_rules = R"(
feature card_blocks_1h = count() by card_id over 1h where outcome == block
feature card_shop_payments_1h = count() by card_id, merchant_id over 1h
pattern declined_then_paid by card_id within 6h { declined: approved == false then approved and amount > declined.amount }
let warnings = coalesce(profile(card_id).warnings, 0)
rule warned "Warned before" {
  when warnings >= 3
  then block
  reason "{warnings} warnings, {card_blocks_1h} blocks"
  update card_id unset warnings
}
rule warn "A pattern, or one shop often" {
  when declined_then_paid matched or card_shop_payments_1h >= 2
  score 5
  update card_id set warnings = warnings + 1 for 2h
}
rule often "Start again" { when card_shop_payments_1h >= 3 score 1 reset card_shop_payments_1h }
rule again "Blocked again and again" { when card_blocks_1h >= 2 score 3 }
)";

class ServiceTest : public test::ServiceFolder {
 protected:
  ServiceTest() : ServiceFolder(rules) {}

  void compare_lanes_and_batch_sizes() {
    run(config("reference", 1, 256, 6000));
    const auto decisions = sorted_lines("reference", "decisions.jsonl");
    const auto blocks = sorted_lines("reference", "block.jsonl");
    const auto dead = sorted_lines("reference", "dead.jsonl");
    EXPECT_EQ(decisions.size() + dead.size(), 6000U);
    EXPECT_GT(blocks.size(), 10U);
    EXPECT_GT(dead.size(), 10U);
    for (const int lanes : {1, 2, 4}) {
      for (const int batch_size : {1, 7, 256}) {
        const std::string name = std::to_string(lanes) + "x" + std::to_string(batch_size);
        run(config(name, lanes, batch_size, 6000));
        EXPECT_TRUE(sorted_lines(name, "decisions.jsonl") == decisions) << name;
        EXPECT_TRUE(sorted_lines(name, "block.jsonl") == blocks) << name;
        EXPECT_TRUE(sorted_lines(name, "dead.jsonl") == dead) << name;
      }
    }
  }

  void kill_and_compare() {
    constexpr std::uint64_t count = 60'000;
    run(config("whole", 2, 256, count));
    const fs::path path = config("killed", 2, 256, count);
    const fs::path decisions = root_ / "killed" / "decisions.jsonl";
    const std::uintmax_t whole_bytes = fs::file_size(root_ / "whole" / "decisions.jsonl");
    int kills = 0;
    for (const double share : {0.1, 0.35, 0.6}) {
      test::ChildProcess service({WEIR_BINARY, "run", path.string()}, (root_ / "killed" / "log").string());
      const auto reached = [&] {
        return fs::exists(decisions) && static_cast<double>(fs::file_size(decisions)) > share * static_cast<double>(whole_bytes);
      };
      while (service.running() && !reached()) std::this_thread::sleep_for(1ms);
      if (service.running()) ++kills;
      service.signal(SIGKILL);
      service.wait();
    }
    EXPECT_GE(kills, 1);
    test::ChildProcess last({WEIR_BINARY, "run", path.string()}, (root_ / "killed" / "log").string());
    EXPECT_EQ(last.wait(), 0) << log_of("killed");
    for (const char* file : {"decisions.jsonl", "block.jsonl", "dead.jsonl"}) {
      auto lines = sorted_lines("killed", file);
      lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
      EXPECT_TRUE(lines == sorted_lines("whole", file)) << file << ": " << lines.size() << " distinct lines\n" << log_of("killed");
    }
  }
};

TEST_F(ServiceTest, DecidesTheSameWhateverTheLanesAndTheBatchSize) {
  compare_lanes_and_batch_sizes();
}

TEST_F(ServiceTest, KilledSeveralTimesItDecidesEveryRecordAndCopiesAreIdentical) {
  kill_and_compare();
}

TEST_F(ServiceTest, WhatRulesWriteAndReadIsTheSameWhateverTheLanesAndTheBatchSize) {
  write(root_ / "test.rules", std::string(rules) + feedback_rules);
  compare_lanes_and_batch_sizes();
  EXPECT_NE(log_of("reference", "decisions.jsonl").find("\"rule\":\"warned\""), std::string::npos);
}

TEST_F(ServiceTest, KilledSeveralTimesItKnowsWhatRulesWroteBefore) {
  write(root_ / "test.rules", std::string(rules) + feedback_rules);
  kill_and_compare();
}

TEST_F(ServiceTest, ASecondServiceOnOneStateFolderIsRefused) {
  const fs::path path = config("taken", 1, 64, 1'000'000'000);
  const fs::path decisions = root_ / "taken" / "decisions.jsonl";
  test::ChildProcess first({WEIR_BINARY, "run", path.string()}, (root_ / "taken" / "log").string());
  while (first.running() && !(fs::exists(decisions) && fs::file_size(decisions) > 0)) std::this_thread::sleep_for(1ms);
  test::ChildProcess second({WEIR_BINARY, "run", path.string()}, (root_ / "taken" / "log").string());
  EXPECT_EQ(second.wait(), 78);
  EXPECT_NE(log_of("taken").find("which another running service uses"), std::string::npos) << log_of("taken");
  first.signal(SIGKILL);
  first.wait();
  test::ChildProcess third({WEIR_BINARY, "run", path.string(), "--for", "10ms"}, (root_ / "taken" / "log").string());
  EXPECT_EQ(third.wait(), 0) << log_of("taken");
}

TEST_F(ServiceTest, ATerminatedServiceDrainsAndGoesOnWhereItStopped) {
  constexpr std::uint64_t count = 60'000;
  run(config("whole", 1, 64, count));
  const fs::path path = config("stopped", 1, 64, count);
  const fs::path decisions = root_ / "stopped" / "decisions.jsonl";
  {
    test::ChildProcess service({WEIR_BINARY, "run", path.string()}, (root_ / "stopped" / "log").string());
    while (service.running() && !(fs::exists(decisions) && fs::file_size(decisions) > 100'000)) std::this_thread::sleep_for(1ms);
    service.signal(SIGTERM);
    EXPECT_EQ(service.wait(), 0) << log_of("stopped");
  }
  test::ChildProcess again({WEIR_BINARY, "run", path.string()}, (root_ / "stopped" / "log").string());
  EXPECT_EQ(again.wait(), 0) << log_of("stopped");
  // After a clean end nothing is decided twice.
  EXPECT_TRUE(sorted_lines("stopped", "decisions.jsonl") == sorted_lines("whole", "decisions.jsonl")) << log_of("stopped");
}

}  // namespace
}  // namespace weir
