#include "engine/app/build_service.h"

#include <algorithm>
#include <any>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "connectors/console/console_settings.h"
#include "connectors/console/console_sink.h"
#include "connectors/file/file_settings.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/file_source.h"
#include "connectors/generator/generator_source.h"
#include "connectors/kafka/embedded_broker.h"
#include "connectors/kafka/kafka_sink.h"
#include "connectors/kafka/kafka_source.h"
#include "engine/app/log.h"
#include "engine/app/start_checks.h"
#include "engine/app/test_terms.h"
#include "engine/base/counted.h"

namespace weir {
namespace {

constexpr std::int32_t embedded_partitions = 4;

std::string joined(const std::vector<std::string>& addresses) {
  std::string all;
  for (const std::string& address : addresses) all += (all.empty() ? "" : ",") + address;
  return all;
}

class Builder {
 public:
  Builder(Configuration& configuration, void (*notice)(std::string_view))
      : configuration_(configuration), settings_(*configuration.load.settings), notice_(notice), built_(std::make_unique<BuiltService>()) {}

  Result<std::unique_ptr<BuiltService>> build() {
    ServiceParts parts;
    for (std::size_t index = 0; index < settings_.sources.size() && status_; ++index) parts.sources.push_back(source(index));
    for (std::size_t index = 0; index < settings_.sinks.size() && status_; ++index) parts.sinks.push_back(decision_sink(index));
    NamedSink dead_letters;
    dead_letters.binding.name = "dead_letters";
    dead_letters.binding.takes = OutputKind::dead_letter;
    dead_letters.binding.features = FeatureSelection::none;
    dead_letters.sink = sink("dead_letters", settings_.dead_letters);
    parts.sinks.push_back(std::move(dead_letters));
    if (!status_) return status_.error();
    StartingRules starting;
    if (Status ruled = add_rules(parts, starting); !ruled) return ruled.error();
    built_->service = std::make_unique<Service>(std::move(parts));
    built_->reloader = std::make_unique<RuleReloader>(*built_->versions, *built_->service->rules(), std::move(starting.files_digest), tell);
    if (configuration_.kept) built_->reloader->begin_on_kept(configuration_.kept->text, configuration_.kept->diagnostics);
    if (!starting.refused.empty()) built_->reloader->begin_on_kept(std::move(starting.refused), std::move(starting.refused_diagnostics));
    built_->reloads_on_signal = settings_.rules.reload != RulesReload::off;
    return std::move(built_);
  }

 private:
  NamedSource source(std::size_t index) {
    const SourceSettings& source = settings_.sources[index];
    NamedSource named;
    named.name = source.name;
    named.input.in_flight_max = source.mapping.in_flight_max;
    named.input.lanes_per_shard = source.mapping.lanes_per_shard;
    named.input.parse = {settings_.parse.record_bytes_max, settings_.parse.depth_max, settings_.parse.string_bytes_max,
                         source.mapping.strict};
    named.input.links = configuration_.links;
    if (configuration_.rules->event.has_several_types()) named.input.gate = gate_;
    named.input.types = record_types(configuration_.rules->event, source);
    named.input.features.late_allowed_ms = settings_.state.late.allowed.count();
    named.input.feedback.late_allowed_ms = settings_.state.late.allowed.count();
    named.input.duplicates = {settings_.state.duplicates.horizon.count(), settings_.state.duplicates.ids_max};
    named.input.late = late_policy(settings_.state.late.then);
    const BatchLimits limits{source.mapping.batch_size, source.mapping.batch_bytes, source.mapping.batch_window};
    const std::any& chosen = source.connector.settings;
    if (const auto* kafka = std::any_cast<KafkaSourceSettings>(&chosen)) {
      const std::string address = address_of(kafka->brokers);
      if (kafka->brokers.embedded)
        for (const std::string& topic : kafka->topics) create_topic(topic);
      named.source = std::make_unique<KafkaSource>(source.name, *kafka, address, limits, built_->shard_numbers, notice_);
    } else if (const auto* file = std::any_cast<FileSourceSettings>(&chosen)) {
      named.source = std::make_unique<FileSource>(source.name, *file, limits, settings_.state.dir / (source.name + ".position"),
                                                  built_->shard_numbers);
    } else {
      named.source = std::make_unique<GeneratorSource>(GeneratorSource::Place{source.name, settings_.state.dir},
                                                       std::any_cast<const GeneratorSettings&>(chosen), limits, built_->shard_numbers);
    }
    return named;
  }

