// A login by SASL as Kafka carries it: which requests are sent, and what the answers have to be. No connection of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/kafka/wire/connection_security.h"

namespace weir::wire {

// SaslHandshake names the mechanism, SaslAuthenticate carries its messages: one for PLAIN, two for SCRAM (RFC 5802). The password leaves
// this process with PLAIN only. One thread.
class Login {
 public:
  explicit Login(const LoginSettings& settings) : settings_(settings) {}
  Login(const LoginSettings& settings, std::string nonce) : settings_(settings), nonce_(std::move(nonce)) {}  // for tests

  bool done() const { return step_ == Step::done; }
  // Replaces `frame` by the next request. Only while not done.
  void write_request(std::string& frame);
  // The answer to it. False where the broker refuses: see `failure`.
  bool take_answer(std::string_view answer);
  const std::string& failure() const { return failure_; }  // never with the password in it

 private:
  enum class Step : std::uint8_t { name_mechanism, first, last, done };

  bool is_scram() const { return settings_.mechanism != LoginMechanism::plain; }
  std::string message();
  bool take_handshake(std::string_view answer);
  bool take_server_first(std::string_view message);
  bool take_server_last(std::string_view message);
  bool fail(std::string why);

  const LoginSettings& settings_;
  Step step_ = Step::name_mechanism;
  std::int32_t correlation_ = 0;
  std::string nonce_;
  std::string client_first_;  // without its header
  std::string client_last_;   // with the proof
  std::string server_signature_;
  std::string failure_;
};

}  // namespace weir::wire
