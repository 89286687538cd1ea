// The local socket of a running service: who may open it may ask what goes on and change the rules. Requests and answers are framed text.
//
//   request   VERB WORD ...\n                  words as in recovery's files: %XX for what is not a letter, digit or one of _ - . / :
//             file BYTES PATH\n + BYTES bytes  any number of times
//             end\n
//   answer    CODE BYTES\n + BYTES bytes       CODE: how the asking command ends
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
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

// One thread reads all connections as they come and answers whole requests one at a time.
class AdminSocket {
 public:
  static constexpr std::size_t request_bytes_max = std::size_t{64} * 1024 * 1024;
  static constexpr std::size_t connections_max = 32;  // that wait for their request to be whole; beyond, the oldest is closed
  static constexpr std::chrono::milliseconds request_time_max{
      5'000};  // from the connection to its whole request, and for an answer to be taken
  using Answerer = std::function<AdminAnswer(const AdminRequest& request)>;

  // `answer` is called on the socket's thread.
  AdminSocket(std::filesystem::path path, Answerer answer, std::chrono::milliseconds request_time = request_time_max);
  ~AdminSocket();
  AdminSocket(const AdminSocket&) = delete;
  AdminSocket& operator=(const AdminSocket&) = delete;

  // Opens the socket for its owner alone (mode 0600). Fails where another service answers on it; a socket left behind is replaced.
  Status start();
  void stop();

 private:
  struct Waiting;

  void run();
  void accept_one();
  // False: the connection is done with.
  bool serve(Waiting& waiting, bool readable) const;

  std::filesystem::path path_;
  Answerer answer_;
  std::chrono::milliseconds request_time_;
  int listening_ = -1;
  std::atomic<bool> stopping_{false};
  std::vector<std::unique_ptr<Waiting>> waiting_;  // the oldest first
  std::thread thread_;
};

// Asks the service behind `path` and waits for the answer. An error says that none runs there, or why it cannot be asked.
Result<AdminAnswer> ask_admin(const std::filesystem::path& path, const AdminRequest& request);

}  // namespace weir
