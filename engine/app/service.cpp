#include "engine/app/service.h"

#include <utility>

#include "engine/pipeline/input_settings.h"

namespace weir {
Service::Service(ServiceParts parts) : parts_(std::move(parts)), recent_(parts_.recent_decisions_max) {
  std::vector<SinkBinding> bindings;
  for (NamedSink& named : parts_.sinks) {
    named.binding.sink = named.sink.get();
    bindings.push_back(named.binding);
  }
  std::vector<InputSettings> inputs;
  for (const NamedSource& named : parts_.sources) inputs.push_back(named.input);
  std::vector<std::unique_ptr<Lane>> lanes;
  for (LaneIndex index = 0; index < parts_.lanes; ++index) lanes.push_back(std::make_unique<Lane>(index, inputs, bindings, &recent_));
  for (const std::unique_ptr<Lane>& lane : lanes)
    for (std::shared_ptr<const RuleCounters>& counters : lane->rule_counters()) rule_counters_.push_back(std::move(counters));
  lanes_ = std::make_unique<LaneGroup>(std::move(lanes));
  if (!parts_.rules) return;
  parts_.rules->attach(*lanes_);
  lanes_->follow(*parts_.rules);
}

Service::~Service() {
  if (started_) stop(std::chrono::milliseconds{0});
}

void Service::wake_lane(void* service, LaneIndex lane) {
  static_cast<Service*>(service)->lanes_->lane(lane).wake();
}

Status Service::start() {
  const auto no_wait = std::chrono::steady_clock::now();
  for (std::size_t opened = 0; opened < parts_.sinks.size(); ++opened) {
    Status status = parts_.sinks[opened].sink->open(parts_.lanes, &Service::wake_lane, this);
    if (status) continue;
    while (opened-- > 0) parts_.sinks[opened].sink->close(no_wait);
    return status;
  }
  for (std::size_t source = 0; source < parts_.sources.size(); ++source) {
    ShardOwner& owner = lanes_->owner(source, history_reach(parts_.sources[source].input));
    Status status = parts_.sources[source].source->start(owner, parts_.lanes);
    if (status) {
      for (LaneIndex lane = 0; lane < parts_.lanes; ++lane) lanes_->lane(lane).attach(source, parts_.sources[source].source->reader(lane));
      continue;
    }
    lanes_->start();  // those that were started before hand their shards back
    lanes_->let_go();
    while (source-- > 0) parts_.sources[source].source->stop(no_wait);
    lanes_->stop();
    for (NamedSink& sink : parts_.sinks) sink.sink->close(no_wait);
    return status;
  }
  lanes_->start();
  if (parts_.rules) parts_.rules->start();
  started_ = true;
  return success();
}

bool Service::finished() const {
  for (const NamedSource& source : parts_.sources)
    if (!source.source->finished()) return false;
  return true;
}

const Error* Service::configuration_failure() {
  for (const ShardFailure& failure : lanes_->failures())
    if (!configuration_failure_ && failure.error.kind == ErrorKind::configuration) configuration_failure_ = failure.error;
  return configuration_failure_ ? &*configuration_failure_ : nullptr;
}

ServiceStatus Service::status() const {
  const RuleSwitch* rules = parts_.rules.get();
  ServiceStatus status =
      look_at(*lanes_, rules != nullptr ? rules->outcome_names() : parts_.sources.front().input.scorer->vocabulary().outcomes);
  status.rules = look_at_rules(rules != nullptr ? rules->counters() : rule_counters_);
  for (std::uint32_t sink = 0; sink < parts_.sinks.size(); ++sink) {
    std::uint64_t outputs = 0;
    for (LaneIndex lane = 0; lane < parts_.lanes; ++lane) outputs += lanes_->lane(lane).outputs(sink);
    status.sinks.push_back({parts_.sinks[sink].binding.name, outputs, parts_.sinks[sink].sink->state()});
  }
  status.lag = parts_.sources.empty() ? -1 : 0;
  for (const NamedSource& source : parts_.sources) {
    const std::int64_t lag = source.source->lag().records;
    status.lag = lag < 0 || status.lag < 0 ? -1 : status.lag + lag;
  }
  return status;
}

std::vector<SourceStatus> Service::sources() const {
  std::vector<SourceStatus> all;
  for (std::size_t index = 0; index < parts_.sources.size(); ++index) {
    const NamedSource& source = parts_.sources[index];
    all.push_back({source.name, source.source->lag().records, source.source->hand_overs(), lanes_->is_awaited(index)});
  }
  return all;
}

bool Service::stop(std::chrono::milliseconds timeout) {
  if (!started_) return true;
  started_ = false;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  lanes_->let_go();
  for (NamedSource& source : parts_.sources) source.source->stop(deadline);
  if (parts_.rules) parts_.rules->stop();
  lanes_->stop();
  bool drained = true;
  for (LaneIndex lane = 0; lane < parts_.lanes; ++lane) drained &= lanes_->lane(lane).in_flight() == 0;
  for (NamedSink& sink : parts_.sinks) sink.sink->close(deadline);
  return drained;
}

}  // namespace weir
