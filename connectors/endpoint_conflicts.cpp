#include "connectors/endpoint_conflicts.h"

#include <algorithm>
#include <any>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "connectors/file/file_settings.h"
#include "connectors/kafka/kafka_settings.h"
#include "engine/settings/config_errors.h"

namespace weir {
namespace {

struct Output {
  std::string name;  // as in the config: `sinks.block`, `dead_letters`
  const ConnectorChoice& connector;
};

// Devices such as /dev/null take the lines of any number of sinks.
bool is_one_file(const std::filesystem::path& one, const std::filesystem::path& other) {
  std::error_code error;
  const std::filesystem::file_type type = std::filesystem::status(one, error).type();
  const bool exists = type != std::filesystem::file_type::not_found && type != std::filesystem::file_type::none;
  if (exists && type != std::filesystem::file_type::regular) return false;
  return one.lexically_normal() == other.lexically_normal() || std::filesystem::equivalent(one, other, error);
}

void refuse(const Output& output, std::string message, std::string help, Diagnostics& diagnostics) {
  diagnostics.push_back(config_diagnostic(config_error::contradiction, output.connector.place, std::move(message), "", {std::move(help)}));
}

void refuse_own_topic(const Output& output, const KafkaSinkSettings& sink, const SourceSettings& source, Diagnostics& diagnostics) {
  const auto* read = std::any_cast<KafkaSourceSettings>(&source.connector.settings);
  if (read == nullptr || sink.brokers != read->brokers) return;
  if (std::find(read->topics.begin(), read->topics.end(), sink.topic) == read->topics.end()) return;
  refuse(output, "`" + output.name + "` writes to the topic `" + sink.topic + "`, which `sources." + source.name + "` reads",
         "name another topic: what is written there would come back as a record, without end", diagnostics);
}

void refuse_own_file(const Output& output, const FileSinkSettings& sink, const SourceSettings& source, Diagnostics& diagnostics) {
  const auto* read = std::any_cast<FileSourceSettings>(&source.connector.settings);
  if (read == nullptr || !is_one_file(sink.path, read->path)) return;
  refuse(output, "`" + output.name + "` writes to the file that `sources." + source.name + "` reads",
         "name another file: what is written there would come back as a record", diagnostics);
}

}  // namespace

void refuse_endpoint_conflicts(const ServiceSettings& settings, Diagnostics& diagnostics) {
  std::vector<Output> outputs;
  for (const SinkSettings& sink : settings.sinks) outputs.push_back({"sinks." + sink.name, sink.connector});
  outputs.push_back({"dead_letters", settings.dead_letters});
  for (std::size_t at = 0; at < outputs.size(); ++at) {
    const Output& output = outputs[at];
    if (const auto* topic = std::any_cast<KafkaSinkSettings>(&output.connector.settings))
      for (const SourceSettings& source : settings.sources) refuse_own_topic(output, *topic, source, diagnostics);
    const auto* file = std::any_cast<FileSinkSettings>(&output.connector.settings);
    if (file == nullptr || file->path.empty()) continue;
    for (const SourceSettings& source : settings.sources) refuse_own_file(output, *file, source, diagnostics);
    for (std::size_t earlier = 0; earlier < at; ++earlier) {
      const auto* other = std::any_cast<FileSinkSettings>(&outputs[earlier].connector.settings);
      if (other == nullptr || !is_one_file(file->path, other->path)) continue;
      refuse(output, "`" + outputs[earlier].name + "` and `" + output.name + "` write to one file",
             "give each a file of its own, for their lines would mix", diagnostics);
      break;
    }
  }
}

}  // namespace weir
