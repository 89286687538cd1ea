#include "connectors/registry.h"

#include <any>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "connectors/console/console_settings.h"
#include "connectors/endpoint_conflicts.h"
#include "connectors/file/file_settings.h"
#include "connectors/generator/generator_settings.h"
#include "connectors/kafka/kafka_settings.h"
#include "engine/settings/config_errors.h"

namespace weir {
namespace {

template <typename Settings>
std::any read(FieldReader& fields) {
  Settings settings;
  describe(fields, settings);
  return settings;
}

constexpr std::array source_kinds{
    ConnectorKind{"kafka", "reads the topics of a Kafka cluster", read<KafkaSourceSettings>},
    ConnectorKind{"file", "reads a file of JSON lines", read<FileSourceSettings>},
    ConnectorKind{"generator", "makes payments up, some of them fraud, for tries", read<GeneratorSettings>},
};
constexpr std::array sink_kinds{
    ConnectorKind{"kafka", "writes to a topic of a Kafka cluster", read<KafkaSinkSettings>},
    ConnectorKind{"file", "appends JSON lines to a file", read<FileSinkSettings>},
    ConnectorKind{"console", "writes JSON lines to standard output", read<ConsoleSinkSettings>},
};

// A Kafka sink that names no brokers uses those of the one Kafka source.
void link_kafka_sink(const std::vector<const SourceSettings*>& sources, std::string_view name, ConnectorChoice& sink,
                     Diagnostics& diagnostics) {
  auto* settings = std::any_cast<KafkaSinkSettings>(&sink.settings);
  if (settings == nullptr || settings->brokers) return;
  if (sources.empty()) {
    diagnostics.push_back(config_diagnostic(
        config_error::missing, sink.place,
        "`" + std::string(name) + "` writes to Kafka but names no `brokers`, and there is no Kafka source to take them from", "",
        {"add `brokers: [\"localhost:9092\"]`"}));
    return;
  }
  const auto& first = std::any_cast<const KafkaSourceSettings&>(sources.front()->connector.settings);
  for (const SourceSettings* source : sources) {
    if (std::any_cast<const KafkaSourceSettings&>(source->connector.settings).brokers == first.brokers) continue;
    diagnostics.push_back(config_diagnostic(config_error::contradiction, sink.place,
                                            "`" + std::string(name) + "` names no `brokers`, and the sources `" + sources.front()->name +
                                                "` and `" + source->name + "` have different ones",
                                            "", {"add `brokers` to say which are meant"}));
    return;
  }
  settings->brokers = first.brokers;
  settings->security = first.security;
}

void link(ServiceSettings& settings, Diagnostics& diagnostics) {
  std::vector<const SourceSettings*> kafka_sources;
  for (const SourceSettings& source : settings.sources)
    if (source.connector.settings.type() == typeid(KafkaSourceSettings)) kafka_sources.push_back(&source);
  for (SinkSettings& sink : settings.sinks) link_kafka_sink(kafka_sources, "sinks." + sink.name, sink.connector, diagnostics);
  link_kafka_sink(kafka_sources, "dead_letters", settings.dead_letters, diagnostics);
  refuse_endpoint_conflicts(settings, diagnostics);
}

}  // namespace

ConnectorKinds connector_kinds() {
  return {source_kinds, sink_kinds, link};
}

}  // namespace weir
