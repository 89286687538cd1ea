#include "connectors/kafka/kafka_settings.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "connectors/kafka/kafka_handles.h"
#include "engine/base/timestamp.h"
#include "engine/settings/config_errors.h"
#include "engine/settings/field_reader.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t addresses_max = 64;
constexpr std::size_t topics_max = 256;
constexpr std::size_t mib = std::size_t{1024} * 1024;

struct ReservedProperty {
  std::string_view property;
  std::string_view setting;  // to be used instead; empty: Weir's promises depend on its value
};

constexpr ReservedProperty reserved_for_all[] = {
    {"bootstrap.servers", "brokers"},
    {"metadata.broker.list", "brokers"},
    {"security.protocol", "security.protocol"},
    {"sasl.mechanism", "security.mechanism"},
    {"sasl.mechanisms", "security.mechanism"},
    {"sasl.username", "security.username"},
    {"sasl.password", "security.password"},
    {"ssl.ca.location", "security.ca"},
    {"ssl.certificate.location", "security.certificate"},
    {"ssl.key.location", "security.key"},
    {"ssl.key.password", "security.key_password"},
};
constexpr ReservedProperty reserved_for_sources[] = {
    {"group.id", "group"},
    {"group.instance.id", "group_instance_id"},
    {"session.timeout.ms", "session_timeout"},
    {"auto.commit.interval.ms", "commit_interval"},
    {"auto.offset.reset", "start"},
    {"enable.auto.commit", ""},
    {"enable.auto.offset.store", ""},
    {"partition.assignment.strategy", ""},
};
constexpr ReservedProperty reserved_for_sinks[] = {
    {"linger.ms", "linger"},       {"queue.buffering.max.ms", "linger"}, {"acks", ""},
    {"request.required.acks", ""}, {"enable.idempotence", ""},           {"delivery.report.only.error", ""},
    {"transactional.id", ""},      {"enable.gapless.guarantee", ""},
};

void check_properties(FieldReader& fields, const KafkaProperties& properties, std::span<const ReservedProperty> reserved) {
  for (const ReservedProperty& each : reserved) {
    if (!properties.contains(std::string(each.property))) continue;
    const std::string name = "`" + std::string(each.property) + "`";
    if (each.setting.empty()) {
      fields.complain_at(config_error::reserved_property, fields.place_of_property("librdkafka", each.property),
                         "the property " + name + " is set by Weir: its promises depend on it", "", {"remove it"});
    } else {
      fields.complain_at(config_error::reserved_property, fields.place_of_property("librdkafka", each.property),
                         "the property " + name + " has a setting of its own", "", {"use `" + std::string(each.setting) + "` instead"});
    }
  }
}

// The values may be secrets, and are not shown.
void try_properties(FieldReader& fields, const KafkaProperties& properties) {
  if (!fields.reading()) return;
  const KafkaConf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : properties) {
    const rd_kafka_conf_res_t result = rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), nullptr, 0);
    if (result == RD_KAFKA_CONF_OK) continue;
    const bool unknown = result == RD_KAFKA_CONF_UNKNOWN;
    fields.complain_at(config_error::refused_property, fields.place_of_property("librdkafka", name),
                       unknown ? "librdkafka knows no property `" + name + "`" : "librdkafka does not take this value of `" + name + "`",
                       "", {});
  }
}

// "host:port" or "[::1]:port".
bool is_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find_first_of(":[]/@, ") != std::string_view::npos) return false;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc{} && end == port.data() + port.size() && number >= 1 && number <= 65'535;
}

