// Events of two types through two topics of a real Apache Kafka, and state that both feed, over kills, changed rules and partitions that go
// to somebody else and come back.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <re2/re2.h>

#include "tests/support/child_process.h"
#include "tests/support/kafka_topic.h"
#include "tests/support/real_broker.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto patience = 60s;
constexpr std::int64_t begun_ms = 1'767'225'600'000;
constexpr std::int64_t minute_ms = 60'000;
constexpr int cards = 8;
constexpr std::int32_t partitions = 2;

bool fails(int card) {
  return card % 3 == 0;
}

const std::string events = R"(event login {
  login_id string id
  at timestamp(ms) time
  card string key
  ok bool
}
event payment {
  id string id
  at timestamp(ms) time
  card string key
  amount int
}
feature seen = count() by card over 1h
)";

// Of every payment: how many events of both topics its card had, how many of its payments were blocked, whether a login failed before.
std::string rules_with_feedback(const std::string& title) {
  return events + R"(
feature blocked = count() by card over 1h where outcome == block
pattern fails_then_pays by card within 1h { fails: ok == false then pays: amount > 0 }
rule note "Login failed" on login { when ok == false update card set bad = true for 1h }
rule caught "Failed, then paid" on payment { when fails_then_pays matched then block }
rule known ")" +
         title + R"(" on payment { when profile(card).bad score 5 }
rule any "Any" on payment { when amount > 0 score 1 reason "seen {seen} blocked {blocked}" }
)";
}

// The first of these alone, which needs no decision.
std::string rules_without(const std::string& title) {
  return events + "rule any \"" + title + "\" on payment { when amount > 0 score 1 reason \"seen {seen} blocked 0\" }\n";
}

// Another member of a consumer group: takes its share of the partitions and does nothing with them.
class Visitor {
 public:
  Visitor(const std::string& address, const std::string& group, const std::string& topic) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{{"bootstrap.servers", address},
                                                                                      {"group.id", group},
                                                                                      {"enable.auto.commit", "false"},
                                                                                      {"partition.assignment.strategy", "range"}})
      rd_kafka_conf_set(conf, name.c_str(), value.c_str(), nullptr, 0);
    client_ = rd_kafka_new(RD_KAFKA_CONSUMER, conf, nullptr, 0);
    rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, topic.c_str(), RD_KAFKA_PARTITION_UA);
    rd_kafka_subscribe(client_, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    thread_ = std::thread([this] {
      while (!leaving_) {
        if (rd_kafka_message_t* message = rd_kafka_consumer_poll(client_, 20)) rd_kafka_message_destroy(message);
        rd_kafka_topic_partition_list_t* mine = nullptr;
        if (rd_kafka_assignment(client_, &mine) != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        partitions_ = mine->cnt;
        rd_kafka_topic_partition_list_destroy(mine);
      }
      rd_kafka_consumer_close(client_);
    });
  }
  ~Visitor() {
    leaving_ = true;
    thread_.join();
    rd_kafka_destroy(client_);
  }
  int partitions() const { return partitions_; }

 private:
  rd_kafka_t* client_ = nullptr;
  std::atomic<bool> leaving_{false};
  std::atomic<int> partitions_{0};
  std::thread thread_;
};

struct Setup {
  std::string name;
  std::string (*rules)(const std::string& title);
  bool feedback;
  int lanes;
};

