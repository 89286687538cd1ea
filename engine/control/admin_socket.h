// The local socket of a running service: who may open it may ask what goes on and change the rules. Requests and answers are framed text.
//
//   request   VERB WORD ...\n                  words as in recovery's files: %XX for what is not a letter, digit or one of _ - . / :
//             file BYTES PATH\n + BYTES bytes  any number of times
//             end\n
//   answer    CODE BYTES\n + BYTES bytes       CODE: how the asking command ends
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace weir {

struct AdminRequest {
  std::vector<std::string> words;                            // the verb first
  std::vector<std::pair<std::string, std::string>> files{};  // path and text

  std::string word(std::size_t index) const { return index < words.size() ? words[index] : ""; }
};

struct AdminAnswer {
  int code = 0;
  std::string body;
};

// One thread, one connection at a time.
class AdminSocket {
 public:
  static constexpr std::size_t request_bytes_max = std::size_t{64} * 1024 * 1024;
  using Answerer = std::function<AdminAnswer(const AdminRequest& request)>;

  // `answer` is called on the socket's thread.
  AdminSocket(std::filesystem::path path, Answerer answer) : path_(std::move(path)), answer_(std::move(answer)) {}
  ~AdminSocket() { stop(); }
  AdminSocket(const AdminSocket&) = delete;
  AdminSocket& operator=(const AdminSocket&) = delete;

  // Opens the socket for its owner alone (mode 0600). Fails where another service answers on it; a socket left behind is replaced.
  Status start();
  void stop();

 private:
  void run();
  void serve(int connection) const;

  std::filesystem::path path_;
  Answerer answer_;
  int listening_ = -1;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// Asks the service behind `path` and waits for the answer. An error says that none runs there, or why it cannot be asked.
Result<AdminAnswer> ask_admin(const std::filesystem::path& path, const AdminRequest& request);

}  // namespace weir