void read_brokers(FieldReader& fields, const SettingsNode& node, KafkaBrokers& to) {
  using Kind = SettingsNode::Kind;
  if (node.kind == Kind::mapping) return fields.complain_type("brokers", node, "a list of `host:port`, or the word `embedded`");
  to = {};
  const auto add = [&](const SettingsNode& item, std::string_view address) {
    if (!is_address(address)) {
      std::vector<std::string> help;
      if (!item.expanded && !closest_name(address, {"embedded"}).empty()) {
        help.emplace_back("did you mean `embedded`?");
      } else if (!item.expanded && address.find(':') == std::string_view::npos && !address.empty()) {
        help.push_back("did you mean `" + std::string(address) + ":9092`?");
      }
      fields.complain_at(config_error::bad_address, item.place, FieldReader::shown("brokers", item) + " is not the address of a broker",
                         "`host:port` is expected", std::move(help));
    } else if (std::find(to.addresses.begin(), to.addresses.end(), address) == to.addresses.end()) {
      to.addresses.emplace_back(address);
    }
  };
  // A scalar may list several, as librdkafka's own property does: variables hold no lists.
  const auto add_all = [&](const SettingsNode& item) {
    std::string_view rest = item.text;
    while (true) {
      const std::size_t comma = rest.find(',');
      std::string_view address = rest.substr(0, comma);
      while (address.starts_with(' ')) address.remove_prefix(1);
      while (address.ends_with(' ')) address.remove_suffix(1);
      add(item, address);
      if (comma == std::string_view::npos) return;
      rest.remove_prefix(comma + 1);
    }
  };
  if (node.kind == Kind::scalar) {
    if (node.text == "embedded") {
      to.embedded = true;
    } else {
      add_all(node);
    }
    return;
  }
  for (const SettingsNode& item : node.items) {
    if (item.unknown) continue;
    if (item.kind != Kind::scalar) {
      fields.complain_type("brokers", item, "a list of `host:port`, or the word `embedded`");
    } else if (item.text == "embedded") {
      fields.complain_at(config_error::contradiction, item.place,
                         "`embedded` stands for a broker of its own and cannot be in a list with others", "",
                         {"write `brokers: embedded`"});
    } else {
      add_all(item);
    }
  }
  if (node.items.empty() || node.items.size() > addresses_max)
    fields.complain_at(
        config_error::item_count, node.place,
        "`brokers` has " + std::to_string(node.items.size()) + " addresses, the limits are 1 and " + std::to_string(addresses_max));
}

void describe_brokers(FieldReader& fields, KafkaBrokers& to, Presence presence, std::string_view default_text, std::string_view meaning) {
  fields.custom("brokers", "a list of `host:port`, or `embedded`", default_text,
                R"("anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}])", meaning, presence,
                [&](const SettingsNode& node) { read_brokers(fields, node, to); });
}

void describe_start(FieldReader& fields, KafkaStart& to) {
  fields.custom("start", "`earliest`, `latest` or a time (RFC 3339)", "latest", R"("type": "string")",
                "where a shard begins for which the group has no committed position", Presence::optional, [&](const SettingsNode& node) {
                  if (node.kind != SettingsNode::Kind::scalar) return fields.complain_type("start", node, "`earliest`, `latest` or a time");
                  if (node.text == "earliest" || node.text == "latest") {
                    to.kind = node.text == "earliest" ? KafkaStart::Kind::earliest : KafkaStart::Kind::latest;
                  } else if (const std::optional<std::int64_t> time = parse_timestamp(node.text)) {
                    to = {KafkaStart::Kind::timestamp, *time};
                  } else {
                    std::vector<std::string> help;
                    const std::string_view closest = node.expanded ? std::string_view{} : closest_name(node.text, {"earliest", "latest"});
                    if (!closest.empty()) help.push_back("did you mean `" + std::string(closest) + "`?");
                    fields.complain_at(config_error::bad_timestamp, node.place,
                                       "`start` is " + FieldReader::shown("start", node) + ", it must be `earliest`, `latest` or a time",
                                       "a time looks like 2026-11-01T00:00:00Z", std::move(help));
                  }
                });
}

void check_topic(FieldReader& fields, const SettingsPlace& place, std::string_view topic) {
  constexpr std::size_t topic_bytes_max = 249;  // Kafka's own limit
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  if (topic.empty() || (topic.size() <= topic_bytes_max && std::all_of(topic.begin(), topic.end(), fits) && topic != "." && topic != ".."))
    return;
  fields.complain_at(config_error::bad_name, place, "no topic can have this name", "",
                     {"topics are named with 1 to 249 letters, digits, `.`, `_` or `-`"});
}

}  // namespace

