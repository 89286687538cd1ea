// How long a lane was at something.
#pragma once

#include <chrono>
#include <ctime>

namespace weir {

// Adds the time of its scope to `total`.
class TimeSpent {
 public:
  explicit TimeSpent(std::chrono::nanoseconds& total) : total_(total), begun_(std::chrono::steady_clock::now()) {}
  ~TimeSpent() { total_ += std::chrono::steady_clock::now() - begun_; }
  TimeSpent(const TimeSpent&) = delete;
  TimeSpent& operator=(const TimeSpent&) = delete;

 private:
  std::chrono::nanoseconds& total_;
  std::chrono::steady_clock::time_point begun_;
};

// CPU time of the calling thread so far: what others do on its core does not count.
inline std::chrono::nanoseconds thread_cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

}  // namespace weir
