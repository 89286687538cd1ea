// `weir demo`: the whole path on one screen, with payments made up on the spot.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/app/terminal.h"

namespace weir {

struct DemoOptions {
  std::string config = "config/demo.yaml";
  std::optional<std::string> brokers;             // of a real Kafka; none: an embedded broker
  std::uint64_t rate = 2000;                      // payments a second
  std::optional<std::chrono::microseconds> for_;  // ends by itself after so long
};

// Returns an exit code (exit_code.h).
int demo_command(const DemoOptions& options, const Terminal& terminal);

}  // namespace weir
