// Rules that change while a service reads a real Apache Kafka: every decision by the set that it names, whatever is killed on the way.
#include <atomic>
#include <chrono>
#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "tests/support/kafka_topic.h"
#include "tests/support/real_broker.h"
#include "tests/support/rules_folder.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::int64_t begun_ms = 1'767'225'600'000;
constexpr std::int64_t between_ms = 50;
constexpr std::int64_t ten_minutes_ms = 600'000;
constexpr std::size_t part = 400;  // records that are produced together

// What record `number` is about; the windows of a shop are fed by all partitions.
std::size_t card_of(std::size_t number) {
  return number * number % 211;
}
std::size_t shop_of(std::size_t number) {
  return number * 7 % 13;
}
std::int64_t amount_of(std::size_t number) {
  return static_cast<std::int64_t>(number * 31 % 900);
}
std::int64_t time_of(std::size_t number) {
  return begun_ms + static_cast<std::int64_t>(number) * between_ms;
}

// Its number shows in every decision, with the windows of card and shop and the fact that the card's last large payment left. Odd ones have
// a feature and a fact more, which come and go.
std::string rules_number(int number) {
  const bool odd = number % 2 == 1;
  return std::string(R"(event payment {
  id string id
  at timestamp(ms) time
  card string key
  shop string
  amount int
}
)") + (odd ? "feature extra = sum(amount) by card over 10m\nfeature extra_shop = count() by shop over 10m\n" : "") +
         "feature card_10m = count() by card over 10m\nfeature shop_10m = count() by shop over 10m\n"
         "let last_large = profile(card).large\n"
         "rule every \"Every payment\" { when amount >= 0 score " +
         std::to_string(number % 3 + 1) + " reason \"set " + std::to_string(number) + " card {card_10m} shop {shop_10m} last {last_large}" +
         (odd ? " extra {extra} {extra_shop}" : "") +
         "\" }\n"
         "rule large \"Large\" { when amount >= 600 score 1 update card set large = amount for 10m }\n" +
         (odd ? "rule more \"More\" { when extra > 10 and profile(card).often score 1 }\n"
                "rule often \"Often\" { when card_10m > 3 score 1 update card set often = true for 5m }\n"
              : "");
}

struct Decision {
  std::string value;
  std::size_t number = 0;
  int set = 0;
  std::int64_t card = 0;
  std::int64_t shop = 0;
  std::string last;
  std::string extra;  // of the features that come and go: the card's sum, then the shop's count
  std::uint64_t version = 0;
  int partition = 0;
  std::int64_t offset = 0;
};

class ReloadOnRealBroker : public test::RulesFolder {
 protected:
  void SetUp() override {
    RulesFolder::SetUp();
    tag_ = "reload-" + std::to_string(getpid()) + "-" + testing::UnitTest::GetInstance()->current_test_info()->name() + "-";
  }

  void config(std::int32_t partitions, int lanes) {
    partitions_ = partitions;
    topics_.create(tag_ + "in", partitions);
    for (const char* name : {"decisions", "dead"}) topics_.create(tag_ + name, 1);
    std::ostringstream text;
    text << "version: 1\nsources:\n  payments:\n    kafka: { brokers: [\"" << topics_.address() << "\"], topics: [" << tag_
         << "in], group: " << tag_ << "group, start: earliest, session_timeout: 6s, group_instance_id: " << tag_
         << "one }\n    event: payment\nrules: { files: [test.rules], versions_kept: 1000 }\nsinks:\n  decisions: { kafka: { topic: "
         << tag_ << "decisions } }\ndead_letters: { kafka: { topic: " << tag_
         << "dead } }\nstate: { dir: state }\nruntime: { lanes: " << lanes << " }\n";
    std::ofstream(root_ / "weir.yaml") << text.str();
  }

