// The service against the secured listeners of a real Apache Kafka: every way in, and what it says where it is not let in.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include "tests/support/child_process.h"
#include "tests/support/kafka_topic.h"
#include "tests/support/real_broker.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t record_count = 400;
constexpr std::int32_t partitions = 2;

constexpr const char* rules = R"(
event payment {
  id          string     id
  created_at  timestamp  time
  card_id     string     key
  amount      decimal
}
feature card_payments_10m = count() by card_id over 10m
rule busy_card "Many payments on one card" { when card_payments_10m >= 4 then block }
policy {
  precedence block, allow
  otherwise -> allow
}
)";

// Debian 12 and Ubuntu 24.04 have older ones: they cannot log in with SCRAM at Kafka 4.
bool librdkafka_knows_scram() {
  return rd_kafka_version() >= 0x020601ff;
}

std::string content_of(const fs::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string line_of(const std::string& path) {
  std::string text = content_of(path);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

struct Way {
  std::string name;
  std::string listener;
  std::string settings;      // what `security` says; NAME.pem and the like stand for files of the broker's folder
  std::string host = "";     // instead of the listener's own
  std::string expects = "";  // where there is no way in: part of what is said
  std::string path = "direct";
};

class SecuredKafka : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "weir-security-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    std::ofstream(root_ / "test.rules") << rules;
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string topic(const Way& way, const std::string& name) const {
    return "secured-" + std::to_string(getpid()) + "-" + way.name + "-" + name;
  }

  fs::path config(const Way& way) const {
    const RealBroker& broker = RealBroker::shared();
    std::string address = broker.listener(way.listener);
    if (!way.host.empty()) address = way.host + address.substr(address.rfind(':'));
    std::string settings = way.settings;
    for (const char* name : {"other_ca.pem", "ca.pem", "client.pem", "client.key", "client_locked.key"})
      if (const std::size_t at = settings.find(std::string(" ") + name); at != std::string::npos)
        settings.insert(at + 1, broker.security_file(""));
    for (const char* name : {"client_locked.password", "password"})
      if (const std::size_t at = settings.find(std::string("file:") + name); at != std::string::npos)
        settings.insert(at + 5, broker.security_file(""));
    const fs::path path = root_ / (way.name + ".yaml");
    std::ofstream(path) << "version: 1\nsources:\n  payments:\n    kafka: { brokers: [\"" << address << "\"], data_path: " << way.path
                        << ", topics: [" << topic(way, "in") << "], group: " << topic(way, "group") << ", start: earliest, security: { "
                        << settings << " } }\n"
                        << "    event: payment\nrules: { files: [test.rules] }\nsinks:\n  decisions: { kafka: { data_path: " << way.path
                        << ", topic: " << topic(way, "decisions") << " } }\ndead_letters: { kafka: { topic: " << topic(way, "dead")
                        << " } }\nruntime: { lanes: 2 }\nstate: { dir: state-" << way.name << " }\n";
    return path;
  }

  fs::path log_path(const Way& way) const { return root_ / (way.name + ".log"); }
  std::string log(const Way& way) const { return content_of(log_path(way)); }

  std::string status_of(const fs::path& path) const {
    std::string said;
    test::run_and_read({WEIR_BINARY, "status", path.string()}, (root_ / "status").string(), said);
    return said;
  }

  // Neither what the broker's files hold, nor what the tests make up.
  static void expect_no_secrets(const std::string& text) {
    for (const std::string& secret : {line_of(RealBroker::shared().security_file("password")),
                                      line_of(RealBroker::shared().security_file("client_locked.password")), std::string("hunter-22")})
      EXPECT_THAT(text, Not(HasSubstr(secret)));
    EXPECT_THAT(text, Not(HasSubstr("PRIVATE KEY")));
  }

  fs::path root_;
};

class ServiceByWay : public SecuredKafka, public testing::WithParamInterface<Way> {};

TEST_P(ServiceByWay, DecidesEveryRecord) {
  const Way& way = GetParam();
  KafkaTopicUser user(RealBroker::shared().address());
  user.create(topic(way, "in"), partitions);
  user.create(topic(way, "decisions"), partitions);
  user.create(topic(way, "dead"), 1);
  std::vector<TopicRecord> records(record_count);
  for (std::size_t number = 0; number < record_count; ++number) {
    const std::string at = std::to_string(number);
    records[number].key = "c" + std::to_string(number % 50);
    records[number].value =
        R"({"id":"p)" + at + R"(","card_id":"c)" + std::to_string(number % 50) + R"(","created_at":"2026-01-01T00:00:00Z","amount":1.25})";
  }
  user.produce(topic(way, "in"), records);

  const fs::path path = config(way);
  test::ChildProcess service({WEIR_BINARY, "run", path.string()}, log_path(way).string());
  if (way.settings.find("SCRAM") != std::string::npos && !librdkafka_knows_scram()) {
    EXPECT_NE(service.wait(), 0);
    EXPECT_THAT(log(way), HasSubstr("cannot log in there with SCRAM"));
    return expect_no_secrets(log(way));
  }
  std::set<std::string> decided;
  for (const TopicRecord& record : user.read(topic(way, "decisions"), record_count)) decided.insert(*record.value);
  EXPECT_EQ(decided.size(), record_count) << log(way);
  expect_no_secrets(status_of(path));
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(), 0) << log(way);
  std::int64_t committed = 0;
  for (std::int32_t partition = 0; partition < partitions; ++partition)
    committed += user.committed(topic(way, "group"), topic(way, "in"), partition).offset;
  EXPECT_EQ(committed, static_cast<std::int64_t>(record_count));
  expect_no_secrets(log(way));
}

