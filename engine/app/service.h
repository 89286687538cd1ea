// The running service: lanes, sources and sinks, started and ended in the right order.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/control/recent_decisions.h"
#include "engine/control/rule_switch.h"
#include "engine/control/status.h"
#include "engine/pipeline/lane_group.h"
#include "engine/ports/scorer.h"
#include "engine/ports/sink.h"
#include "engine/ports/source.h"

namespace weir {

struct NamedSink {
  SinkBinding binding;  // binding.sink is set from `sink`
  std::unique_ptr<Sink> sink;
};

struct NamedSource {
  std::string name;
  std::unique_ptr<Source> source;
  InputSettings input;
};

// Everything concrete, as the builder made it.
struct ServiceParts {
  std::vector<NamedSource> sources;
  std::vector<NamedSink> sinks;  // the last one takes dead letters
  LaneIndex lanes = 1;
  std::unique_ptr<RuleSwitch> rules;  // none: the rule sets of the sources' settings, for ever
  std::size_t recent_decisions_max = 12;
};

// One thread builds, starts, looks and stops.
class Service {
 public:
  explicit Service(ServiceParts parts);
  ~Service();

  // Opens sinks, then sources, then starts the lanes. On an error nothing keeps running.
  Status start();

  RuleSwitch* rules() { return parts_.rules.get(); }
  // By name, each source's; -1: unknown.
  std::vector<SourceStatus> sources() const;

  LaneIndex lane_count() const { return parts_.lanes; }

  // True once every source is finite and has handed over and committed everything.
  bool finished() const;
  // The first shard that ended because of what a person configured; it ends the service.
  const Error* configuration_failure();

  ServiceStatus status() const;
  std::vector<RecentDecision> recent() const { return recent_.copy(); }

  // Drains: sources revoke and commit, lanes end, sinks flush; true when everything was acknowledged before `timeout`. May be called once.
  bool stop(std::chrono::milliseconds timeout);

 private:
  static void wake_lane(void* service, LaneIndex lane);

  ServiceParts parts_;
  RecentDecisions recent_;
  std::unique_ptr<LaneGroup> lanes_;
  std::vector<std::shared_ptr<const RuleCounters>> rule_counters_;  // of all lanes and sources
  bool started_ = false;
  std::optional<Error> configuration_failure_;
};

}  // namespace weir
