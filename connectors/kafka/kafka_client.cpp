#include "connectors/kafka/kafka_client.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "connectors/kafka/kafka_errors.h"

namespace weir {
namespace {

constexpr std::size_t error_text_bytes = 512;

Status set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, error_text_bytes> text{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size()) == RD_KAFKA_CONF_OK) return success();
  return Error{ErrorKind::configuration, "librdkafka does not take `" + name + "`: " + text.data()};
}

// Why a client with these settings cannot be opened: a file that is not there, or librdkafka's words with the names of our settings.
std::string refusal_text(const KafkaSecuritySettings& security, std::string text) {
  const std::pair<std::string_view, const std::optional<std::string>*> files[] = {
      {"security.ca", &security.ca}, {"security.certificate", &security.certificate}, {"security.key", &security.key}};
  for (const auto& [setting, path] : files) {
    if (!*path) continue;
    std::error_code error;
    const bool folder = std::filesystem::is_directory(path->value(), error);
    if (!folder && std::ifstream(path->value()).is_open()) continue;
    return "`" + std::string(setting) + "`: the file `" + path->value() + "` cannot be read";
  }
  if (text.find("ssl.ca.location") != std::string::npos) return "`security.ca` holds no PEM certificates: " + text;
  if (text.find("ssl.certificate.location") != std::string::npos) return "`security.certificate` holds no PEM certificate: " + text;
  if (text.find("ssl.key.location") != std::string::npos)
    return "`security.key` cannot be used: it is no PEM key, wants another `security.key_password`, or belongs to another "
           "`security.certificate`: " +
           text;
  return "librdkafka refuses its configuration: " + text;
}

std::vector<KafkaProperty> security_properties(const KafkaSecuritySettings& security) {
  std::vector<KafkaProperty> properties;
  const auto add = [&properties](const char* name, const std::optional<std::string>& value) {
    if (value) properties.push_back({name, *value});
  };
  properties.push_back({"security.protocol", std::string(to_string(security.protocol))});
  if (security.mechanism) properties.push_back({"sasl.mechanisms", std::string(to_string(*security.mechanism))});
  add("sasl.username", security.username);
  add("sasl.password", security.password);
  add("ssl.ca.location", security.ca);
  add("ssl.certificate.location", security.certificate);
  add("ssl.key.location", security.key);
  add("ssl.key.password", security.key_password);
  properties.push_back({"ssl.endpoint.identification.algorithm", security.verify_hostname ? "https" : "none"});
  return properties;
}

}  // namespace

Result<KafkaClient> open_kafka_client(KafkaRole role, const KafkaConnection& connection, const std::vector<KafkaProperty>& properties,
                                      const std::function<void(rd_kafka_conf_t*)>& callbacks) {
  KafkaConf conf(rd_kafka_conf_new());
  std::vector<KafkaProperty> all{{"bootstrap.servers", connection.address},
                                 {"client.id", "weir"},
                                 // Trap: Nagle is on by default until librdkafka 2.10 and costs 40 ms a round trip.
                                 {"socket.nagle.disable", "true"},
                                 // Trap: ten seconds by default, where Java clients wait for one. So long nobody could say who leads what.
                                 {"reconnect.backoff.max.ms", "1000"},
                                 {"log.connection.close", "false"}};
  for (const KafkaProperty& one : security_properties(connection.security)) all.push_back(one);
  for (const KafkaProperty& one : properties) all.push_back(one);
  for (const auto& [name, value] : connection.librdkafka) all.push_back({name, value});
  for (const KafkaProperty& one : all)
    if (const Status status = set(conf.get(), one.name, one.value); !status) return status.error();
  rd_kafka_conf_set_log_cb(conf.get(),
                           [](const rd_kafka_t*, int, const char*, const char*) {});  // silent unless `callbacks` says otherwise
  if (callbacks) callbacks(conf.get());

  std::array<char, error_text_bytes> text{};
  rd_kafka_t* client =
      rd_kafka_new(role == KafkaRole::consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf.get(), text.data(), text.size());
  if (client == nullptr) return Error{ErrorKind::configuration, refusal_text(connection.security, text.data())};
  static_cast<void>(conf.release());  // the client owns it now
  return KafkaClient(client);
}

Result<std::shared_ptr<const wire::ConnectionSecurity>> open_connection_security(const KafkaSecuritySettings& settings) {
  using Protocol = KafkaSecuritySettings::Protocol;
  using Mechanism = KafkaSecuritySettings::Mechanism;
  if (settings.protocol == Protocol::plaintext) return std::shared_ptr<const wire::ConnectionSecurity>();
  std::optional<wire::TlsFiles> tls;
  if (settings.protocol == Protocol::ssl || settings.protocol == Protocol::sasl_ssl)
    tls = {settings.ca, settings.certificate, settings.key, settings.key_password, settings.verify_hostname};
  std::optional<wire::LoginSettings> login;
  if (settings.mechanism) {
    const wire::LoginMechanism mechanism = settings.mechanism == Mechanism::scram_sha_256   ? wire::LoginMechanism::scram_sha_256
                                           : settings.mechanism == Mechanism::scram_sha_512 ? wire::LoginMechanism::scram_sha_512
                                                                                            : wire::LoginMechanism::plain;
    login = {mechanism, settings.username.value_or(""), settings.password.value_or("")};
  }
  return wire::ConnectionSecurity::open(tls, std::move(login));
}

std::string join_addresses(const std::vector<std::string>& addresses) {
  std::string joined;
  for (const std::string& address : addresses) {
    if (!joined.empty()) joined.push_back(',');
    joined.append(address);
  }
  return joined;
}

bool librdkafka_is_at_least(int major, int minor) {
  return rd_kafka_version() >= ((major << 24) | (minor << 16));
}

}  // namespace weir
