// One connection of the direct path at the secured listeners of a real Apache Kafka.
#include <chrono>
#include <fstream>
#include <map>
#include <mutex>
#include <poll.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "connectors/kafka/kafka_client.h"
#include "connectors/kafka/kafka_sink.h"
#include "connectors/kafka/kafka_source.h"
#include "connectors/kafka/wire/broker_connection.h"
#include "connectors/kafka/wire/fetcher.h"
#include "connectors/kafka/wire/request_frame.h"
#include "connectors/kafka/wire/sender.h"
#include "tests/support/fake_lanes.h"
#include "tests/support/kafka_topic.h"
#include "tests/support/real_broker.h"
#include "tests/support/sink_lanes.h"

namespace weir {
namespace {

using Protocol = KafkaSecuritySettings::Protocol;
using Mechanism = KafkaSecuritySettings::Mechanism;
using testing::HasSubstr;

constexpr std::chrono::seconds patience{30};

std::string file(const std::string& name) {
  return RealBroker::shared().security_file(name);
}

std::string line_of(const std::string& name) {
  std::ifstream stream(file(name));
  std::string line;
  std::getline(stream, line);
  return line;
}

KafkaSecuritySettings tls(const std::string& ca = "ca.pem") {
  KafkaSecuritySettings settings;
  settings.protocol = Protocol::ssl;
  settings.ca = file(ca);
  return settings;
}

KafkaSecuritySettings login(Protocol protocol, Mechanism mechanism) {
  KafkaSecuritySettings settings;
  settings.protocol = protocol;
  settings.mechanism = mechanism;
  settings.username = "weir";
  settings.password = line_of("password");
  if (protocol == Protocol::sasl_ssl) settings.ca = file("ca.pem");
  return settings;
}

wire::BrokerAddress address_of(const std::string& listener, const KafkaSecuritySettings& settings, const std::string& host = "") {
  const std::string name = RealBroker::shared().listener(listener);
  const std::string port = name.substr(name.rfind(':') + 1);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
  wire::BrokerAddress made;
  made.name = host.empty() ? name : host + ":" + port;
  *reinterpret_cast<sockaddr_in*>(&made.address) = address;
  made.address_bytes = sizeof address;
  auto security = open_connection_security(settings);
  EXPECT_TRUE(security.ok()) << security.error().text;
  if (security) made.security = security.take();
  return made;
}

// Until an answer is there, or the connection has failed. Waits only for what the connection says that it waits for.
bool answers(wire::BrokerConnection& connection) {
  std::string frame;
  wire::write_api_versions(frame, 7);
  connection.send(frame);
  wire::AnswerMemory memory;
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (!connection.progress(memory)) {
    if (connection.failed() || std::chrono::steady_clock::now() > give_up) return false;
    pollfd socket{connection.socket(), static_cast<short>(connection.wants_to_write() ? POLLIN | POLLOUT : POLLIN), 0};
    poll(&socket, 1, 1'000);
  }
  const bool right = wire::read_api_versions(connection.answer(), 1, 11);
  connection.release_answer();
  return right;
}

TEST(SecuredConnection, IsLetInByEveryWay) {
  KafkaSecuritySettings certificate = tls();
  certificate.certificate = file("client.pem");
  certificate.key = file("client_locked.key");
  certificate.key_password = line_of("client_locked.password");
  const std::pair<std::string, KafkaSecuritySettings> ways[] = {
      {"plaintext", {}},
      {"ssl", tls()},
      {"mutual", certificate},
      {"sasl_plaintext", login(Protocol::sasl_plaintext, Mechanism::plain)},
      {"sasl_plaintext", login(Protocol::sasl_plaintext, Mechanism::scram_sha_256)},
      {"sasl_ssl", login(Protocol::sasl_ssl, Mechanism::plain)},
      {"sasl_ssl", login(Protocol::sasl_ssl, Mechanism::scram_sha_256)},
      {"sasl_ssl", login(Protocol::sasl_ssl, Mechanism::scram_sha_512)},
  };
  for (const auto& [listener, settings] : ways) {
    SCOPED_TRACE(listener + " " + std::string(settings.mechanism ? to_string(*settings.mechanism) : ""));
    wire::BrokerConnection connection(address_of(listener, settings));
    for (int request = 0; request < 3; ++request) EXPECT_TRUE(answers(connection)) << connection.failure();
    EXPECT_TRUE(connection.is_open());
  }
}

TEST(SecuredConnection, SaysWhyItIsNotLetIn) {
  KafkaSecuritySettings wrong = login(Protocol::sasl_plaintext, Mechanism::plain);
  wrong.password = "hunter-22";
  KafkaSecuritySettings wrong_scram = login(Protocol::sasl_ssl, Mechanism::scram_sha_512);
  wrong_scram.password = "hunter-22";
  struct Case {
    wire::BrokerAddress address;
    std::string expected;
    bool refused = true;
  } cases[] = {
      {address_of("ssl", tls("other_ca.pem")), "the broker's certificate is not accepted: "},
      {address_of("ssl", tls(), "127.0.0.1"), "the broker's certificate is not accepted: "},
      {address_of("ssl", tls(), "elsewhere"), "the broker's certificate is not accepted: hostname mismatch"},
      {address_of("mutual", tls()), "TLS: "},
      {address_of("plaintext", tls()), "closed", false},
      {address_of("ssl", {}), "an answer of ", false},
      {address_of("sasl_plaintext", wrong), "the login fails: Authentication failed: Invalid username or password"},
      {address_of("sasl_ssl", wrong_scram), "the login fails: Authentication failed"},
      {address_of("sasl_plaintext", login(Protocol::sasl_plaintext, Mechanism::scram_sha_512)), "does not offer SCRAM-SHA-512"},
  };
  for (Case& one : cases) {
    wire::BrokerConnection connection(one.address);
    EXPECT_FALSE(answers(connection));
    EXPECT_THAT(connection.failure(), HasSubstr(one.expected)) << one.address.name;
    EXPECT_EQ(connection.refused(), one.refused) << connection.failure();
    EXPECT_EQ(connection.failure().find("hunter-22"), std::string::npos);
  }
}

// The broker closes connections whose login has lasted long enough, whatever is on the way.
TEST(SecuredConnection, IsOpenedAnewWhereLoginsEndAndNothingIsLost) {
  const std::string topic = "logins-" + std::to_string(getpid());
  KafkaTopicUser user(RealBroker::shared().address());
  user.create(topic, 2);
  const std::string address = RealBroker::shared().listener("sasl_ssl");
  std::mutex mutex;
  std::size_t ended = 0;
  const KafkaNotice count = [&](std::string_view text) {
    const std::lock_guard lock(mutex);
    if (text.find("closed the connection") != std::string_view::npos) ++ended;
  };
  KafkaSinkSettings out;
  out.topic = topic;
  out.security = login(Protocol::sasl_ssl, Mechanism::plain);
  KafkaSink sink("out", out, address, count);
  ASSERT_TRUE(sink.open(1, nullptr, nullptr).ok());
  SinkLane lane(sink, 0);
  KafkaSourceSettings in;
  in.topics = {topic};
  in.group = topic;
  in.start = {KafkaStart::Kind::earliest, 0};
  in.security = *out.security;
  ShardNumbers numbers;
  FakeLanes lanes(1);
  KafkaSource source("in", in, address, {}, numbers);
  ASSERT_TRUE(source.start(lanes, 1).ok());
  RunningLanes running(lanes, source);

  std::size_t written = 0;
  const auto give_up = std::chrono::steady_clock::now() + patience;
  const auto ended_twice = [&] {
    const std::lock_guard lock(mutex);
    return ended >= 2;
  };
  while (!ended_twice() && std::chrono::steady_clock::now() < give_up) {
    std::vector<TestOutput> outputs;
    for (std::size_t at = 0; at < 20; ++at, ++written)
      outputs.push_back({"key" + std::to_string(written % 7), std::to_string(written), true, true, -1, {}});
    lane.add(outputs);
    ASSERT_TRUE(lane.deliver_all());
  }
  EXPECT_TRUE(ended_twice());
  const std::vector<TopicRecord> records = user.read_all(topic);
  EXPECT_EQ(records.size(), written) << "no copies";
  std::map<std::string, std::size_t> newest;
  for (const TopicRecord& record : records) {
    const std::size_t number = std::stoul(*record.value) + 1;
    EXPECT_LT(newest[*record.key], number) << "in order";
    newest[*record.key] = number;
  }
  EXPECT_TRUE(lanes.wait_for_records(written));
  EXPECT_EQ(sink.state().hand_overs, 0U);
  EXPECT_EQ(source.hand_overs(), 0U);
  EXPECT_TRUE(lanes.failures().empty());
  running.stop();
  sink.close(std::chrono::steady_clock::now() + patience);
}

// Whoever is refused again and again leaves it to librdkafka, and says why.
TEST(SecuredConnection, IsGivenUpWhereItIsNeverLetIn) {
  const wire::BrokerAddress leader = address_of("ssl", tls("other_ca.pem"));
  const auto give_up = std::chrono::steady_clock::now() + patience;
  wire::FetchedShard shard;
  shard.topic = "none";
  wire::Fetcher fetcher(wire::FetchLimits{});
  fetcher.add(shard);
  while (shard.give_up.empty() && std::chrono::steady_clock::now() < give_up) {
    if (shard.wants_leader) fetcher.set_leader(shard, leader);
    fetcher.pump();
  }
  EXPECT_THAT(shard.give_up, HasSubstr("does not let us in: TLS: the broker's certificate is not accepted"));

  wire::Sender sender(
      "none", [](void*, int) {}, nullptr);
  sender.set_leaders(1, {{0, leader}});
  wire::RecordToWrite record;
  record.has_value = true;
  record.value = "value";
  sender.add(record, 7);
  std::vector<std::uint64_t> delivered;
  while (!sender.failed() && std::chrono::steady_clock::now() < give_up) {
    if (sender.wants_leaders()) sender.set_leaders(1, {{0, leader}});
    sender.pump(delivered);
  }
  EXPECT_THAT(sender.failure(), HasSubstr("TLS: the broker's certificate is not accepted"));
  EXPECT_EQ(sender.take_undelivered(), std::vector<std::uint64_t>{7});
}

TEST(SecuredConnection, TellsWhichFileIsNoGood) {
  KafkaSecuritySettings settings = tls("nothing.pem");
  EXPECT_THAT(open_connection_security(settings).error().text, HasSubstr("nothing.pem"));
  settings = tls();
  settings.certificate = file("client.pem");
  settings.key = file("client_locked.key");
  EXPECT_THAT(open_connection_security(settings).error().text, HasSubstr("client_locked.key")) << "asks nobody for the password";
  settings.key = file("other_ca.key");
  EXPECT_THAT(open_connection_security(settings).error().text, HasSubstr("other_ca.key")) << "of another certificate";
}

}  // namespace
}  // namespace weir