  // A version behind `before` decides in all shards.
  bool has_taken_over(std::uint64_t before) const {
    const std::string now = status_json();
    std::uint64_t version = 0;
    RE2::PartialMatch(now, R"("ruleset":\{"version":(\d+))", &version);
    return version > before && now.find("\"switch_at\":") != std::string::npos && !RE2::PartialMatch(now, R"("switch_at":\d)");
  }

  void produce(std::size_t begin, std::size_t end, const std::string& id_prefix = "p") {
    std::vector<TopicRecord> records;
    for (std::size_t number = begin; number < end; ++number) {
      TopicRecord record;
      record.key = "c" + std::to_string(card_of(number));
      record.partition = static_cast<std::int32_t>(card_of(number) % static_cast<std::size_t>(partitions_));
      record.timestamp_ms = time_of(number);
      record.value = R"({"id":")" + id_prefix + std::to_string(number) + R"(","at":)" + std::to_string(time_of(number)) + R"(,"card":")" +
                     *record.key + R"(","shop":"s)" + std::to_string(shop_of(number)) + R"(","amount":)" +
                     std::to_string(amount_of(number)) + "}";
      records.push_back(std::move(record));
    }
    topics_.produce(tag_ + "in", records);
  }

  bool all_committed(std::size_t records) {
    std::int64_t total = 0;
    for (std::int32_t partition = 0; partition < partitions_; ++partition)
      total += std::max<std::int64_t>(0, topics_.committed(tag_ + "group", tag_ + "in", partition).offset);
    return total == static_cast<std::int64_t>(records);
  }

  std::vector<Decision> decisions(const std::string& id_prefix = "p") {
    static const RE2 parts(
        R"re("event_id":"[a-z]+(\d+)".*"text":"set (\d+) card (\d+) shop (\d+) last ([^ "]*)(?: extra ([^"]*))?".*"version":(\d+),"hash":"[0-9a-f]+"},"source":\{"topic":"[^"]*","partition":(\d+),"offset":(\d+))re");
    std::vector<Decision> all;
    for (TopicRecord& record : topics_.read_all(tag_ + "decisions")) {
      if (record.value->find("\"event_id\":\"" + id_prefix) == std::string::npos) continue;
      Decision one;
      if (!RE2::PartialMatch(*record.value, parts, &one.number, &one.set, &one.card, &one.shop, &one.last, &one.extra, &one.version,
                             &one.partition, &one.offset)) {
        ADD_FAILURE() << *record.value;
        continue;
      }
      one.value = std::move(*record.value);
      all.push_back(std::move(one));
    }
    return all;
  }

  // Partitions that feed windows together do so in an order of arrival that is another one after a restart.
  std::string without_shop(std::string decision) const {
    if (partitions_ > 1) RE2::GlobalReplace(&decision, R"((shop |"shop_10m":|"extra_shop":|extra \d+ )\d+)", "\\1?");
    return decision;
  }

  // Every record decided, by the set that it names, copies byte by byte the same, versions rising with the offsets, and the windows and
  // facts of the shards' own key as of a plain count over all records; those of the shop, too, where one partition says in which order.
  void expect_sound(std::size_t records, std::size_t versions_at_least) {
    const std::map<std::uint64_t, int> sets = sets_of_versions();
    std::map<std::size_t, Decision> by_number;
    std::map<int, std::map<std::int64_t, std::uint64_t>> shards;
    std::set<std::uint64_t> versions;
    for (Decision& decision : decisions()) {
      ASSERT_TRUE(sets.contains(decision.version)) << decision.value;
      ASSERT_EQ(decision.set, sets.at(decision.version)) << decision.value;
      shards[decision.partition][decision.offset] = decision.version;
      versions.insert(decision.version);
      const auto known = by_number.find(decision.number);
      if (known == by_number.end()) {
        by_number.emplace(decision.number, std::move(decision));
      } else {
        ASSERT_EQ(without_shop(known->second.value), without_shop(decision.value)) << "two copies differ";
      }
    }
    ASSERT_EQ(by_number.size(), records) << log();
    EXPECT_GE(versions.size(), versions_at_least) << log();
    for (const auto& [partition, by_offset] : shards) {
      std::uint64_t last = 0;
      for (const auto& [offset, version] : by_offset) {
        ASSERT_GE(version, last) << "partition " << partition << ", offset " << offset;
        last = version;
      }
    }
    std::map<std::size_t, std::deque<std::int64_t>> cards;
    std::map<std::size_t, std::deque<std::int64_t>> shops;
    std::map<std::size_t, std::pair<std::int64_t, std::int64_t>> large;  // by card: amount and when
    const auto count = [](std::deque<std::int64_t>& times, std::int64_t now) {
      times.push_back(now);
      while (times.front() <= now - ten_minutes_ms) times.pop_front();
      return static_cast<std::int64_t>(times.size());
    };
    std::map<int, std::map<std::size_t, std::deque<std::pair<std::int64_t, std::int64_t>>>> sums;  // by partition and card: time and amount
    std::map<std::size_t, std::deque<std::int64_t>> extra_shops;
    for (const auto& [number, decision] : by_number) {
      const std::int64_t now = time_of(number);
      if (decision.set % 2 == 0) {
        sums[decision.partition].clear();
        extra_shops.clear();
      } else {
        auto& payments = sums[decision.partition][card_of(number)];
        payments.emplace_back(now, amount_of(number));
        while (payments.front().first <= now - ten_minutes_ms) payments.pop_front();
        std::int64_t sum = 0;
        for (const auto& payment : payments) sum += payment.second;
        const std::int64_t in_shop = count(extra_shops[shop_of(number)], now);
        const std::string wanted = std::to_string(sum) + " ";
        ASSERT_EQ(decision.extra.substr(0, wanted.size()), wanted) << decision.value;
        if (partitions_ == 1) {
          ASSERT_EQ(decision.extra, wanted + std::to_string(in_shop)) << decision.value;
        }
      }
      ASSERT_EQ(decision.card, count(cards[card_of(number)], now)) << decision.value;
      const std::int64_t in_shop = count(shops[shop_of(number)], now);
      if (partitions_ == 1) {
        ASSERT_EQ(decision.shop, in_shop) << decision.value;
      }
      const auto known = large.find(card_of(number));
      const bool holds = known != large.end() && now < known->second.second + ten_minutes_ms;
      ASSERT_EQ(decision.last, holds ? std::to_string(known->second.first) : "?") << decision.value;
      if (amount_of(number) >= 600) large[card_of(number)] = {amount_of(number), now};
    }
  }

  KafkaTopicUser topics_{RealBroker::shared().address()};
  std::string tag_;
  std::int32_t partitions_ = 1;
};