  // The rule sets that decide: what was in force when the service ended, or what the files say now.
  // Hands the log and the version in `starting` on; the rest of it is for the caller.
  Status add_rules(ServiceParts& parts, StartingRules& starting) {
    const std::filesystem::path folder = settings_.state.dir / "rules";
    // An embedded broker begins with empty topics, so what was decided of them before means nothing.
    if (std::error_code none; built_->broker) std::filesystem::remove(folder / "epochs.log", none);
    auto versions = RuleVersions::open(configuration_, folder);
    if (!versions) return versions.error();
    built_->versions = versions.take();
    const auto demand = [this](LaneIndex lanes) {
      built_->versions->demand([lanes](const Scorer& scorer) { return refuse_lanes(scorer, lanes); });
    };
    demand(settings_.runtime.lanes.value_or(1));  // where it is left open, what is in force decides
    auto started = built_->versions->start();
    if (!started) return started.error();
    starting = started.take();
    tell_of_tests(starting);
    std::vector<InputSettings> inputs;
    for (std::size_t source = 0; source < parts.sources.size(); ++source) {
      parts.sources[source].input.scorer = starting.version.scorers[source];
      inputs.push_back(parts.sources[source].input);
    }
    parts.rules = std::make_unique<RuleSwitch>(std::move(starting.log), std::move(starting.version), std::move(inputs),
                                               [made = built_->versions.get()](std::uint64_t number) { return made->rebuild(number); });
    parts.rules->tell(notice_);
    if (Status prepared = parts.rules->prepare_history(); !prepared) return prepared;
    const LaneChoice choice = choose_lanes(settings_.runtime.lanes, parts.rules->needs_one_lane(), std::thread::hardware_concurrency());
    if (!choice.reason.empty()) log_info(choice.reason);
    parts.lanes = choice.lanes;
    demand(parts.lanes);
    return success();
  }

  static void tell_of_tests(const StartingRules& starting) {
    if (!starting.refused.empty()) return;
    if (starting.tests_not_run > 0)
      log_warning(fmt::format("{} tests of the rules passed in {} s, {} were not run: `weir test` runs them all", starting.tests_passed,
                              std::chrono::duration_cast<std::chrono::seconds>(start_tests_time_max).count(), starting.tests_not_run));
    else if (starting.tests_passed > 0)
      log_info(counted(starting.tests_passed, "test") + " of the rules passed");
  }

  static void tell(const ReloadResult& result) {
    if (result.outcome == ReloadResult::Outcome::failed) {
      log_error(result.origin == "start"
                    ? fmt::format("the service starts on version {} of the rules, which was in force before, and not on "
                                  "the files, which are tried again when they change: {}",
                                  result.version, result.text)
                    : fmt::format("reload ({}) failed, version {} stays in force: {}", result.origin, result.version, result.text));
      if (!result.diagnostics.empty()) log_error(result.diagnostics);
    } else if (result.outcome == ReloadResult::Outcome::switched || result.origin != "file change" || result.after_failure) {
      log_info(fmt::format("reload ({}): {}", result.origin, result.text));
      if (!result.diagnostics.empty()) log_warning(result.diagnostics);
    }
  }

  NamedSink decision_sink(std::size_t index) {
    const SinkSettings& chosen = settings_.sinks[index];
    NamedSink named;
    named.binding.name = chosen.name;
    named.binding.takes = chosen.takes == SinkTakes::decisions ? OutputKind::decision : OutputKind::profile_update;
    named.binding.features = chosen.features == FeaturesWritten::fired ? FeatureSelection::fired
                             : chosen.features == FeaturesWritten::all ? FeatureSelection::all
                                                                       : FeatureSelection::none;
    if (configuration_.routes[index] != no_expression) named.binding.route = route_count_++;
    named.sink = sink(chosen.name, chosen.connector);
    return named;
  }

  std::unique_ptr<Sink> sink(const std::string& name, const ConnectorChoice& connector) {
    if (const auto* kafka = std::any_cast<KafkaSinkSettings>(&connector.settings)) {
      const KafkaBrokers& brokers = *kafka->brokers;
      const std::string address = address_of(brokers);
      if (brokers.embedded) create_topic(kafka->topic);
      return std::make_unique<KafkaSink>(name, *kafka, address, notice_);
    }
    if (const auto* file = std::any_cast<FileSinkSettings>(&connector.settings)) return make_file_sink(*file);
    return make_console_sink(std::any_cast<const ConsoleSinkSettings&>(connector.settings));
  }

  // Starts the embedded broker when it is the first to be asked for.
  std::string address_of(const KafkaBrokers& brokers) {
    if (!brokers.embedded) return joined(brokers.addresses);
    if (!built_->broker && status_) {
      auto started = EmbeddedBroker::start();
      if (started)
        built_->broker = started.take();
      else
        note(started.error());
    }
    return built_->broker ? built_->broker->address() : "";
  }

  void create_topic(const std::string& topic) {
    if (!built_->broker) return;
    const Status created = built_->broker->create_topic(topic, embedded_partitions);
    if (!created) note(created.error());
  }

  void note(const Error& error) {
    if (status_) status_ = error;
  }

  Configuration& configuration_;
  const ServiceSettings& settings_;
  void (*notice_)(std::string_view);
  std::unique_ptr<BuiltService> built_;
  Status status_ = success();
  std::uint32_t route_count_ = 0;
  std::shared_ptr<ReplayGate> gate_ = std::make_shared<ReplayGate>();  // of all sources, where rules may read across them
};

}  // namespace

BuiltService::BuiltService() = default;
BuiltService::~BuiltService() = default;

Result<std::unique_ptr<BuiltService>> build_service(Configuration& configuration, void (*notice)(std::string_view text)) {
  return Builder(configuration, notice).build();
}

}  // namespace weir
