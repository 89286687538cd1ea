// Rules that change while two sources are read: a set that reads across them comes into force behind one that does not, goes again, and
// both kinds stand in the history that a start replays.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/rules_folder.h"

namespace weir {
namespace {

constexpr int cards = 4;
constexpr std::int64_t begun_ms = 1'767'225'600'000;

const std::string events = R"(
event login {
  login_id string id
  at timestamp(ms) time
  card string key
  ok bool
}
event payment {
  id string id
  at timestamp(ms) time
  card string key
  shop string
  amount int
}
feature shop_payments = count() by shop over 1h
)";

// Nothing that one source feeds is read by the other.
std::string apart(int number) {
  return events + "rule any \"Any\" on payment { when amount > 0 score 1 reason \"set " + std::to_string(number) +
         " seen 0 in {shop_payments}\" }\n";
}

// A feature, a fact and a pattern of both.
std::string across(int number) {
  return events + R"(
feature seen = count() by card over 1h
pattern fails_then_pays by card within 1h { fails: ok == false then pays: amount > 0 }
rule note "Login failed" on login { when ok == false update card set bad = true for 1h }
rule caught "Failed, then paid" on payment { when fails_then_pays matched then block }
rule known "Failed before" on payment { when profile(card).bad score 5 }
rule any "Any" on payment { when amount > 0 score 1 reason "set )" +
         std::to_string(number) + " seen {seen} in {shop_payments}\" }\n";
}

class ReloadSources : public test::RulesFolder {
 protected:
  void SetUp() override {
    RulesFolder::SetUp();
    std::ofstream(root_ / "weir.yaml")
        << "version: 1\nsources:\n  logins: { file: { path: logins.jsonl, follow: true }, event: login }\n"
           "  payments: { file: { path: payments.jsonl, follow: true }, event: payment }\nrules: { files: [test.rules] }\n"
           "sinks:\n  decisions: { file: { path: decisions.jsonl } }\ndead_letters: { file: { path: dead.jsonl } }\n"
           "state: { dir: state }\nruntime: { lanes: 1 }\n";
    for (const char* file : {"logins.jsonl", "payments.jsonl"}) std::ofstream(root_ / file).flush();
  }

  void start() {
    service_ = std::make_unique<test::ChildProcess>(std::vector<std::string>{WEIR_BINARY, "run", (root_ / "weir.yaml").string()},
                                                    (root_ / "log").string());
  }
  void kill_and_start() {
    service_->signal(SIGKILL);
    service_->wait();
    start();
  }
  // After a kill no version may come into force before the offset up to which records may have been decided already, thousands further.
  void end_and_start() {
    service_->signal(SIGTERM);
    EXPECT_EQ(service_->wait(), 0) << log();
    start();
  }

  // So that the next start decides none of them again: of two sources' records that are both live, either may come first.
  bool is_committed(const std::string& source, int records) const {
    return text_of(root_ / "state" / (source + ".position")).find("line " + std::to_string(records) + "\n") != std::string::npos;
  }

  // A login of each card, all committed, and then a payment of each. The logins of even cards fail. Answers the round's number.
  int feed() {
    const int round = rounds_++;
    for (const bool logins : {true, false}) {
      std::ostringstream lines;
      for (int card = 0; card < cards; ++card) {
        lines << "{\"at\":" << begun_ms + round * 60'000 + (logins ? 0 : 1'000) << ",\"card\":\"c" << card << "\",";
        const std::string id = std::to_string(round) + "-" + std::to_string(card);
        if (logins)
          lines << "\"login_id\":\"l" << id << "\",\"ok\":" << (card % 2 == 0 ? "false" : "true") << "}\n";
        else
          lines << "\"id\":\"p" << id << "\",\"shop\":\"s\",\"amount\":2}\n";
      }
      std::ofstream(root_ / (logins ? "logins.jsonl" : "payments.jsonl"), std::ios::app) << lines.str();
      EXPECT_TRUE(wait_until([&] { return is_committed(logins ? "logins" : "payments", cards * (round + 1)); })) << log();
    }
    return round;
  }
  // Changes the rules and feeds until a whole round is decided by them: each source takes them over at an offset of its own, which is the
  // further ahead the faster it was read before.
  int change(const std::string& rules, std::uint64_t version) {
    save(rules);
    EXPECT_TRUE(wait_until([&] { return version_in_force() == version; })) << log();
    for (int tries = 0; tries < 30; ++tries) {
      const int round = feed();
      const auto by_these = [&](const auto& decision) {
        return decision.first.substr(1, decision.first.find('-') - 1) == std::to_string(round) &&
               decision.second.find("\"version\":" + std::to_string(version) + ",") != std::string::npos;
      };
      const std::map<std::string, std::string> all = decided();
      if (std::count_if(all.begin(), all.end(), by_these) == 2 * cards) return round;
    }
    ADD_FAILURE() << "version " << version << " decides nothing\n" << log() << ask({"status"}).body;
    return rounds_ - 1;
  }

  // By event id, the decision; that of a record that was decided twice is the same.
  std::map<std::string, std::string> decided() const {
    static const RE2 id(R"re("event_id":"([lp]\d+-\d+)")re");
    std::map<std::string, std::string> all;
    std::istringstream lines(text_of(root_ / "decisions.jsonl"));
    for (std::string line, of; std::getline(lines, line);) {
      if (!line.ends_with('}') || !RE2::PartialMatch(line, id, &of)) continue;
      const auto [known, added] = all.try_emplace(of, line);
      EXPECT_EQ(known->second, line) << "two copies differ";
    }
    return all;
  }
  // Of a round's payments, what each decision says: "block 6 set 1 seen 2 in 4".
  std::vector<std::string> payments(int round) const {
    static const RE2 parts(R"re("outcome":"(\w+)","score":(\d+),.*"text":"(set [^"]*)")re");
    std::vector<std::string> said;
    const std::map<std::string, std::string> all = decided();
    for (int card = 0; card < cards; ++card) {
      std::string outcome, score, text;
      const std::string& line = all.at("p" + std::to_string(round) + "-" + std::to_string(card));
      EXPECT_TRUE(RE2::PartialMatch(line, parts, &outcome, &score, &text)) << line;
      said.push_back(outcome + " " + score + " " + text);
    }
    return said;
  }
  void expect_apart(int round, int number) const {
    const std::vector<std::string> said = payments(round);
    for (int card = 0; card < cards; ++card)
      EXPECT_EQ(said[static_cast<std::size_t>(card)],
                "allow 1 set " + std::to_string(number) + " seen 0 in " + std::to_string(round * cards + card + 1))
          << "round " << round;
  }
  // `seen`: events of each card in both sources that the windows hold.
  void expect_across(int round, int number, int seen) const {
    const std::vector<std::string> said = payments(round);
    for (int card = 0; card < cards; ++card)
      EXPECT_EQ(said[static_cast<std::size_t>(card)], (card % 2 == 0 ? "block 6 set " : "allow 1 set ") + std::to_string(number) +
                                                          " seen " + std::to_string(seen) + " in " +
                                                          std::to_string(round * cards + card + 1))
          << "round " << round;
  }
  void end() {
    service_->signal(SIGTERM);
    EXPECT_EQ(service_->wait(), 0) << log();
    if (HasFailure()) std::cerr << log();
  }

  // Events of card c0 that the windows held at its payment of the round.
  int seen(int round) const {
    int number = 0;
    EXPECT_TRUE(RE2::PartialMatch(payments(round)[0], R"(seen (\d+) in)", &number)) << payments(round)[0];
    return number;
  }

  int rounds_ = 0;
  std::unique_ptr<test::ChildProcess> service_;
};

TEST_F(ReloadSources, RulesThatReadAcrossSourcesComeIntoForceBehindSomeThatDoNot) {
  save(apart(0));
  start();
  const int before = feed();
  const int first = change(across(1), 2);
  const int second = feed();
  kill_and_start();
  const int third = feed();
  end();
  expect_apart(before, 0);
  EXPECT_GE(seen(first), 2);
  expect_across(first, 1, seen(first));
  expect_across(second, 1, seen(first) + 2);
  expect_across(third, 1, seen(first) + 4);
}

TEST_F(ReloadSources, AStartReplaysAHistoryThatReadAcrossSourcesThoughTheNewestRulesDoNot) {
  save(across(0));
  start();
  const int first = feed();
  const int second = feed();
  const int apart_first = change(apart(1), 2);
  end_and_start();
  const int apart_second = feed();
  const int again = change(across(2), 3);
  kill_and_start();
  const int last = feed();
  end();
  expect_across(first, 0, 2);
  expect_across(second, 0, 4);
  expect_apart(apart_first, 1);
  expect_apart(apart_second, 1);
  EXPECT_GE(seen(again), 2);
  expect_across(again, 2, seen(again));
  expect_across(last, 2, seen(again) + 2);
}

}  // namespace
}  // namespace weir
