// Rules that change while the service runs: every decision by exactly the set that it names, features that go on, and the same again after
// a kill.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "tests/support/rules_folder.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// A rule set whose number shows in every decision. Odd ones have a feature more, which comes and goes.
std::string rules_number(int number) {
  return R"(
event payment {
  id           string     id
  created_at   timestamp  time
  card_id      string     key
  amount       decimal
  currency     string
  merchant_id  string
}
list stolen of string from "stolen.txt"
list lost of string from "lost.txt"
list closed of string from "closed.txt"
feature card_payments_10m = count() by card_id over 10m
)" + std::string(number % 2 == 1 ? "feature card_spend_1h = sum(amount) by card_id over 1h\n" : "") +
         R"(rule every "Every payment" { when amount > -1 and card_payments_10m > 0 and card_id not in @stolen and card_id not in @lost and card_id not in @closed score )" +
         std::to_string(number % 3 + 1) + " reason \"set " + std::to_string(number) + "\" }\n" +
         (number % 2 == 1 ? "rule spend \"Spends\" { when card_spend_1h > 0 score 1 }\n" : "");
}

struct Decision {
  std::string id;
  std::string line;
  std::uint64_t version = 0;
  int set = -1;
  int partition = 0;
  std::int64_t offset = 0;
  std::int64_t card_payments = -1;
};

class ReloadTest : public test::RulesFolder {
 protected:
  void SetUp() override {
    RulesFolder::SetUp();
    for (const char* list : {"stolen.txt", "lost.txt", "closed.txt"}) std::ofstream(root_ / list) << "nobody's " << list << '\n';
  }
  fs::path config(int lanes, int rate, int count, const std::string& more = "") const {
    std::ostringstream text;
    text << "version: 1\n"
         << "sources:\n  payments:\n    generator: { rate: " << rate << ", count: " << count
         << ", seed: 7, cards: 300, merchants: 40, shards: 3, malformed_share: 0 }\n    event: payment\n"
         << "rules: { files: [\"*.rules\"]" << more << " }\n"
         << "sinks:\n  decisions: { file: { path: decisions.jsonl }, features: all }\n"
         << "dead_letters: { file: { path: dead.jsonl } }\n"
         << "state: { dir: state }\nruntime: { lanes: " << lanes << " }\n";
    std::ofstream(root_ / "weir.yaml") << text.str();
    return root_ / "weir.yaml";
  }

