// A look at the running service, for people and for programs.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/app/rule_reloader.h"
#include "engine/control/rule_switch.h"
#include "engine/control/status.h"

namespace weir {

struct StatusLook {
  std::string config;
  std::chrono::seconds uptime{0};
  LaneIndex lanes = 0;
  ServiceStatus service;
  SwitchStatus rules;
  std::vector<SourceStatus> sources;
  std::optional<ReloadResult> last_reload;
  std::uint64_t reloads = 0;  // attempts
  bool files_differ = false;
  std::int64_t now_ms = 0;             // since 1970
  std::int64_t expiry_warning_ms = 0;  // before its end a rule is named
};

std::string status_text(const StatusLook& look);
std::string status_json(const StatusLook& look);

// One reload or version, as one line and as a JSON object.
std::string reload_text(const ReloadResult& result);
std::string reload_json(const ReloadResult& result);
std::string version_text(const RuleVersion& version, bool in_force);
std::string version_json(const RuleVersion& version, bool in_force);

}  // namespace weir
