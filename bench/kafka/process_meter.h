// A process under measurement: started, sampled from outside, ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace weir::bench {

struct ProcessSample {
  std::chrono::steady_clock::time_point time;
  double cpu_seconds = 0;                        // user and system, of all living threads, to the nanosecond
  std::map<std::string, double> cpu_of_threads;  // by thread name, those of one name added up
};

// A child of this program. Its output goes where `log` says. The destructor ends it, without grace.
class MeasuredProcess {
 public:
  MeasuredProcess(const std::vector<std::string>& command, const std::string& log);
  ~MeasuredProcess();
  MeasuredProcess(const MeasuredProcess&) = delete;
  MeasuredProcess& operator=(const MeasuredProcess&) = delete;

  ProcessSample sample() const;
  std::int64_t memory_kib_max() const;  // the largest resident size so far
  bool running();
  // SIGTERM, then waits. The exit code, or 128 and the signal.
  int end();

 private:
  void reap(bool wait);

  pid_t pid_ = -1;
  bool ended_ = false;
  int status_ = 0;
};

}  // namespace weir::bench