TEST_F(ReloadOnRealBroker, AHundredChangesUnderLoadAndTwoKills) {
  config(3, 2);
  save(rules_number(0));
  std::atomic<bool> enough{false};
  std::size_t produced = 0;
  std::thread producer([&] {
    for (; !enough.load(); produced += part) {
      produce(produced, produced + part);
      std::this_thread::sleep_for(50ms);
    }
  });
  auto running = std::make_unique<test::ChildProcess>(std::vector<std::string>{WEIR_BINARY, "run", (root_ / "weir.yaml").string()},
                                                      (root_ / "log").string());
  bool fine = wait_until([&] { return !running->running() || version_in_force() == 1; });
  for (int number = 1; fine && number <= 100; ++number) {
    const std::uint64_t before = version_in_force();
    save(rules_number(number));
    if (number == 35 || number == 70) {
      // The switch has begun, or is done, or was never seen.
      std::this_thread::sleep_for(number == 35 ? 100ms : 160ms);
      running->signal(SIGKILL);
      running->wait();
      running = std::make_unique<test::ChildProcess>(std::vector<std::string>{WEIR_BINARY, "run", (root_ / "weir.yaml").string()},
                                                     (root_ / "log").string());
      fine = wait_until([&] { return !running->running() || version_in_force() > 0; });
      continue;
    }
    fine = wait_until([&] { return !running->running() || has_taken_over(before); }) && running->running();
  }
  enough.store(true);
  producer.join();
  ASSERT_TRUE(fine) << log();
  ASSERT_TRUE(wait_until([&] { return all_committed(produced); })) << log();
  running->signal(SIGTERM);
  EXPECT_EQ(running->wait(), 0) << log();
  expect_sound(produced, 60);
}