INSTANTIATE_TEST_SUITE_P(
    Ways, ServiceByWay,
    testing::Values(
        Way{"tls", "ssl", "protocol: ssl, ca: ca.pem"},
        Way{"tls_without_host_name", "ssl", "protocol: ssl, ca: ca.pem, verify_hostname: false", "127.0.0.1"},
        Way{"certificate", "mutual", "protocol: ssl, ca: ca.pem, certificate: client.pem, key: client.key"},
        Way{"locked_key", "mutual",
            "protocol: ssl, ca: ca.pem, certificate: client.pem, key: client_locked.key, key_password: \"${file:client_locked.password}\""},
        Way{"locked_key_over_librdkafka", "mutual",
            "protocol: ssl, ca: ca.pem, certificate: client.pem, key: client_locked.key, key_password: \"${file:client_locked.password}\"",
            "", "", "librdkafka"},
        Way{"plain_tls_over_librdkafka", "sasl_ssl",
            "protocol: sasl_ssl, mechanism: PLAIN, username: weir, password: \"${file:password}\", ca: ca.pem", "", "", "librdkafka"},
        Way{"plain", "sasl_plaintext", "protocol: sasl_plaintext, mechanism: PLAIN, username: weir, password: \"${file:password}\""},
        Way{"plain_tls", "sasl_ssl", "protocol: sasl_ssl, mechanism: PLAIN, username: weir, password: \"${file:password}\", ca: ca.pem"},
        Way{"scram_256", "sasl_plaintext",
            "protocol: sasl_plaintext, mechanism: SCRAM-SHA-256, username: weir, password: \"${file:password}\""},
        Way{"scram_256_tls", "sasl_ssl",
            "protocol: sasl_ssl, mechanism: SCRAM-SHA-256, username: weir, password: \"${file:password}\", ca: ca.pem"},
        Way{"scram_512_tls", "sasl_ssl",
            "protocol: sasl_ssl, mechanism: SCRAM-SHA-512, username: weir, password: \"${file:password}\", ca: ca.pem"}),
    [](const auto& way) { return way.param.name; });

