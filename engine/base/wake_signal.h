// Lets one thread sleep until another has something for it. Notifying a thread that is awake costs one atomic operation.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace weir {

// One waiting thread, any number of notifying ones. A notification that finds nobody waiting is kept for the next wait.
class WakeSignal {
 public:
  void notify() noexcept {
    if (state_.exchange(notified, std::memory_order_acq_rel) != waiting) return;
    const std::lock_guard lock(mutex_);  // the waiter is inside wait() or about to be
    woken_.notify_one();
  }

  // Returns true at a notification (which it takes), false when `until` has passed without one.
  bool wait_until(std::chrono::steady_clock::time_point until) {
    int expected = idle;
    if (state_.compare_exchange_strong(expected, waiting, std::memory_order_acq_rel)) {
      std::unique_lock lock(mutex_);
      woken_.wait_until(lock, until, [this] { return state_.load(std::memory_order_acquire) == notified; });
    }
    return state_.exchange(idle, std::memory_order_acq_rel) == notified;
  }

 private:
  static constexpr int idle = 0;
  static constexpr int waiting = 1;
  static constexpr int notified = 2;

  std::atomic<int> state_{idle};
  std::mutex mutex_;
  std::condition_variable woken_;
};

}  // namespace weir