std::string_view to_string(KafkaSecuritySettings::Protocol protocol) {
  switch (protocol) {
    case KafkaSecuritySettings::Protocol::plaintext:
      return "plaintext";
    case KafkaSecuritySettings::Protocol::ssl:
      return "ssl";
    case KafkaSecuritySettings::Protocol::sasl_plaintext:
      return "sasl_plaintext";
    case KafkaSecuritySettings::Protocol::sasl_ssl:
      return "sasl_ssl";
  }
  return "";
}

std::string_view to_string(KafkaSecuritySettings::Mechanism mechanism) {
  switch (mechanism) {
    case KafkaSecuritySettings::Mechanism::plain:
      return "PLAIN";
    case KafkaSecuritySettings::Mechanism::scram_sha_256:
      return "SCRAM-SHA-256";
    case KafkaSecuritySettings::Mechanism::scram_sha_512:
      return "SCRAM-SHA-512";
    case KafkaSecuritySettings::Mechanism::gssapi:
      return "GSSAPI";
  }
  return "";
}

bool goes_direct(KafkaDataPath path, const KafkaSecuritySettings& security, const KafkaProperties& librdkafka) {
  return path == KafkaDataPath::direct && direct_path_obstacle(path, security, librdkafka).empty();
}

std::string_view direct_path_obstacle(KafkaDataPath path, const KafkaSecuritySettings& security, const KafkaProperties& librdkafka) {
  if (path == KafkaDataPath::librdkafka) return {};
  if (!librdkafka.empty()) return "properties of librdkafka are set (with `data_path: librdkafka` this is not said)";
  if (security.mechanism == KafkaSecuritySettings::Mechanism::gssapi) return "only librdkafka logs in with GSSAPI";
  return {};
}

void describe(FieldReader& fields, KafkaSecuritySettings& to) {
  using Protocol = KafkaSecuritySettings::Protocol;
  using Mechanism = KafkaSecuritySettings::Mechanism;
  fields.choice("protocol", to.protocol,
                {{"plaintext", Protocol::plaintext},
                 {"ssl", Protocol::ssl},
                 {"sasl_plaintext", Protocol::sasl_plaintext},
                 {"sasl_ssl", Protocol::sasl_ssl}},
                "how the connection is protected and who logs in");
  fields.choice(
      "mechanism", to.mechanism,
      {{"PLAIN", Mechanism::plain},
       {"SCRAM-SHA-256", Mechanism::scram_sha_256},
       {"SCRAM-SHA-512", Mechanism::scram_sha_512},
       {"GSSAPI", Mechanism::gssapi}},
      "how to log in; needed with sasl_plaintext and sasl_ssl. PLAIN sends the password itself, which sasl_plaintext lets others read");
  fields.text("username", to.username, "who logs in");
  fields.text("password", to.password, "the password; better `${file:...}` or a variable than the text itself");
  fields.path("ca", to.ca, "PEM file with the authorities to trust; without it, those of the system");
  fields.path("certificate", to.certificate, "PEM file with this client's certificate");
  fields.path("key", to.key, "PEM file with the key of the certificate");
  fields.text("key_password", to.key_password, "the password of the key");
  fields.flag("verify_hostname", to.verify_hostname, "refuse a broker whose certificate names another host");
  if (!fields.reading()) return;
  const std::string protocol = "`protocol: " + std::string(to_string(to.protocol)) + "`";
  const bool sasl = to.protocol == Protocol::sasl_plaintext || to.protocol == Protocol::sasl_ssl;
  const bool tls = to.protocol == Protocol::ssl || to.protocol == Protocol::sasl_ssl;
  if (sasl && !fields.given("mechanism"))
    fields.complain(config_error::missing, "protocol", protocol + " needs a `mechanism`",
                    {"add `mechanism: SCRAM-SHA-512`, or what the broker asks for"});
  if (sasl && to.mechanism && *to.mechanism != Mechanism::gssapi && (!fields.given("username") || !fields.given("password")))
    fields.complain(config_error::missing, "mechanism",
                    "`mechanism: " + std::string(to_string(*to.mechanism)) + "` needs `username` and `password`");
  const auto useless = [&](std::string_view field, bool allowed, const std::string& fix) {
    if (fields.given(field) && !allowed)
      fields.complain(config_error::contradiction, field, "`" + std::string(field) + "` has no effect with " + protocol, {fix});
  };
  for (const std::string_view field : {"mechanism", "username", "password"}) useless(field, sasl, "use `protocol: sasl_ssl`, or remove it");
  for (const std::string_view field : {"ca", "certificate", "key", "key_password", "verify_hostname"})
    useless(field, tls, "use `protocol: ssl` or `sasl_ssl`, or remove it");
  if (fields.given("certificate") != fields.given("key"))
    fields.complain(config_error::contradiction, fields.given("key") ? "key" : "certificate",
                    "`certificate` and `key` are given together or not at all");
}

void describe(FieldReader& fields, KafkaSourceSettings& to) {
  describe_brokers(fields, to.brokers, Presence::required, "localhost:9092",
                   "where the cluster is reached; `embedded` starts one inside of the process, for tries");
  std::vector<SettingsPlace> topic_places;
  fields.texts("topics", to.topics, {1, topics_max}, "the topics to read", Presence::required, &topic_places);
  fields.text("group", to.group, "the consumer group: instances of one group share the shards, and its commits say where to go on");
  describe_start(fields, to.start);
  fields.text("group_instance_id", to.group_instance_id,
              "a name that this instance keeps over restarts, so that a restart moves no shards");
  fields.duration("session_timeout", to.session_timeout, {1s, 30min}, "an instance that is silent for so long loses its shards");
  fields.duration("commit_interval", to.commit_interval, {10ms, 60s}, "how often the position is committed");
  fields.duration("replay_margin", to.replay_margin, {0ms, 24h},
                  "after a restart, windows are rebuilt from this much before they begin: clocks differ");
  fields.choice(
      "data_path", to.data_path, {{"direct", KafkaDataPath::direct}, {"librdkafka", KafkaDataPath::librdkafka}},
      "who fetches the records: the lanes themselves, wherever they can (uncompressed records, no GSSAPI, no properties of librdkafka "
      "below), or librdkafka");
  fields.size("prefetch_bytes_max", to.prefetch_bytes_max, {mib, 65'536 * mib}, "most bytes that librdkafka fetches ahead, for each lane");
  fields.group("security", to.security, "encryption and login");
  fields.properties("librdkafka", to.librdkafka, "properties of librdkafka, passed on as they are");
  if (!fields.reading()) return;
  for (std::size_t index = 0; index < to.topics.size(); ++index) check_topic(fields, topic_places[index], to.topics[index]);
  check_properties(fields, to.librdkafka, reserved_for_all);
  check_properties(fields, to.librdkafka, reserved_for_sources);
  try_properties(fields, to.librdkafka);
}

void describe(FieldReader& fields, KafkaSinkSettings& to) {
  fields.text("topic", to.topic, "the topic to write to", Presence::required);
  KafkaBrokers brokers;
  describe_brokers(fields, brokers, Presence::optional, "", "where the cluster is reached; without it, that of the source");
  if (fields.given("brokers")) to.brokers = brokers;
  fields.group("security", to.security, "encryption and login; without it and without brokers, as the source");
  fields.choice(
      "data_path", to.data_path, {{"direct", KafkaDataPath::direct}, {"librdkafka", KafkaDataPath::librdkafka}},
      "who sends the outputs: the lanes themselves, wherever they can (no GSSAPI, no properties of librdkafka below), or librdkafka");
  fields.duration(
      "linger", to.linger, {0ms, 1s},
      "wait at most this long for more outputs to send together; lanes that send themselves wait for the answer to what they sent "
      "before, and no longer");
  fields.flag("create_topic", to.create_topic, "create the topic where it is missing, with the broker's defaults");
  fields.properties("librdkafka", to.librdkafka, "properties of librdkafka, passed on as they are");
  if (!fields.reading()) return;
  check_topic(fields, fields.place_of("topic"), to.topic);
  check_properties(fields, to.librdkafka, reserved_for_all);
  check_properties(fields, to.librdkafka, reserved_for_sinks);
  try_properties(fields, to.librdkafka);
  if (to.security && !to.brokers)
    fields.complain(config_error::contradiction, "security",
                    "`security` without `brokers`: the sink would use the source's brokers with another login",
                    {"name the brokers, or remove `security` to log in as the source does"});
}

}  // namespace weir