TEST_F(SecuredKafka, WhoIsNotLetInIsToldWhichSettingToLookAt) {
  const std::vector<Way> ways{
      {"password", "sasl_plaintext", "protocol: sasl_plaintext, mechanism: PLAIN, username: weir, password: hunter-22", "",
       "Check `security.username`, `security.password`"},
      {"scram_password", "sasl_ssl", "protocol: sasl_ssl, mechanism: SCRAM-SHA-512, username: weir, password: hunter-22, ca: ca.pem", "",
       "Check `security.username`, `security.password`"},
      {"mechanism", "sasl_plaintext", "protocol: sasl_plaintext, mechanism: SCRAM-SHA-512, username: weir, password: hunter-22", "",
       "does not offer this `security.mechanism`"},
      {"unknown_ca", "ssl", "protocol: ssl, ca: other_ca.pem", "", "No authority of `security.ca`"},
      {"system_ca", "ssl", "protocol: ssl", "", "No authority of `security.ca`"},
      {"host_name", "ssl", "protocol: ssl, ca: ca.pem", "127.0.0.1", "`security.verify_hostname`"},
      {"no_certificate", "mutual", "protocol: ssl, ca: ca.pem", "", "`security.certificate` and `security.key`"},
      {"plain_at_tls", "ssl", "protocol: plaintext", "", "`security.protocol`"},
      {"plain_at_login", "sasl_plaintext", "protocol: plaintext", "", "`security.protocol`"},
      {"tls_at_plain", "plaintext", "protocol: ssl, ca: ca.pem", "", "what `security.protocol` says"},
      {"login_at_tls", "ssl", "protocol: sasl_ssl, mechanism: PLAIN, username: weir, password: hunter-22, ca: ca.pem", "",
       "what `security.protocol` says"},
      {"key_password", "mutual", "protocol: ssl, ca: ca.pem, certificate: client.pem, key: client_locked.key, key_password: hunter-22", "",
       "wants another `security.key_password`"},
      {"no_file", "ssl", "protocol: ssl, ca: nothing.pem", "", "`security.ca`: the file"},
  };
  std::vector<std::unique_ptr<test::ChildProcess>> services;
  for (const Way& way : ways) {
    // What a broker that goes away looks like, too, is waited for: a check does not wait as long.
    std::vector<std::string> command{WEIR_BINARY, "run", config(way).string()};
    if (way.expects.find("`security.protocol`") != std::string::npos) command = {WEIR_BINARY, "check", "--connect", config(way).string()};
    services.push_back(std::make_unique<test::ChildProcess>(command, log_path(way).string()));
  }
  for (std::size_t at = 0; at < ways.size(); ++at) {
    SCOPED_TRACE(ways[at].name);
    EXPECT_GT(services[at]->wait(), 0);
    EXPECT_THAT(log(ways[at]), HasSubstr(ways[at].expects));
    expect_no_secrets(log(ways[at]));
  }
}

TEST_F(SecuredKafka, CheckSaysWhoIsNotLetIn) {
  std::string said;
  const Way wrong{"wrong", "sasl_plaintext", "protocol: sasl_plaintext, mechanism: PLAIN, username: weir, password: hunter-22"};
  EXPECT_EQ(test::run_and_read({WEIR_BINARY, "check", "--connect", config(wrong).string()}, log_path(wrong).string(), said), 1);
  EXPECT_THAT(said, HasSubstr("Check `security.username`, `security.password`"));
  expect_no_secrets(said);
  const Way right{"right", "sasl_ssl", "protocol: sasl_ssl, mechanism: PLAIN, username: weir, password: \"${file:password}\", ca: ca.pem"};
  EXPECT_EQ(test::run_and_read({WEIR_BINARY, "check", "--connect", config(right).string()}, log_path(right).string(), said), 1);
  EXPECT_THAT(said, HasSubstr(topic(right, "in") + "`, and the brokers at")) << "let in, it looks for its topics";
  expect_no_secrets(said);
}

}  // namespace
}  // namespace weir
