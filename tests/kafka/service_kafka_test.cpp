// The service as users run it, against a real Apache Kafka: records in, decisions and dead letters out, killed and started again.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/child_process.h"
#include "tests/support/kafka_topic.h"
#include "tests/support/real_broker.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t record_count = 20'000;
constexpr std::int32_t partitions = 4;
constexpr std::int64_t begun_ms = 1'767'225'600'000;

constexpr const char* rules = R"(
event payment {
  id          string     id
  created_at  timestamp  time
  card_id     string     key
  amount      decimal
}
feature card_payments_10m = count() by card_id over 10m
feature card_spend_10m    = sum(amount) by card_id over 10m
rule busy_card "Many payments on one card" {
  when card_payments_10m >= 4
  then block
  reason "{card_payments_10m} payments, {card_spend_10m} in all"
  update card_id set busy = true for 1h
}
policy {
  precedence block, allow
  otherwise -> allow
}
)";

bool is_malformed(std::size_t number) {
  return number % 97 == 13;
}

class ServiceOnRealBroker : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "weir-kafka-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    tag_ = std::to_string(getpid());
    for (const char* name : {"in", "decisions", "blocked", "profiles", "dead"})
      topics_.create(topic(name), name[1] == 'e' ? 1 : partitions);
    std::ofstream(root_ / "test.rules") << rules;
    std::ostringstream text;
    text << "version: 1\nsources:\n  payments:\n    kafka: { brokers: [\"" << RealBroker::shared().address() << "\"], topics: ["
         << topic("in") << "], group: " << topic("group") << ", start: earliest }\n    event: payment\n"
         << "rules: { files: [test.rules] }\nsinks:\n"
         << "  decisions: { kafka: { topic: " << topic("decisions") << " }, features: all }\n"
         << "  blocked: { kafka: { topic: " << topic("blocked") << " }, when: outcome == block }\n"
         << "  profiles: { kafka: { topic: " << topic("profiles") << " }, takes: profile_updates }\n"
         << "dead_letters: { kafka: { topic: " << topic("dead") << " } }\nruntime: { lanes: 2 }\n";
    std::ofstream(root_ / "weir.yaml") << text.str();
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string topic(const std::string& name) const { return "service-" + tag_ + "-" + name; }

  void produce(std::size_t begin, std::size_t end) {
    std::vector<TopicRecord> records;
    for (std::size_t number = begin; number < end; ++number) {
      const std::size_t card = number * number % 1009;
      TopicRecord record;
      record.key = "c" + std::to_string(card);
      record.partition = static_cast<std::int32_t>(card % partitions);
      record.timestamp_ms = begun_ms + static_cast<std::int64_t>(number) * 100;
      record.headers = {{"trace", std::to_string(number)}};
      record.value = R"({"id":"p)" + std::to_string(number) + R"(","card_id":"c)" + std::to_string(card) + R"(","created_at":)" +
                     std::to_string(record.timestamp_ms) + R"(,"amount":)" + (is_malformed(number) ? "\"much\"" : "1.25") + "}";
      records.push_back(record);
    }
    topics_.produce(topic("in"), records);
  }

  std::size_t delivered(const std::string& name, std::size_t wanted) { return topics_.read(topic(name), wanted).size(); }

  bool all_committed() {
    std::int64_t total = 0;
    for (std::int32_t partition = 0; partition < partitions; ++partition)
      total += std::max<std::int64_t>(0, topics_.committed(topic("group"), topic("in"), partition).offset);
    return total == static_cast<std::int64_t>(record_count);
  }

  std::string log() const {
    std::ifstream stream(root_ / "log");
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  KafkaTopicUser topics_{RealBroker::shared().address()};
  std::string tag_;
  fs::path root_;
};

// What each decided record must say, by a count that knows nothing of the engine.
std::map<std::string, std::size_t> expected_counts() {
  std::map<std::string, std::size_t> counts;
  std::map<std::size_t, std::vector<std::int64_t>> seen;
  for (std::size_t number = 0; number < record_count; ++number) {
    if (is_malformed(number)) continue;
    const std::int64_t time_ms = begun_ms + static_cast<std::int64_t>(number) * 100;
    std::vector<std::int64_t>& times = seen[number * number % 1009];
    times.push_back(time_ms);
    counts["p" + std::to_string(number)] = static_cast<std::size_t>(
        std::count_if(times.begin(), times.end(), [&](std::int64_t other) { return other > time_ms - 600'000 && other <= time_ms; }));
  }
  return counts;
}

std::string text_between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string::npos) return {};
  const std::size_t end = text.find(after, begin + before.size());
  return text.substr(begin + before.size(), end - begin - before.size());
}

TEST_F(ServiceOnRealBroker, KilledTwiceItDecidesEveryRecordAsIfNothingHadHappened) {
  // Each part reaches back into the windows of the one before, which the killed process took with it.
  const std::size_t part = record_count / 3;
  for (std::size_t kill = 0; kill < 2; ++kill) {
    test::ChildProcess service({WEIR_BINARY, "run", (root_ / "weir.yaml").string()}, (root_ / "log").string());
    produce(kill * part, (kill + 1) * part);
    const std::size_t wanted = kill * part + 1;
    ASSERT_GE(delivered("decisions", wanted), wanted) << log();
    service.signal(SIGKILL);
    service.wait();
  }
  produce(2 * part, record_count);
  test::ChildProcess service({WEIR_BINARY, "run", (root_ / "weir.yaml").string()}, (root_ / "log").string());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{2};
  while (!all_committed() && service.running() && std::chrono::steady_clock::now() < deadline) usleep(20'000);
  EXPECT_TRUE(all_committed()) << log();
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(), 0) << log();

  const std::map<std::string, std::size_t> expected = expected_counts();
  std::map<std::string, std::string> decisions;
  for (const TopicRecord& record : topics_.read_all(topic("decisions"))) {
    const std::string id = text_between(*record.value, "\"event_id\":\"", "\"");
    const auto [known, first] = decisions.try_emplace(id, *record.value);
    EXPECT_EQ(known->second, *record.value) << "copies of a decision differ";
  }
  EXPECT_EQ(decisions.size(), expected.size());
  std::size_t differences = 0;
  for (const auto& [id, count] : expected)
    if (text_between(decisions[id], "\"card_payments_10m\":", ",") != std::to_string(count)) ++differences;
  EXPECT_EQ(differences, 0U);

  std::set<std::string> dead;
  for (const TopicRecord& record : topics_.read_all(topic("dead"))) {
    EXPECT_NE(record.value->find("\"much\""), std::string::npos);
    EXPECT_EQ(record.headers.front().first, "trace");
    dead.insert(record.headers.front().second);
  }
  std::size_t malformed = 0;
  for (std::size_t number = 0; number < record_count; ++number)
    if (is_malformed(number)) malformed += dead.count(std::to_string(number));
  EXPECT_EQ(malformed, dead.size());
  EXPECT_EQ(dead.size() + decisions.size(), record_count);

  const auto updates = topics_.read_all(topic("profiles"));
  ASSERT_FALSE(updates.empty());
  EXPECT_NE(updates.front().value->find("busy"), std::string::npos) << *updates.front().value;
}

}  // namespace
}  // namespace weir
