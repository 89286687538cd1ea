#include "engine/app/run_command.h"

#include <csignal>
#include <string>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/app/admin_answers.h"
#include "engine/app/configuration.h"
#include "engine/app/exit_code.h"
#include "engine/app/kept_rules.h"
#include "engine/app/live_view.h"
#include "engine/app/log.h"
#include "engine/app/run_service.h"
#include "engine/app/signals.h"
#include "engine/app/state_dir_check.h"
#include "engine/app/state_lock.h"
#include "engine/base/counted.h"
#include "engine/base/diagnostic.h"
#include "engine/control/expiry_watch.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto look_every = 1s;
constexpr auto wake_every = 20ms;
constexpr int looks_before_told = 10;  // an assignment takes some seconds
constexpr auto guard_margin = 5s;      // beyond shutdown_timeout, for what cannot be interrupted

enum class EndedBy { signal, end_of_sources, time, failure };

// Says once when a shard stops, once a day what expires, and on the way how far a replay is and what is waited for.
class Watch {
 public:
  explicit Watch(std::chrono::milliseconds expiry_warning) : expiry_(expiry_warning.count()) {}

  void look(const ServiceStatus& status, const std::vector<SourceStatus>& sources) {
    awaited_.resize(sources.size());
    for (std::size_t source = 0; source < sources.size(); ++source) {
      awaited_[source] = sources[source].awaited ? awaited_[source] + 1 : 0;
      if (awaited_[source] == looks_before_told)
        log_warning("source " + sources[source].name +
                    " has no shards yet, and records of the sources that read what it feeds wait for it");
    }
    for (; failures_seen_ < status.failures.size(); ++failures_seen_) {
      const ShardFailure& failure = status.failures[failures_seen_];
      log_error(fmt::format("shard {}/{} stopped: {}", failure.name.topic, failure.name.partition, failure.error.text));
    }
    if (!dead_letter_told_ && !status.first_dead_letter.empty()) {
      dead_letter_told_ = true;
      log_warning("a record is a dead letter, the first of perhaps many: " + status.first_dead_letter);
    }
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    for (const std::string& text : expiry_.look(status.rules, std::chrono::duration_cast<std::chrono::milliseconds>(now).count()))
      log_warning(text);
    const bool replaying = status.replayed > replayed_seen_;
    if (replaying)
      log_info(fmt::format("rebuilding windows: {} records replayed", status.replayed));
    else if (was_replaying_)
      log_info(fmt::format("windows are rebuilt from {} records", status.replayed));
    was_replaying_ = replaying;
    replayed_seen_ = status.replayed;
    for (std::size_t sink = 0; sink < status.sinks.size(); ++sink) {
      if (healthy_.size() <= sink) healthy_.push_back(true);
      const SinkStatus& seen = status.sinks[sink];
      if (seen.state.healthy == healthy_[sink]) continue;
      healthy_[sink] = seen.state.healthy;
      if (seen.state.healthy)
        log_info(fmt::format("sink {} delivers again", seen.name));
      else
        log_warning(fmt::format("sink {} fails and is tried again: {}", seen.name, seen.state.last_error));
    }
  }

 private:
  ExpiryWatch expiry_;
  std::size_t failures_seen_ = 0;
  std::uint64_t replayed_seen_ = 0;
  bool was_replaying_ = false;
  bool dead_letter_told_ = false;
  std::vector<bool> healthy_;
  std::vector<int> awaited_;  // looks in a row, by source
};

void log_end(const ServiceStatus& total) {
  for (const RuleStatus& rule : total.rules)
    if (rule.in_shadow > 0) log_info("rule " + rule_text(rule));
  const std::string first = total.first_dead_letter.empty() ? "" : ", the first: " + total.first_dead_letter;
  log_info(fmt::format("ended: {} records, {} decided, {} dead letters{}", total.records, total.decided, total.dead_letters, first));
}

std::string reload_text(const std::optional<ReloadResult>& last) {
  return last ? last->origin + ": " + last->text : std::string();
}

