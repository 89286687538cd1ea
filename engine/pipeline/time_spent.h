// How long a lane was at something.
#pragma once

#include <chrono>

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

}  // namespace weir
