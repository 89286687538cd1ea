// Lets a lane sleep until a socket has something for it or another thread calls.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <poll.h>
#include <unistd.h>
#include <vector>

#include <sys/eventfd.h>

#include "engine/base/check.h"
#include "engine/base/wake_signal.h"

namespace weir {

// As WakeSignal, for a thread that waits for sockets as well.
class LaneWaker {
 public:
  LaneWaker() : event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { WEIR_CHECK(event_ >= 0); }
  ~LaneWaker() { close(event_); }
  LaneWaker(const LaneWaker&) = delete;
  LaneWaker& operator=(const LaneWaker&) = delete;

  void notify() noexcept {
    if (!state_.notify()) return;
    const std::uint64_t one = 1;
    static_cast<void>(!write(event_, &one, sizeof one));
  }

  // Waits for a notification, one of `sockets` (to which it appends) or `until`. False: nothing came.
  bool wait_until(std::chrono::steady_clock::time_point until, std::vector<pollfd>& sockets) {
    bool ready = false;
    if (state_.begin_wait()) {
      sockets.push_back({event_, POLLIN, 0});
      const auto left = std::max(until - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration::zero());
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
      const timespec timeout{static_cast<time_t>(seconds.count()), static_cast<long>(std::chrono::nanoseconds(left - seconds).count())};
      ready = ppoll(sockets.data(), sockets.size(), &timeout, nullptr) > 0;
      std::uint64_t count = 0;
      if (ready && sockets.back().revents != 0) static_cast<void>(!read(event_, &count, sizeof count));
    }
    return state_.end_wait() || ready;
  }

 private:
  WakeState state_;
  int event_;
};

}  // namespace weir
