// SIGINT, SIGTERM and SIGHUP, taken by whoever waits for them instead of by a handler.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

namespace weir {

// Blocks the three in the calling thread and in all that it starts afterwards. Call before any thread exists.
void block_signals();

// Whether SIGINT or SIGTERM waits to be taken.
bool end_is_asked();

// The next of them, or none within `wait`. One thread at a time.
std::optional<int> wait_for_signal(std::chrono::milliseconds wait);

// From now on the process ends at once, with `exit_code`, at a further SIGINT or SIGTERM, or when `deadline` has passed: for a shutdown
// that may hang. A crash is safe at any time.
class ShutdownGuard {
 public:
  ShutdownGuard(std::chrono::steady_clock::time_point deadline, int exit_code);
  ~ShutdownGuard();
  ShutdownGuard(const ShutdownGuard&) = delete;
  ShutdownGuard& operator=(const ShutdownGuard&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir
