// Lets one thread sleep until another has something for it. Notifying a thread that is awake costs one atomic operation.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace weir {

// The agreement between one waiting thread and any number of notifying ones, whatever the waiter sleeps on. A notification that finds
// nobody waiting is kept for the next wait.
class WakeState {
 public:
  // True: the waiter sleeps, or is about to, and is to be woken.
  bool notify() noexcept { return state_.exchange(notified, std::memory_order_acq_rel) == waiting; }

  // The waiter's. False: it was notified before, and is not to sleep.
  bool begin_wait() {
    int expected = idle;
    return state_.compare_exchange_strong(expected, waiting, std::memory_order_acq_rel);
  }
  bool is_notified() const { return state_.load(std::memory_order_acquire) == notified; }
  // After `begin_wait`, whatever it said. True: there was a notification, which this takes.
  bool end_wait() { return state_.exchange(idle, std::memory_order_acq_rel) == notified; }

 private:
  static constexpr int idle = 0;
  static constexpr int waiting = 1;
  static constexpr int notified = 2;

  std::atomic<int> state_{idle};
};

class WakeSignal {
 public:
  void notify() noexcept {
    if (!state_.notify()) return;
    const std::lock_guard lock(mutex_);  // the waiter is inside wait() or about to be
    woken_.notify_one();
  }

  // Returns true at a notification (which it takes), false when `until` has passed without one.
  bool wait_until(std::chrono::steady_clock::time_point until) {
    if (state_.begin_wait()) {
      std::unique_lock lock(mutex_);
      woken_.wait_until(lock, until, [this] { return state_.is_notified(); });
    }
    return state_.end_wait();
  }

 private:
  WakeState state_;
  std::mutex mutex_;
  std::condition_variable woken_;
};

}  // namespace weir