class SourcesOnRealBroker : public testing::TestWithParam<Setup> {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "weir-kafka-sources-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    static int tests = 0;
    tag_ = "sources-" + std::to_string(getpid()) + "-" + GetParam().name + "-" + std::to_string(++tests) + "-";
    for (const char* name : {"logins", "payments"}) topics_.create(tag_ + name, partitions);
    for (const char* name : {"decisions", "dead"}) topics_.create(tag_ + name, 1);
    std::ostringstream text;
    text << "version: 1\nsources:\n";
    for (const std::string name : {"login", "payment"})
      text << "  " << name << "s:\n    kafka: { brokers: [\"" << topics_.address() << "\"], topics: [" << tag_ << name
           << "s], group: " << tag_ << name << "s, start: earliest, session_timeout: 6s, commit_interval: 20ms }\n    event: " << name
           << "\n";
    text << "rules: { files: [test.rules] }\nsinks:\n  decisions: { kafka: { topic: " << tag_
         << "decisions }, features: all }\ndead_letters: { kafka: { topic: " << tag_
         << "dead } }\nstate: { dir: state }\nruntime: { lanes: " << GetParam().lanes << " }\n";
    std::ofstream(root_ / "weir.yaml") << text.str();
    save(GetParam().rules("Before"));
  }
  void TearDown() override { fs::remove_all(root_); }

  void save(const std::string& text) const {
    std::ofstream(root_ / "new") << text;
    fs::rename(root_ / "new", root_ / "test.rules");
  }
  void start() {
    service_ = std::make_unique<test::ChildProcess>(std::vector<std::string>{WEIR_BINARY, "run", (root_ / "weir.yaml").string()},
                                                    (root_ / "log").string());
  }
  std::string text_of(const std::string& file) const {
    std::ifstream stream(root_ / file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::string log() const { return text_of("log"); }
  std::size_t times_in_log(const std::string& part) const {
    const std::string text = log();
    std::size_t times = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++times;
    return times;
  }
  bool wait_until(const std::function<bool()>& condition) const {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline || !service_->running()) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }

  // One event of every card in one topic.
  void produce(const std::string& event, int round) {
    std::vector<TopicRecord> records;
    for (int card = 0; card < cards; ++card) {
      const std::int64_t at = begun_ms + round * minute_ms + (event == "payment" ? 1'000 : 0);
      TopicRecord record;
      record.key = "c" + std::to_string(card);
      record.partition = card % partitions;
      record.timestamp_ms = at;
      record.value = "{\"at\":" + std::to_string(at) + ",\"card\":\"" + *record.key + "\"," +
                     (event == "login" ? "\"login_id\":\"l" + std::to_string(round) + "\",\"ok\":" + (fails(card) ? "false" : "true")
                                       : "\"id\":\"p" + std::to_string(round) + "\",\"amount\":2") +
                     "}";
      records.push_back(std::move(record));
    }
    topics_.produce(tag_ + event + "s", records);
  }
  bool is_committed(const std::string& event, int round) {
    for (std::int32_t partition = 0; partition < partitions; ++partition)
      if (topics_.committed(tag_ + event + "s", tag_ + event + "s", partition).offset != (round + 1) * cards / partitions) return false;
    return true;
  }
  // And until all are decided and committed.
  void send(const std::string& event, int round) {
    produce(event, round);
    ASSERT_TRUE(wait_until([&] { return is_committed(event, round); })) << log();
  }
  void expect(int round, std::set<std::string>& expected) const {
    for (int card = 0; card < cards; ++card) {
      const bool caught = GetParam().feedback && fails(card);
      const int blocked = caught ? round : 0;
      expected.insert(std::to_string(round) + " c" + std::to_string(card) + (caught ? " block " : " allow ") +
                      std::to_string(caught ? 6 : 1) + " seen " + std::to_string(2 * round + 2) + " blocked " + std::to_string(blocked));
    }
  }
  void end_with(const std::set<std::string>& expected) {
    service_->signal(SIGTERM);
    EXPECT_EQ(service_->wait(), 0) << log();
    const std::set<std::string> found = decided();
    for (const std::string& each : found) EXPECT_TRUE(expected.contains(each)) << each;
    for (const std::string& each : expected) EXPECT_TRUE(found.contains(each)) << each;
    if (HasFailure()) std::cerr << log();
  }

  // Of every payment: round, card, outcome, score, and what its reason says.
  std::set<std::string> decided() {
    static const RE2 parts(
        R"re("event_id":"p(\d+)","event":"payment","outcome":"(\w+)","score":(\d+),.*"text":"(seen \d+ blocked \d+)".*"partition":(\d+),"offset":(\d+))re");
    std::set<std::string> all;
    for (const TopicRecord& record : topics_.read_all(tag_ + "decisions")) {
      std::string round, outcome, score, text, partition, offset;
      if (!RE2::PartialMatch(*record.value, parts, &round, &outcome, &score, &text, &partition, &offset)) continue;
      const int card = std::stoi(offset) % (cards / partitions) * partitions + std::stoi(partition);
      all.insert(round + " c" + std::to_string(card) + " " + outcome + " " + score + " " + text);
    }
    return all;
  }

  KafkaTopicUser topics_{RealBroker::shared().address()};
  std::string tag_;
  fs::path root_;
  std::unique_ptr<test::ChildProcess> service_;
};

INSTANTIATE_TEST_SUITE_P(Rules, SourcesOnRealBroker,
                         testing::Values(Setup{"Feedback", rules_with_feedback, true, 1}, Setup{"Windows", rules_without, false, 2}),
                         [](const auto& setup) { return setup.param.name; });

TEST_P(SourcesOnRealBroker, StateThatTwoTopicsFeedHoldsTheEventsOfBothWhateverHappens) {
  start();
  std::set<std::string> expected;
  for (int round = 0; round < 5; ++round) {
    send("login", round);
    send("payment", round);
    expect(round, expected);
    if (round == 0) {
      service_->signal(SIGKILL);
      service_->wait();
      start();
    } else if (round == 1) {
      save(GetParam().rules("Changed"));
      ASSERT_TRUE(wait_until([&] { return times_in_log("reload (file change)") == 1; })) << log();
    } else if (round == 2) {
      const auto visitor = std::make_unique<Visitor>(topics_.address(), tag_ + "logins", tag_ + "logins");
      ASSERT_TRUE(wait_until([&] { return visitor->partitions() == 1; })) << log();
      ASSERT_TRUE(wait_until([&] { return times_in_log("Source `payments` replays its 2 partitions") == 1; })) << log();
    } else if (round == 3) {
      // The one before came back by now, or this round would not have been decided.
      EXPECT_EQ(times_in_log("Source `payments` replays its 2 partitions"), 2U);
      service_->signal(SIGTERM);
      EXPECT_EQ(service_->wait(), 0) << log();
      start();
    }
  }
  end_with(expected);
}

class LostSourcesOnRealBroker : public SourcesOnRealBroker {};
INSTANTIATE_TEST_SUITE_P(Rules, LostSourcesOnRealBroker, testing::Values(Setup{"Lost", rules_with_feedback, true, 1}),
                         [](const auto& setup) { return setup.param.name; });

// Killed and started again, a source is given its partitions when the group has given its former self up. Until then the others wait, and
// it is said for which source.
TEST_P(LostSourcesOnRealBroker, ASourceThatHasNoPartitionsYetIsAwaitedAndNamed) {
  std::string config = text_of("weir.yaml");
  config.replace(config.find("session_timeout: 6s"), 19, "session_timeout: 14s");
  std::ofstream(root_ / "weir.yaml") << config;
  std::set<std::string> expected;
  start();
  send("login", 0);
  send("payment", 0);
  expect(0, expected);
  service_->signal(SIGKILL);
  service_->wait();
  start();
  produce("payment", 1);
  ASSERT_TRUE(wait_until([&] { return times_in_log("source logins has no shards yet") == 1; })) << log();
  EXPECT_FALSE(is_committed("payment", 1)) << "decided without the logins";
  ASSERT_TRUE(wait_until([&] { return is_committed("payment", 1); })) << log();
  for (int card = 0; card < cards; ++card)
    expected.insert("1 c" + std::to_string(card) + (fails(card) ? " block 6 seen 3 blocked 1" : " allow 1 seen 3 blocked 0"));
  end_with(expected);
}

// The group does not hear of the service for longer than its session: both sources lose their partitions at once, and get them back.
TEST_P(LostSourcesOnRealBroker, ALostSessionOfBothSourcesIsReplayed) {
  std::set<std::string> expected;
  start();
  send("login", 0);
  send("payment", 0);
  expect(0, expected);
  service_->signal(SIGSTOP);
  {
    // Given all partitions once the members that keep still are out.
    const Visitor logins(topics_.address(), tag_ + "logins", tag_ + "logins");
    const Visitor payments(topics_.address(), tag_ + "payments", tag_ + "payments");
    ASSERT_TRUE(wait_until([&] { return logins.partitions() == partitions && payments.partitions() == partitions; })) << log();
  }
  service_->signal(SIGCONT);
  send("login", 1);
  send("payment", 1);
  expect(1, expected);
  end_with(expected);
}

}  // namespace
}  // namespace weir