  std::vector<Decision> decisions() const {
    static const RE2 parts(
        R"re("id":"([0-9a-f]+)".*"text":"set (\d+)".*"card_payments_10m":(\d+).*"version":(\d+),"hash":"[0-9a-f]+"},"source":\{"topic":"[^"]*","partition":(\d+),"offset":(\d+))re");
    std::vector<Decision> all;
    std::ifstream stream(root_ / "decisions.jsonl");
    for (std::string line; std::getline(stream, line);) {
      Decision decision;
      decision.line = line;
      if (!RE2::PartialMatch(line, parts, &decision.id, &decision.set, &decision.card_payments, &decision.version, &decision.partition,
                             &decision.offset)) {
        ADD_FAILURE() << line;
        continue;
      }
      all.push_back(std::move(decision));
    }
    return all;
  }

  // Every record once (copies are byte-identical), each decided by the set that it names, versions rising with the offsets of each shard,
  // and the kept feature as of a run without any change.
  void expect_sound(std::size_t records, std::size_t versions_at_least) const {
    const std::vector<Decision> all = decisions();
    const std::map<std::uint64_t, int> sets = sets_of_versions();
    std::map<std::string, std::string> lines;
    std::map<int, std::map<std::int64_t, const Decision*>> shards;
    std::set<std::uint64_t> versions;
    for (const Decision& decision : all) {
      const auto [known, added] = lines.try_emplace(decision.id, decision.line);
      ASSERT_EQ(known->second, decision.line) << "two copies differ";
      ASSERT_TRUE(sets.contains(decision.version)) << decision.line;
      ASSERT_EQ(decision.set, sets.at(decision.version)) << decision.line;
      shards[decision.partition][decision.offset] = &decision;
      versions.insert(decision.version);
    }
    EXPECT_EQ(lines.size(), records) << log();
    EXPECT_GE(versions.size(), versions_at_least) << log();
    for (const auto& [partition, by_offset] : shards) {
      std::uint64_t last = 0;
      for (const auto& [offset, decision] : by_offset) {
        ASSERT_GE(decision->version, last) << "partition " << partition << ", offset " << offset;
        last = decision->version;
      }
    }
    expect_counts_of_one_run(shards);
  }

  void expect_counts_of_one_run(const std::map<int, std::map<std::int64_t, const Decision*>>& shards) const {
    const fs::path reference = root_ / "reference";
    fs::create_directories(reference);
    fs::copy_file(root_ / "weir.yaml", reference / "weir.yaml");
    std::ofstream(reference / "test.rules") << rules_number(0);
    test::ChildProcess run({WEIR_BINARY, "run", (reference / "weir.yaml").string()}, (root_ / "reference.log").string());
    ASSERT_EQ(run.wait(), 0);
    std::ifstream stream(reference / "decisions.jsonl");
    static const RE2 parts(R"re("card_payments_10m":(\d+).*"partition":(\d+),"offset":(\d+))re");
    std::size_t compared = 0;
    for (std::string line; std::getline(stream, line); ++compared) {
      std::int64_t count = 0;
      int partition = 0;
      std::int64_t offset = 0;
      ASSERT_TRUE(RE2::PartialMatch(line, parts, &count, &partition, &offset)) << line;
      const auto found = shards.at(partition).find(offset);
      ASSERT_NE(found, shards.at(partition).end()) << line;
      ASSERT_EQ(found->second->card_payments, count) << found->second->line;
    }
    EXPECT_GT(compared, 0U);
  }
};

TEST_F(ReloadTest, EveryDecisionIsMadeByTheSetThatItNamesWhileTheRulesChangeUnderLoad) {
  constexpr int count = 120'000;
  save(rules_number(0));
  config(2, 20'000, count);
  test::ChildProcess running = service();
  ASSERT_TRUE(wait_until([&] { return version_in_force() == 1; })) << log();
  std::uint64_t version = 1;
  for (int number = 1; number <= 40 && running.running(); ++number) {
    if (number % 5 == 0) {
      save("rule broken { when");
      wait_until([&] { return !running.running() || ask({"status"}).body.find("failed at") != std::string::npos; });
    }
    save(rules_number(number));
    if (!wait_until([&] { return !running.running() || version_in_force() > version; })) break;
    version = std::max(version, version_in_force());
  }
  EXPECT_EQ(running.wait(), 0) << log();
  expect_sound(count, 10);
}

TEST_F(ReloadTest, AKilledServiceDecidesEachRecordByTheSetThatDecidedItBefore) {
  constexpr int count = 120'000;
  save(rules_number(0));
  config(2, 20'000, count);
  int number = 0;
  for (int life = 0; life < 3; ++life) {
    test::ChildProcess running = service();
    ASSERT_TRUE(wait_until([&] { return !running.running() || version_in_force() > 0; })) << log();
    for (int change = 0; change < 4; ++change) {
      const std::uint64_t before = version_in_force();
      save(rules_number(++number));
      ASSERT_TRUE(wait_until([&] { return !running.running() || version_in_force() > before; })) << log();
      // A set that comes while windows are rebuilt decides nothing until they are.
      const std::uint64_t decided_before = decided();
      ASSERT_TRUE(wait_until([&] { return !running.running() || decided() > decided_before + 1'000; })) << log();
    }
    save(rules_number(++number));  // a switch that may be half done
    std::this_thread::sleep_for(std::chrono::milliseconds{60 * life});
    running.signal(SIGKILL);
    running.wait();
  }
  test::ChildProcess last = service();
  EXPECT_EQ(last.wait(), 0) << log();
  expect_sound(count, 6);
}

TEST_F(ReloadTest, ASignalReadsTheRulesAgainAndARollbackBringsAnOlderSetBack) {
  save(rules_number(0));
  config(1, 2'000, 1'000'000, ", reload: on_signal");
  test::ChildProcess running = service();
  ASSERT_TRUE(wait_until([&] { return version_in_force() == 1; })) << log();
  save(rules_number(1));
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(version_in_force(), 1U);
  running.signal(SIGHUP);
  ASSERT_TRUE(wait_until([&] { return version_in_force() == 2; })) << log();
  ASSERT_TRUE(wait_until([&] { return log().find("reload (signal): version 2 is in force") != std::string::npos; })) << log();

  save("nonsense");
  running.signal(SIGHUP);
  ASSERT_TRUE(wait_until([&] { return log().find("reload (signal) failed, version 2 stays in force") != std::string::npos; })) << log();
  ASSERT_TRUE(wait_until([&] { return log().find("test.rules:1:1") != std::string::npos; })) << log();

  EXPECT_NE(ask({"status"}).body.find("pauses for changed rules, the last"), std::string::npos);
  for (const char* name : {"\"switch_longest_us\":", "\"turn_longest_us\":"})
    EXPECT_NE(ask({"status", "json"}).body.find(name), std::string::npos);
  const AdminAnswer rolled = ask({"rules", "rollback", "1"});
  EXPECT_EQ(rolled.code, 0) << rolled.body;
  EXPECT_NE(rolled.body.find("their next change takes over"), std::string::npos) << rolled.body;
  EXPECT_EQ(version_in_force(), 3U);
  EXPECT_NE(ask({"status"}).body.find("the files on disk say something else"), std::string::npos);
  const AdminAnswer listed = ask({"rules", "ls"});
  EXPECT_NE(listed.body.find("rollback to 1"), std::string::npos) << listed.body;
  EXPECT_NE(ask({"rules", "show", "2"}).body.find("card_spend_1h"), std::string::npos);
  EXPECT_NE(ask({"rules", "diff", "1", "2"}).body.find("+feature card_spend_1h"), std::string::npos);
  EXPECT_EQ(ask({"rules", "diff", "1", "3"}).body, "");
  EXPECT_EQ(ask({"rules", "show"}).body, ask({"rules", "show", "3"}).body);
  EXPECT_EQ(ask({"rules", "diff"}).body, ask({"rules", "diff", "2", "3"}).body);
  EXPECT_EQ(ask({"rules", "diff", "2"}).body, ask({"rules", "diff", "2", "3"}).body);
  EXPECT_EQ(ask({"rules", "diff", "json"}).body, ask({"rules", "diff", "2", "3", "json"}).body);
  EXPECT_EQ(ask({"rules", "show", "17"}).code, 1);
  EXPECT_EQ(ask({"rules", "rollback", "17"}).code, 1);
  running.signal(SIGTERM);
  EXPECT_EQ(running.wait(), 0) << log();
  for (const Decision& decision : decisions()) ASSERT_EQ(decision.set, decision.version == 2 ? 1 : 0) << decision.line;
}

TEST_F(ReloadTest, ARestartKeepsARollbackUntilAFileChanges) {
  save(rules_number(0));
  config(1, 2'000, 1'000'000);
  {
    test::ChildProcess running = service();
    ASSERT_TRUE(wait_until([&] { return version_in_force() == 1; })) << log();
    save(rules_number(1));
    ASSERT_TRUE(wait_until([&] { return version_in_force() == 2; })) << log();
    EXPECT_EQ(ask({"rules", "rollback", "1"}).code, 0);
    running.signal(SIGKILL);
    running.wait();
  }
  test::ChildProcess running = service();
  ASSERT_TRUE(wait_until([&] { return version_in_force() > 0; })) << log();
  EXPECT_EQ(version_in_force(), 3U);
  save(rules_number(2));
  ASSERT_TRUE(wait_until([&] { return version_in_force() == 4; })) << log();
  running.signal(SIGTERM);
  EXPECT_EQ(running.wait(), 0) << log();
}

TEST_F(ReloadTest, WithBrokenFilesItStartsOnTheVersionOfBeforeAndTakesTheFilesWhenTheyAreGood) {
  save("rule broken { when");
  config(1, 2'000, 1'000'000);
  {
    test::ChildProcess nothing_kept = service();
    EXPECT_EQ(nothing_kept.wait(), 78) << log();
  }
  save(rules_number(1));
  std::ofstream(root_ / "stolen.txt") << "thief\n";
  {
    test::ChildProcess running = service();
    ASSERT_TRUE(wait_until([&] { return version_in_force() == 1; })) << log();
    running.signal(SIGKILL);
    running.wait();
  }
  // The list that the kept version read is part of it.
  fs::remove(root_ / "stolen.txt");
  save("rule broken { when");
  test::ChildProcess check({WEIR_BINARY, "check", (root_ / "weir.yaml").string()}, (root_ / "check.log").string());
  EXPECT_EQ(check.wait(), 1);
  {
    test::ChildProcess running = service();
    ASSERT_TRUE(wait_until([&] { return version_in_force() > 0; })) << log();
    EXPECT_EQ(version_in_force(), 1U);
    EXPECT_NE(log().find("starts on version 1 of the rules, which was in force before"), std::string::npos) << log();
    const std::string status = ask({"status"}).body;
    EXPECT_NE(status.find("failed at"), std::string::npos) << status;
    EXPECT_NE(status.find("(start): the rules files have 3 errors"), std::string::npos) << status;
    EXPECT_NE(status.find("test.rules:1:"), std::string::npos) << status;
    // Rules that are right but for a list that is missing wait for the list.
    save(rules_number(2));
    ASSERT_TRUE(wait_until([&] { return ask({"status"}).body.find("stolen.txt") != std::string::npos; })) << log();
    EXPECT_EQ(version_in_force(), 1U);
    std::ofstream(root_ / "stolen.txt") << "another\n";
    ASSERT_TRUE(wait_until([&] { return version_in_force() == 2; })) << log();
    running.signal(SIGTERM);
    EXPECT_EQ(running.wait(), 0) << log();
  }
  for (const Decision& decision : decisions()) ASSERT_EQ(decision.set, decision.version) << decision.line;
}

// `rules_number`, with a test that holds for one of them.
std::string tested_rules(int number, int passes) {
  return rules_number(number) +
         "test \"the number\" {\n  when payment { amount: 5.00 }\n  expect score == " + std::to_string(passes % 3 + 1) +
         "\n}\ntest \"a decision\" {\n  when payment { amount: 5.00 }\n  expect outcome allow\n}\n";
}

TEST_F(ReloadTest, ATestThatIsAddedAndFailsIsToldThoughTheRulesAreThoseInForce) {
  save(tested_rules(0, 0));
  config(1, 2'000, 1'000'000);
  test::ChildProcess running = service();
  ASSERT_TRUE(wait_until([&] { return version_in_force() == 1; })) << log();
  const auto kept = [this] {
    const fs::directory_iterator files(root_ / "state" / "rules" / "content");
    return std::distance(begin(files), end(files));
  };
  const auto kept_before = kept();
  save(tested_rules(0, 1));
  ASSERT_TRUE(wait_until([&] {
    return log().find("failed, version 1 stays in force: the rules fail their own tests: 1 error") != std::string::npos;
  })) << log();
  EXPECT_NE(ask({"status"}).body.find("test \"the number\" failed"), std::string::npos);
  EXPECT_EQ(kept(), kept_before) << "copies of files that did not come into force";
  save(tested_rules(0, 0));
  ASSERT_TRUE(wait_until([&] { return log().find("the rules say what is in force already") != std::string::npos; })) << log();
  EXPECT_EQ(version_in_force(), 1U);
  save(tested_rules(0, 0) + "# the same rules\n");
  EXPECT_NE(ask({"reload"}).body.find("the rules say what is in force already"), std::string::npos);
  EXPECT_TRUE(wait_until([&] { return kept() == kept_before; })) << "copies of files that say nothing new";
  running.signal(SIGTERM);
  EXPECT_EQ(running.wait(), 0) << log();
}

TEST_F(ReloadTest, AReloadWarnsOfALinkThatLeadsNowhere) {
  save(rules_number(0));
  config(1, 2'000, 1'000'000);
  test::ChildProcess running = service();
  ASSERT_TRUE(wait_until([&] { return version_in_force() == 1; })) << log();
  fs::create_symlink(root_ / "nowhere", root_ / "lost.rules");
  save(rules_number(1));
  ASSERT_TRUE(wait_until([&] { return version_in_force() == 2; })) << log();
  EXPECT_TRUE(wait_until([&] { return log().find("lost.rules` is a link that leads nowhere") != std::string::npos; })) << log();
  running.signal(SIGTERM);
  EXPECT_EQ(running.wait(), 0) << log();
}

TEST_F(ReloadTest, ASignalEndsAStartWhoseTestsTakeLong) {
  config(1, 2'000, 1'000'000);
  std::string rules = rules_number(0);
  for (int test = 0; test < 9'000; ++test)
    rules += "test \"" + std::to_string(test) +
             "\" {\n  given 50 payment every 1s { amount: 5.00 }\n  when payment { amount: 5.00 }\n  expect score == 1\n}\n";
  save(rules);
  test::ChildProcess running = service();
  ASSERT_TRUE(wait_until([&] { return !running.running() || fs::exists(root_ / "state" / "rules"); })) << log();
  running.signal(SIGTERM);
  EXPECT_EQ(running.wait(), 0) << log();
  EXPECT_NE(log().find("a signal ended the start while the rules' tests ran"), std::string::npos) << log();
  EXPECT_FALSE(fs::exists(root_ / "decisions.jsonl"));
}

TEST_F(ReloadTest, AStartTriesNewFilesByTheirTestsAsAReloadDoes) {
  config(1, 2'000, 1'000'000);
  save(tested_rules(0, 1));
  {
    test::ChildProcess nothing_kept = service();
    EXPECT_EQ(nothing_kept.wait(), 78) << log();
    EXPECT_NE(log().find("the rules fail their own tests: 1 error"), std::string::npos) << log();
    EXPECT_NE(log().find("error[R0710]"), std::string::npos) << log();
  }
  const auto life = [this](std::uint64_t version, const std::string& says) {
    fs::remove(root_ / "log");
    test::ChildProcess running = service();
    ASSERT_TRUE(wait_until([&] { return !running.running() || version_in_force() > 0; })) << log();
    EXPECT_EQ(version_in_force(), version) << log();
    EXPECT_EQ(log().find("2 tests of the rules passed") != std::string::npos, says == "passed") << log();
    const bool refused = log().find("starts on version 1 of the rules, which was in force before") != std::string::npos;
    EXPECT_EQ(refused, says == "refused") << log();
    if (refused) {
      const std::string status = ask({"status"}).body;
      EXPECT_NE(status.find("(start): the rules fail their own tests: 1 error"), std::string::npos) << status;
      EXPECT_NE(status.find("test \"the number\" failed"), std::string::npos) << status;
    }
    running.signal(SIGTERM);
    EXPECT_EQ(running.wait(), 0) << log();
  };
  save(tested_rules(0, 0));
  life(1, "passed");
  life(1, "nothing");  // they are the version in force
  save(tested_rules(1, 0));
  life(1, "refused");
  life(1, "refused");
  save(tested_rules(2, 2));
  life(2, "passed");
}

}  // namespace
}  // namespace weir
