// One thread that waits for the sockets of all lanes of a sink, and wakes the lane whose socket has something for it.
#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <pthread.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "engine/base/check.h"

namespace weir {

// A lane sleeps in its reader, which knows nothing of the sinks' sockets. Edge-triggered, so a lane that is awake and serves its socket by
// itself costs nothing more than an event that finds it awake. A socket that is closed is forgotten.
class SocketWatcher {
 public:
  // `ready` is called with the number that a socket was watched under; `turn` after each wait, which ends at the latest after `turn_max`,
  // and at once after `call`. Both on the watcher's thread.
  SocketWatcher(std::function<void(std::uint32_t)> ready, std::function<void()> turn, std::chrono::milliseconds turn_max)
      : ready_(std::move(ready)),
        turn_(std::move(turn)),
        turn_max_(turn_max),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    WEIR_CHECK(epoll_ >= 0 && event_ >= 0);
    watch_as(event_, no_number);
    thread_ = std::thread([this] { run(); });
  }
  ~SocketWatcher() {
    stopping_.store(true, std::memory_order_release);
    call();
    thread_.join();
    close(epoll_);
    close(event_);
  }
  SocketWatcher(const SocketWatcher&) = delete;
  SocketWatcher& operator=(const SocketWatcher&) = delete;

  void watch(int socket, std::uint32_t number) { watch_as(socket, number); }  // any thread
  void call() {                                                               // any thread
    const std::uint64_t one = 1;
    static_cast<void>(!write(event_, &one, sizeof one));
  }

 private:
  static constexpr std::uint64_t no_number = ~std::uint64_t{0};

  void watch_as(int socket, std::uint64_t number) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.u64 = number;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }

  void run() {
    pthread_setname_np(pthread_self(), "sockets");
    std::array<epoll_event, 64> events{};
    while (!stopping_.load(std::memory_order_acquire)) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), static_cast<int>(turn_max_.count()));
      for (int at = 0; at < count; ++at) {
        const std::uint64_t number = events[static_cast<std::size_t>(at)].data.u64;
        std::uint64_t taken = 0;
        if (number == no_number) {
          static_cast<void>(!read(event_, &taken, sizeof taken));
        } else {
          ready_(static_cast<std::uint32_t>(number));
        }
      }
      turn_();
    }
  }

  std::function<void(std::uint32_t)> ready_;
  std::function<void()> turn_;
  std::chrono::milliseconds turn_max_;
  int epoll_;
  int event_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace weir
