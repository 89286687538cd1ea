// A program under test in a process of its own, which can be killed.
#pragma once

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

#include <sys/wait.h>

namespace weir::test {

class ChildProcess {
 public:
  // Standard output and error go to `log_path`.
  ChildProcess(const std::vector<std::string>& command, const std::string& log_path) {
    pid_ = fork();
    if (pid_ != 0) return;
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    if (std::freopen(log_path.c_str(), "a", stdout) == nullptr || dup2(STDOUT_FILENO, STDERR_FILENO) < 0) _exit(126);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  ~ChildProcess() {
    if (running()) {
      signal(SIGKILL);
      wait();
    }
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void signal(int number) const { kill(pid_, number); }

  bool running() {
    if (ended_) return false;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
    end(status);
    return false;
  }

  // The exit code, or minus the signal that ended it.
  int wait() {
    if (!ended_) {
      int status = 0;
      waitpid(pid_, &status, 0);
      end(status);
    }
    return result_;
  }

 private:
  void end(int status) {
    ended_ = true;
    result_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  pid_t pid_ = -1;
  bool ended_ = false;
  int result_ = 0;
};

// Runs to its end; answers the exit code, and in `said` what it wrote. The file at `log_path` is its own.
inline int run_and_read(const std::vector<std::string>& command, const std::string& log_path, std::string& said) {
  std::remove(log_path.c_str());
  const int code = ChildProcess(command, log_path).wait();
  std::ifstream log(log_path, std::ios::binary);
  said.assign(std::istreambuf_iterator<char>(log), {});
  return code;
}

}  // namespace weir::test
