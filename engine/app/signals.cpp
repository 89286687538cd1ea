#include "engine/app/signals.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <thread>
#include <unistd.h>

namespace weir {
namespace {

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  return set;
}

// `timeout` and some service managers send a signal to the process and to its group: twice at the same moment, meant once.
constexpr auto same_signal_within = std::chrono::milliseconds{250};

}  // namespace

void block_signals() {
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

std::optional<int> wait_for_signal(std::chrono::milliseconds wait) {
  const sigset_t set = watched();
  const std::timespec time{wait.count() / 1000, (wait.count() % 1000) * 1'000'000};
  const int signal = sigtimedwait(&set, nullptr, &time);
  return signal > 0 ? std::optional<int>(signal) : std::nullopt;
}

bool end_is_asked() {
  sigset_t waiting;
  return sigpending(&waiting) == 0 && (sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1);
}

struct ShutdownGuard::State {
  std::atomic<bool> done{false};
  std::thread thread;
};

ShutdownGuard::ShutdownGuard(std::chrono::steady_clock::time_point deadline, int exit_code) : state_(std::make_unique<State>()) {
  const auto second_from = std::chrono::steady_clock::now() + same_signal_within;
  state_->thread = std::thread([state = state_.get(), deadline, second_from, exit_code] {
    while (!state->done.load(std::memory_order_acquire)) {
      const std::optional<int> signal = wait_for_signal(std::chrono::milliseconds{20});
      const bool again = signal && *signal != SIGHUP && std::chrono::steady_clock::now() >= second_from;
      if (!again && std::chrono::steady_clock::now() < deadline) continue;
      std::fputs(again ? "weir: ended at once by a second signal; what was not acknowledged will be decided again\n"
                       : "weir: the shutdown took too long and was cut off; what was not acknowledged will be decided again\n",
                 stderr);
      _exit(exit_code);
    }
  });
}

ShutdownGuard::~ShutdownGuard() {
  state_->done.store(true, std::memory_order_release);
  state_->thread.join();
}

}  // namespace weir
