#include "engine/app/connect_check.h"

#include <algorithm>
#include <any>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "connectors/kafka/kafka_client.h"
#include "connectors/kafka/kafka_settings.h"
#include "connectors/kafka/kafka_topics.h"
#include "engine/settings/config_errors.h"

namespace weir {
namespace {

struct TopicUse {
  std::string user;  // as in the config: `sources.payments` reads
  std::string topic;
  std::string help;
  SettingsPlace place;
  bool may_be_missing = false;
};

struct Cluster {
  KafkaConnection connection;
  std::vector<TopicUse> uses;
};

void add(std::vector<Cluster>& clusters, const KafkaBrokers& brokers, const KafkaSecuritySettings& security,
         const KafkaProperties& librdkafka, TopicUse use) {
  if (brokers.embedded) return;
  KafkaConnection connection{join_addresses(brokers.addresses), security, librdkafka};
  const auto same = [&connection](const Cluster& each) {
    return each.connection.address == connection.address && each.connection.security == connection.security &&
           each.connection.librdkafka == connection.librdkafka;
  };
  auto cluster = std::find_if(clusters.begin(), clusters.end(), same);
  if (cluster == clusters.end()) cluster = clusters.insert(clusters.end(), {std::move(connection), {}});
  cluster->uses.push_back(std::move(use));
}

void add_sink(std::vector<Cluster>& clusters, const std::string& name, const ConnectorChoice& connector) {
  const auto* kafka = std::any_cast<KafkaSinkSettings>(&connector.settings);
  if (kafka == nullptr || !kafka->brokers) return;
  add(clusters, *kafka->brokers, kafka->security.value_or(KafkaSecuritySettings{}), kafka->librdkafka,
      {"`" + name + "` writes to", kafka->topic, "create it, or say `create_topic: true`", connector.place, kafka->create_topic});
}

std::vector<Cluster> clusters_of(const ServiceSettings& settings) {
  std::vector<Cluster> clusters;
  for (const SourceSettings& source : settings.sources)
    if (const auto* kafka = std::any_cast<KafkaSourceSettings>(&source.connector.settings))
      for (const std::string& topic : kafka->topics)
        add(clusters, kafka->brokers, kafka->security, kafka->librdkafka,
            {"`sources." + source.name + "` reads", topic, "create it", source.connector.place});
  for (const SinkSettings& sink : settings.sinks) add_sink(clusters, "sinks." + sink.name, sink.connector);
  add_sink(clusters, "dead_letters", settings.dead_letters);
  return clusters;
}

}  // namespace

void check_brokers(const ServiceSettings& settings, std::chrono::milliseconds time_max, std::ostream& progress, Diagnostics& diagnostics) {
  for (const Cluster& cluster : clusters_of(settings)) {
    const std::string& address = cluster.connection.address;
    progress << "asking the brokers at " << address << "\n" << std::flush;
    std::vector<std::string> topics;
    for (const TopicUse& use : cluster.uses) topics.push_back(use.topic);
    const std::chrono::duration<double> seconds = time_max;
    const Result<std::vector<std::string>> missing = missing_topics(cluster.connection, topics, time_max);
    if (!missing) {
      const Error& error = missing.error();
      diagnostics.push_back(
          config_diagnostic(config_error::no_broker, cluster.uses.front().place,
                            error.kind == ErrorKind::retryable
                                ? fmt::format("the brokers at `{}` do not answer within {:g} s: {}", address, seconds.count(), error.text)
                                : fmt::format("no connection to the brokers at `{}`: {}", address, error.text),
                            "asked for its topic"));
      continue;
    }
    for (const TopicUse& use : cluster.uses) {
      if (use.may_be_missing || std::find(missing.value().begin(), missing.value().end(), use.topic) == missing.value().end()) continue;
      diagnostics.push_back(
          config_diagnostic(config_error::no_topic, use.place,
                            fmt::format("{} the topic `{}`, and the brokers at `{}` show none of this name", use.user, use.topic, address),
                            "no such topic", {use.help}));
    }
  }
}

}  // namespace weir