TEST_F(ReloadOnRealBroker, WindowsOfAnotherKeyAndFactsGoOnOverReloadsAndKills) {
  config(1, 2);
  save(rules_number(0));
  std::size_t produced = 0;
  for (int life = 0; life < 3; ++life) {
    test::ChildProcess running = service();
    ASSERT_TRUE(wait_until([&] { return !running.running() || version_in_force() > 0; })) << log();
    for (int change = 1; change <= 2; ++change) {
      produce(produced, produced + 5 * part);
      produced += 5 * part;
      // The first change comes when all is decided, the second while there is work.
      if (change == 1) {
        ASSERT_TRUE(wait_until([&] { return all_committed(produced); })) << log();
      }
      const std::uint64_t before = version_in_force();
      save(rules_number(3 * life + change));
      ASSERT_TRUE(wait_until([&] { return version_in_force() > before; })) << log();
    }
    produce(produced, produced + 5 * part);
    produced += 5 * part;
    ASSERT_TRUE(wait_until([&] { return all_committed(produced); })) << log();
    produce(produced, produced + part);
    produced += part;
    running.signal(SIGKILL);
    running.wait();
    save(rules_number(3 * life + 3));  // while nobody looks
  }
  test::ChildProcess last = service();
  ASSERT_TRUE(wait_until([&] { return all_committed(produced); })) << log();
  last.signal(SIGTERM);
  EXPECT_EQ(last.wait(), 0) << log();
  expect_sound(produced, 5);
}

TEST_F(ReloadOnRealBroker, ATopicThatWasMadeAnewIsDecidedByTheRulesInForce) {
  config(1, 1);
  save(rules_number(0));
  {
    test::ChildProcess running = service();
    ASSERT_TRUE(wait_until([&] { return !running.running() || version_in_force() == 1; })) << log();
    produce(0, 2 * part);
    ASSERT_TRUE(wait_until([&] { return all_committed(2 * part); })) << log();
    save(rules_number(1));
    ASSERT_TRUE(wait_until([&] { return version_in_force() == 2; })) << log();
    produce(2 * part, 3 * part);
    ASSERT_TRUE(wait_until([&] { return all_committed(3 * part); })) << log();
    running.signal(SIGTERM);
    EXPECT_EQ(running.wait(), 0) << log();
  }
  topics_.remove(tag_ + "in");
  topics_.create(tag_ + "in", 1);
  produce(0, part, "n");
  test::ChildProcess running = service();
  ASSERT_TRUE(wait_until([&] { return all_committed(part); })) << log();
  EXPECT_NE(log().find("was made anew"), std::string::npos) << log();
  EXPECT_NE(status_json().find("\"shards_anew\":1"), std::string::npos) << status_json();
  running.signal(SIGTERM);
  EXPECT_EQ(running.wait(), 0) << log();
  const std::vector<Decision> anew = decisions("n");
  EXPECT_EQ(anew.size(), part);
  for (const Decision& decision : anew) ASSERT_EQ(decision.version, 2U) << decision.value;
  std::size_t first_rules = 0;
  for (const Decision& decision : decisions("p")) first_rules += decision.version == 1 ? 1U : 0U;
  EXPECT_GE(first_rules, 2 * part);
}

}  // namespace
}  // namespace weir
