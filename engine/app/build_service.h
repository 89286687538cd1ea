// From a checked configuration to the parts of the service: the only place that names concrete connectors.
#pragma once

#include <memory>

#include "engine/app/configuration.h"
#include "engine/app/rule_reloader.h"
#include "engine/app/rule_versions.h"
#include "engine/app/service.h"
#include "engine/base/result.h"
#include "engine/event/shard_numbers.h"

namespace weir {

class EmbeddedBroker;

// The service with what its parts lean on. Destroyed in the reverse order.
struct BuiltService {
  BuiltService();
  ~BuiltService();

  ShardNumbers shard_numbers;
  std::unique_ptr<EmbeddedBroker> broker;  // only where the config says `brokers: embedded`
  std::unique_ptr<RuleVersions> versions;
  std::unique_ptr<Service> service;
  std::unique_ptr<RuleReloader> reloader;  // not started yet
  bool reloads_on_signal = true;           // SIGHUP
};

// `configuration` is usable() and outlives the service. `notice` is told what connectors want people to know (any thread).
Result<std::unique_ptr<BuiltService>> build_service(Configuration& configuration, void (*notice)(std::string_view text));

}  // namespace weir