EndedBy run_until_ended(BuiltService& built, const RunOptions& options, std::chrono::milliseconds expiry_warning, LiveView* view) {
  Service& service = *built.service;
  const Clock::time_point begun = Clock::now();
  Clock::time_point next_look = begun + look_every;
  Watch watch(expiry_warning);
  for (;;) {
    if (const std::optional<int> signal = wait_for_signal(wake_every); signal) {
      if (*signal != SIGHUP) return EndedBy::signal;
      if (built.reloads_on_signal) built.reloader->request("signal");
    }
    if (service.configuration_failure() != nullptr) return EndedBy::failure;
    if (service.finished()) return EndedBy::end_of_sources;
    const Clock::time_point now = Clock::now();
    if (options.for_ && now - begun >= *options.for_) return EndedBy::time;
    if (now < next_look) continue;
    next_look += look_every;
    const ServiceStatus status = service.status();
    if (view != nullptr)
      view->show(status, service.recent(), reload_text(built.reloader->last()));
    else
      watch.look(status, service.sources());
  }
}

}  // namespace

int run_service(const Configuration& configuration, BuiltService& built, const RunOptions& options) {
  const ServiceSettings& settings = *configuration.load.settings;
  Service& service = *built.service;
  const Clock::time_point begun = Clock::now();
  if (const Status started = service.start(); !started) {
    log_error(started.error().text);
    return started.error().kind == ErrorKind::configuration ? exit_code::bad_configuration : exit_code::internal;
  }
  log_info(fmt::format("running {}: {}, {}", options.config, counted(configuration.rules->rules.size(), "rule"),
                       counted(service.lane_count(), "lane")));
  built.reloader->start();
  const AdminAnswers answers(built, options.config);
  AdminSocket admin(settings.admin.socket ? std::filesystem::path(*settings.admin.socket) : settings.state.dir / "admin.sock", answers);
  if (const Status opened = admin.start(); !opened) log_warning(opened.error().text + "; `weir status` and `weir rules` will not work");
  EndedBy ended = EndedBy::signal;
  {
    std::optional<LiveView> view;
    if (options.live) view.emplace(stdout, isatty(STDOUT_FILENO) != 0, "weir " + options.config);
    ended = run_until_ended(built, options, settings.rules.expiry_warning, view ? &*view : nullptr);
  }
  const ShutdownGuard guard(Clock::now() + settings.runtime.shutdown_timeout + guard_margin, exit_code::drain_timed_out);
  if (ended == EndedBy::failure) log_error(service.configuration_failure()->text);
  built.reloader->stop();  // first: whoever asks for a reload is told that the service ends
  admin.stop();
  const bool drained = service.stop(settings.runtime.shutdown_timeout);
  const ServiceStatus total = service.status();
  const std::string summary = LiveView::summary(total, Clock::now() - begun);
  if (options.live)
    std::fwrite(summary.data(), 1, summary.size(), stdout);
  else
    log_end(total);
  if (ended == EndedBy::failure) return exit_code::bad_configuration;
  if (!drained) {
    log_error("the drain timed out: what no sink has acknowledged will be decided again after the next start");
    return exit_code::drain_timed_out;
  }
  return total.failures.empty() ? exit_code::fine : exit_code::internal;
}

int run_command(const RunOptions& options, const Terminal& terminal) {
  block_signals();
  std::unique_ptr<Configuration> configuration = load_configuration(options.config, options.overrides, terminal.environment);
  if (!configuration->diagnostics.empty()) terminal.err << render(configuration->diagnostics, terminal.err_colour);
  if (configuration->load.settings) {
    Diagnostics state;
    check_state_dir(*configuration->load.settings, StateUser::service, state);
    if (!state.empty()) {
      terminal.err << render(state, terminal.err_colour);
      return exit_code::bad_configuration;
    }
  }
  if (!configuration->usable()) configuration = with_kept_rules(*configuration);
  if (!configuration) return exit_code::bad_configuration;
  open_log(configuration->load.settings->log);
  StateLock lock;
  if (const Status taken = lock.take(configuration->load.settings->state.dir); !taken) {
    log_error(taken.error().text);
    return exit_code::bad_configuration;
  }
  auto built = build_service(*configuration, log_warning);
  if (!built && built.error().kind == ErrorKind::interrupted) {
    log_info(built.error().text);
    return exit_code::fine;
  }
  if (!built) {
    log_error(built.error().text);
    return built.error().kind == ErrorKind::configuration ? exit_code::bad_configuration : exit_code::internal;
  }
  return run_service(*configuration, *built.value(), options);
}

}  // namespace weir
