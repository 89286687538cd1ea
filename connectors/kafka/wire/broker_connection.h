// One connection to a broker, over plain TCP or TLS, with or without a login: requests out, answers in, never waiting.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <sys/uio.h>

#include "connectors/kafka/wire/connection_security.h"

namespace weir::wire {

// Where a broker listens, resolved already (that may take a while, and is not done here), and what it takes to be let in.
struct BrokerAddress {
  std::string name;  // "host:port"
  sockaddr_storage address{};
  socklen_t address_bytes = 0;
  std::shared_ptr<const ConnectionSecurity> security;  // null: neither TLS nor login

  std::string_view host() const { return std::string_view(name).substr(0, name.rfind(':')); }
};

// An answer's bytes with room behind them, as simdjson wants (Arena::padding_bytes). Reused when nobody shares it any more.
class AnswerMemory {
 public:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t capacity = 0;
  };
  std::shared_ptr<Block> take(std::size_t bytes);
  std::size_t blocks() const { return blocks_.size(); }

 private:
  std::vector<std::shared_ptr<Block>> blocks_;
};

// One thread. Any failure closes it for good; `failure` then says what happened.
class BrokerConnection {
 public:
  explicit BrokerConnection(BrokerAddress to);
  ~BrokerConnection();
  BrokerConnection(const BrokerConnection&) = delete;
  BrokerConnection& operator=(const BrokerConnection&) = delete;

  const BrokerAddress& address() const { return address_; }
  bool failed() const { return socket_ < 0; }
  const std::string& failure() const { return failure_; }
  int socket() const { return socket_; }
  // Whether it failed because the two sides do not agree on encryption or login.
  bool refused() const { return refused_; }
  bool wants_to_write() const;

  // Bytes that belong into a request behind the first `frame_end` bytes of its frame.
  struct Piece {
    std::size_t frame_end = 0;
    std::string_view bytes;
  };
  // Sends `frame` (which is taken, for an old one) with `pieces` in their places, now or as soon as the socket takes it. One request at a
  // time: the next after the answer, and so long the pieces' bytes stay.
  void send(std::string& frame, const std::vector<Piece>& pieces = {});
  bool awaits_answer() const { return awaits_answer_; }
  // False where the broker has closed the connection meanwhile, as it does with idle ones. Nothing may be on the way.
  bool is_open();
  std::chrono::steady_clock::time_point sent_at() const { return sent_at_; }

  // Moves on as far as the socket allows. True when an answer is there whole: see `answer`.
  bool progress(AnswerMemory& memory);
  // Without its length; lives as long as `answer_memory`.
  std::string_view answer() const { return {block_->bytes.get(), answer_bytes_}; }
  std::shared_ptr<const void> answer_memory() const { return block_; }
  // After the answer was read.
  void release_answer() { block_.reset(); }

 private:
  enum class Stage : std::uint8_t { connecting, tls, login, ready };
  struct LoginTalk;

  void fail(std::string what);
  void stop_at_tls(int result);
  bool get_ready();
  bool finish_connecting();
  bool log_in();
  // Some of the bytes; 0 where the socket takes or has none now, or the connection has failed.
  std::size_t take(char* to, std::size_t most);
  std::size_t put(const char* bytes, std::size_t most);
  bool flush();
  bool flush_encrypted();
  bool receive(AnswerMemory& memory);

  BrokerAddress address_;
  int socket_ = -1;
  Stage stage_ = Stage::connecting;
  Ssl ssl_;
  bool tls_wants_to_write_ = false;
  std::unique_ptr<LoginTalk> login_;  // while it lasts
  std::string failure_;
  bool refused_ = false;
  std::string frame_;
  std::vector<iovec> out_;  // what is left to send, from `out_at_` on
  std::size_t out_at_ = 0;
  bool awaits_answer_ = false;
  std::chrono::steady_clock::time_point sent_at_;
  char length_[4] = {};
  std::size_t length_received_ = 0;
  std::shared_ptr<AnswerMemory::Block> block_;
  std::size_t answer_bytes_ = 0;
  std::size_t received_ = 0;
};

}  // namespace weir::wire
