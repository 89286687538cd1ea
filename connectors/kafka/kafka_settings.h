// What a config file may say about Kafka, as plain structs. Declared field by field in kafka_settings.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

class FieldReader;

struct KafkaSecuritySettings {
  enum class Protocol : std::uint8_t { plaintext, ssl, sasl_plaintext, sasl_ssl };
  enum class Mechanism : std::uint8_t { plain, scram_sha_256, scram_sha_512, gssapi };

  Protocol protocol = Protocol::plaintext;
  std::optional<Mechanism> mechanism;
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::optional<std::string> ca;           // PEM file with the authorities to trust
  std::optional<std::string> certificate;  // PEM file, for TLS client authentication
  std::optional<std::string> key;          // PEM file
  std::optional<std::string> key_password;
  bool verify_hostname = true;

  bool operator==(const KafkaSecuritySettings&) const = default;
};

// "host:port" each; `embedded` is the mock cluster that the process starts for itself.
struct KafkaBrokers {
  std::vector<std::string> addresses;
  bool embedded = false;

  bool operator==(const KafkaBrokers&) const = default;
};

// librdkafka's own properties, passed through.
using KafkaProperties = std::map<std::string, std::string>;

struct KafkaStart {
  enum class Kind : std::uint8_t { earliest, latest, timestamp };
  Kind kind = Kind::latest;
  std::int64_t timestamp_ms = 0;  // of Kind::timestamp
};

// Who talks to the partitions' leaders: the lanes themselves, or librdkafka.
enum class KafkaDataPath : std::uint8_t { direct, librdkafka };

struct KafkaSourceSettings {
  KafkaBrokers brokers;
  std::vector<std::string> topics;
  std::string group = "weir";
  KafkaStart start;  // only where the group has no committed position
  std::optional<std::string> group_instance_id;
  std::chrono::milliseconds session_timeout{10'000};
  std::chrono::milliseconds commit_interval{200};
  // Mute replay starts this much (by broker timestamp) earlier than the windows ask for: clocks differ.
  std::chrono::milliseconds replay_margin{60'000};
  KafkaDataPath data_path = KafkaDataPath::direct;
  // Fetched ahead by librdkafka and not yet handed over, for each lane.
  std::uint64_t prefetch_bytes_max = std::uint64_t{512} * 1024 * 1024;
  KafkaSecuritySettings security;
  KafkaProperties librdkafka;
};

struct KafkaSinkSettings {
  std::string topic;
  std::optional<KafkaBrokers> brokers;  // set after loading: without a word in the file, the source's
  std::optional<KafkaSecuritySettings> security;
  KafkaDataPath data_path = KafkaDataPath::direct;
  std::chrono::milliseconds linger{0};
  bool create_topic = false;  // where it is missing, with the broker's defaults; otherwise a missing topic is an error at start
  KafkaProperties librdkafka;
};

// Whether lanes talk to the leaders themselves: not with GSSAPI, and where no property of librdkafka is set, for whoever sets one means
// librdkafka.
bool goes_direct(KafkaDataPath path, const KafkaSecuritySettings& security, const KafkaProperties& librdkafka);
// Why not, though `data_path` would have it; for people. Empty where it is as the settings say.
std::string_view direct_path_obstacle(KafkaDataPath path, const KafkaSecuritySettings& security, const KafkaProperties& librdkafka);

std::string_view to_string(KafkaSecuritySettings::Protocol protocol);    // as librdkafka writes it
std::string_view to_string(KafkaSecuritySettings::Mechanism mechanism);  // as librdkafka writes it

// Declares and reads every field; when documenting, only declares.
void describe(FieldReader& fields, KafkaSourceSettings& to);
void describe(FieldReader& fields, KafkaSinkSettings& to);
void describe(FieldReader& fields, KafkaSecuritySettings& to);

}  // namespace weir
