#include "bench/kafka/process_meter.h"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/wait.h>

#include "bench/kafka/bench_topics.h"

namespace weir::bench {

MeasuredProcess::MeasuredProcess(const std::vector<std::string>& command, const std::string& log) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));  // execvp's interface
  words.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) fail("cannot start " + command[0]);
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a wrong run ends this program without its destructors
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0 || ::dup2(file, STDOUT_FILENO) < 0 || ::dup2(file, STDERR_FILENO) < 0) ::_exit(71);
  ::execvp(words[0], words.data());
  ::_exit(71);
}

MeasuredProcess::~MeasuredProcess() {
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  reap(true);
}

ProcessSample MeasuredProcess::sample() const {
  ProcessSample sample;
  sample.time = std::chrono::steady_clock::now();
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/task")) {
    std::ifstream schedule(task.path() / "schedstat");
    std::uint64_t run_ns = 0;
    schedule >> run_ns;
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    sample.cpu_seconds += static_cast<double>(run_ns) / 1e9;
    sample.cpu_of_threads[name] += static_cast<double>(run_ns) / 1e9;
  }
  return sample;
}

std::int64_t MeasuredProcess::memory_kib_max() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stoll(line.substr(6));
  }
  return 0;
}

bool MeasuredProcess::running() {
  reap(false);
  return !ended_;
}

int MeasuredProcess::end() {
  if (!ended_) ::kill(pid_, SIGTERM);
  reap(true);
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

void MeasuredProcess::reap(bool wait) {
  if (!ended_) ended_ = ::waitpid(pid_, &status_, wait ? 0 : WNOHANG) == pid_;
}

}  // namespace weir::bench
