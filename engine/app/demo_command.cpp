#include "engine/app/demo_command.h"

#include <filesystem>
#include <utility>

#include "connectors/kafka/embedded_broker.h"
#include "connectors/kafka/kafka_sink.h"
#include "engine/app/exit_code.h"
#include "engine/app/log.h"
#include "engine/app/payment_feeder.h"
#include "engine/app/run_service.h"
#include "engine/app/signals.h"

namespace weir {
namespace {

constexpr std::string_view payments_topic = "payments";
constexpr std::int32_t payments_partitions = 4;
constexpr std::string_view brokers_variable = "KAFKA_BROKERS";

// Event time runs faster than the clock, so that a card pays as rarely as a real one although thousands of payments arrive a second.
constexpr double event_seconds_a_second = 100;
constexpr std::uint32_t cards = 100'000;

PaymentModel model_of(const DemoOptions& options) {
  PaymentModel model;
  model.start_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  model.rate = static_cast<double>(options.rate) / event_seconds_a_second;
  model.cards = cards;
  model.devices = cards;
  return model;
}

// A feeder whose sink is open, or the reason why not.
Result<std::unique_ptr<PaymentFeeder>> start_feeder(const DemoOptions& options, const std::string& address) {
  KafkaSinkSettings settings;
  settings.topic = payments_topic;
  settings.create_topic = true;
  auto sink = std::make_unique<KafkaSink>("feeder", settings, address, log_warning);
  const auto nobody = [](void*, LaneIndex) {};
  if (const Status opened = sink->open(1, nobody, nullptr); !opened) return opened.error();
  return std::make_unique<PaymentFeeder>(model_of(options), static_cast<double>(options.rate), std::move(sink));
}

int fail(const Error& error) {
  log_error(error.text);
  return error.kind == ErrorKind::configuration ? exit_code::bad_configuration : exit_code::internal;
}

}  // namespace

int demo_command(const DemoOptions& options, const Terminal& terminal) {
  block_signals();
  std::unique_ptr<EmbeddedBroker> broker;
  std::string address = options.brokers.value_or("");
  if (!options.brokers) {
    auto started = EmbeddedBroker::start();
    if (!started) return fail(started.error());
    broker = started.take();
    address = broker->address();
    if (const Status created = broker->create_topic(payments_topic, payments_partitions); !created) return fail(created.error());
  }
  // The demo's config names its brokers by this variable, so that the same file works against any cluster.
  const Environment environment = [&](std::string_view name) -> std::optional<std::string> {
    return name == brokers_variable ? std::optional<std::string>(address) : terminal.environment(name);
  };
  const std::unique_ptr<Configuration> configuration = load_configuration(options.config, {}, environment);
  if (!configuration->diagnostics.empty()) terminal.err << render(configuration->diagnostics, terminal.err_colour);
  if (!configuration->usable()) return exit_code::bad_configuration;
  open_log(configuration->load.settings->log);

  auto feeder = start_feeder(options, address);
  if (!feeder) return fail(feeder.error());
  // A broker of our own begins with empty topics, so what was decided of them before means nothing.
  if (std::error_code none; broker) std::filesystem::remove(configuration->load.settings->state.dir / "rules" / "epochs.log", none);
  auto built = build_service(*configuration, log_warning);
  if (!built) return fail(built.error());
  RunOptions run;
  run.config = options.config;
  run.for_ = options.for_;
  run.live = true;
  const int code = run_service(*configuration, *built.value(), run);
  feeder.value()->stop();
  terminal.out << feeder.value()->summary();
  return code;
}

}  // namespace weir
