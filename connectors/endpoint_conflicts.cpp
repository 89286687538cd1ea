#include "connectors/endpoint_conflicts.h"

#include <algorithm>
#include <any>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "connectors/file/file_settings.h"
#include "connectors/kafka/kafka_settings.h"
#include "engine/settings/config_errors.h"

namespace weir {
namespace {

struct Output {
  std::string name;  // as in the config: `sinks.block`, `dead_letters`
  const ConnectorChoice& connector;
};

// What a path leads to, looked up once: there may be thousands of sinks. Devices such as /dev/null take the lines of any number of them.
struct FileIdentity {
  bool is_device = false;
  std::string name;  // as it is written, without detours
  std::optional<std::pair<dev_t, ino_t>> file;
};

FileIdentity identity_of(const std::filesystem::path& path) {
  FileIdentity identity;
  identity.name = path.lexically_normal().string();
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return identity;
  identity.is_device = !S_ISREG(found.st_mode);
  identity.file = {found.st_dev, found.st_ino};
  return identity;
}

bool is_one_file(const FileIdentity& one, const FileIdentity& other) {
  if (one.is_device || other.is_device) return false;
  return one.name == other.name || (one.file && one.file == other.file);
}

// The first of the outputs that write to each file.
class FirstWriters {
 public:
  // The earlier output that writes to the same file; `at` is remembered.
  std::optional<std::size_t> add(const FileIdentity& file, std::size_t at) {
    if (file.is_device) return std::nullopt;
    std::size_t first = by_name_.try_emplace(file.name, at).first->second;
    if (file.file) first = std::min(first, by_file_.try_emplace(*file.file, at).first->second);
    return first == at ? std::nullopt : std::optional<std::size_t>(first);
  }

 private:
  std::unordered_map<std::string, std::size_t> by_name_;
  std::map<std::pair<dev_t, ino_t>, std::size_t> by_file_;
};

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

void refuse_own_file(const Output& output, const FileIdentity& sink, const SourceSettings& source, Diagnostics& diagnostics) {
  const auto* read = std::any_cast<FileSourceSettings>(&source.connector.settings);
  if (read == nullptr || !is_one_file(sink, identity_of(read->path))) return;
  refuse(output, "`" + output.name + "` writes to the file that `sources." + source.name + "` reads",
         "name another file: what is written there would come back as a record", diagnostics);
}

}  // namespace

void refuse_endpoint_conflicts(const ServiceSettings& settings, Diagnostics& diagnostics) {
  std::vector<Output> outputs;
  for (const SinkSettings& sink : settings.sinks) outputs.push_back({"sinks." + sink.name, sink.connector});
  outputs.push_back({"dead_letters", settings.dead_letters});
  FirstWriters writers;
  for (std::size_t at = 0; at < outputs.size(); ++at) {
    const Output& output = outputs[at];
    if (const auto* topic = std::any_cast<KafkaSinkSettings>(&output.connector.settings))
      for (const SourceSettings& source : settings.sources) refuse_own_topic(output, *topic, source, diagnostics);
    const auto* file = std::any_cast<FileSinkSettings>(&output.connector.settings);
    if (file == nullptr || file->path.empty()) continue;
    const FileIdentity identity = identity_of(file->path);
    for (const SourceSettings& source : settings.sources) refuse_own_file(output, identity, source, diagnostics);
    if (const std::optional<std::size_t> earlier = writers.add(identity, at))
      refuse(output, "`" + outputs[*earlier].name + "` and `" + output.name + "` write to one file",
             "give each a file of its own, for their lines would mix", diagnostics);
  }
}

}  // namespace weir
