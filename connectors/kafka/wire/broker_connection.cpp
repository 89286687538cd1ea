#include "connectors/kafka/wire/broker_connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "connectors/kafka/wire/login.h"
#include "connectors/kafka/wire/wire_format.h"
#include "engine/base/arena.h"

namespace weir::wire {
namespace {

constexpr std::size_t answer_bytes_max = std::size_t{256} * 1024 * 1024;
constexpr std::size_t login_answer_bytes_max = std::size_t{64} * 1024;
constexpr std::size_t length_bytes = 4;
constexpr std::size_t block_bytes_least = std::size_t{64} * 1024;
constexpr std::size_t pieces_at_once = 256;  // fewer than IOV_MAX

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

std::shared_ptr<AnswerMemory::Block> AnswerMemory::take(std::size_t bytes) {
  const std::size_t wanted = bytes + Arena::padding_bytes;
  for (auto block = blocks_.begin(); block != blocks_.end(); ++block) {
    if (block->use_count() > 1) continue;
    if ((*block)->capacity >= wanted) return *block;
    blocks_.erase(block);  // answers have grown: it would lie about
    break;
  }
  auto made = std::make_shared<Block>();
  made->capacity = std::max(wanted + wanted / 4, block_bytes_least);
  made->bytes.reset(new char[made->capacity]);
  blocks_.push_back(made);
  return made;
}

struct BrokerConnection::LoginTalk {
  explicit LoginTalk(const LoginSettings& settings) : login(settings) {}
  ~LoginTalk() { OPENSSL_cleanse(frame.data(), frame.size()); }
  LoginTalk(const LoginTalk&) = delete;
  LoginTalk& operator=(const LoginTalk&) = delete;

  Login login;
  std::string frame;  // the request on the way
  std::size_t sent = 0;
  std::string answer;  // to it, behind its length
  std::size_t received = 0;
};

BrokerConnection::BrokerConnection(BrokerAddress to) : address_(std::move(to)) {
  socket_ = ::socket(address_.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) {
    fail(std::strerror(errno));
    return;
  }
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address_.address), address_.address_bytes) != 0 && errno != EINPROGRESS)
    fail(std::strerror(errno));
}

BrokerConnection::~BrokerConnection() {
  if (ssl_ != nullptr && stage_ == Stage::ready) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());  // says goodbye, without waiting for the answer
  }
  ssl_.reset();
  if (socket_ >= 0) close(socket_);
}

void BrokerConnection::fail(std::string what) {
  ssl_.reset();
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
  failure_ = std::move(what);
}

// After a call for TLS that did not do what it was to do.
void BrokerConnection::stop_at_tls(int result) {
  const int error = errno;
  tls_wants_to_write_ = false;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return;
    case SSL_ERROR_WANT_WRITE:
      tls_wants_to_write_ = true;
      return;
    case SSL_ERROR_ZERO_RETURN:
      return fail("the broker closed the connection");
    case SSL_ERROR_SYSCALL:
      return fail(error != 0 ? std::strerror(error) : "the broker closed the connection");
    default:
      refused_ = true;
      return fail(tls_failure(ssl_.get()));
  }
}

bool BrokerConnection::wants_to_write() const {
  switch (stage_) {
    case Stage::connecting:
      return true;
    case Stage::tls:
      return tls_wants_to_write_;
    case Stage::login:
      return login_ != nullptr && login_->sent < login_->frame.size();
    case Stage::ready:
      return out_at_ < out_.size();
  }
  return false;
}

// True once requests may go out.
bool BrokerConnection::get_ready() {
  if (stage_ == Stage::connecting) {
    if (!finish_connecting()) return false;
    stage_ = Stage::login;
    if (address_.security != nullptr && address_.security->encrypts()) {
      stage_ = Stage::tls;
      ssl_ = address_.security->begin_tls(address_.host(), socket_);
      if (ssl_ == nullptr) {
        fail("TLS cannot be set up for `" + address_.name + "`");
        return false;
      }
    }
  }
  if (stage_ == Stage::tls) {
    ERR_clear_error();
    errno = 0;
    if (const int done = SSL_do_handshake(ssl_.get()); done != 1) {
      stop_at_tls(done);
      return false;
    }
    stage_ = Stage::login;
  }
  if (stage_ == Stage::login) {
    if (address_.security != nullptr && address_.security->login() && !log_in()) return false;
    login_.reset();
    stage_ = Stage::ready;
  }
  return true;
}

bool BrokerConnection::log_in() {
  if (login_ == nullptr) {
    login_ = std::make_unique<LoginTalk>(*address_.security->login());
    login_->login.write_request(login_->frame);
    login_->answer.resize(length_bytes);
  }
  LoginTalk& talk = *login_;
  for (;;) {
    while (talk.sent < talk.frame.size()) {
      const std::size_t sent = put(talk.frame.data() + talk.sent, talk.frame.size() - talk.sent);
      if (sent == 0) return false;
      talk.sent += sent;
    }
    while (talk.received < talk.answer.size()) {
      const std::size_t got = take(talk.answer.data() + talk.received, talk.answer.size() - talk.received);
      if (got == 0) return false;
      talk.received += got;
      if (talk.received != length_bytes || talk.answer.size() != length_bytes) continue;
      const std::int32_t length = Reader(talk.answer).int32();
      if (length < 4 || static_cast<std::size_t>(length) > login_answer_bytes_max) {
        fail("an answer of " + std::to_string(length) + " bytes to the login");
        return false;
      }
      talk.answer.resize(length_bytes + static_cast<std::size_t>(length));
    }
    if (!talk.login.take_answer(std::string_view(talk.answer).substr(length_bytes))) {
      refused_ = true;
      fail(talk.login.failure());
      return false;
    }
    if (talk.login.done()) return true;
    talk.login.write_request(talk.frame);
    talk.sent = 0;
    talk.answer.resize(length_bytes);
    talk.received = 0;
  }
}

bool BrokerConnection::finish_connecting() {
  pollfd one{socket_, POLLOUT, 0};
  if (poll(&one, 1, 0) <= 0) return false;
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
    fail(std::strerror(error != 0 ? error : errno));
    return false;
  }
  return true;
}

std::size_t BrokerConnection::take(char* to, std::size_t most) {
  if (ssl_ != nullptr) {
    std::size_t got = 0;
    ERR_clear_error();
    errno = 0;
    const int done = SSL_read_ex(ssl_.get(), to, most, &got);
    if (done == 1) return got;
    stop_at_tls(done);
    return 0;
  }
  const ssize_t got = recv(socket_, to, most, 0);
  if (got > 0) return static_cast<std::size_t>(got);
  if (got == 0) {
    fail("the broker closed the connection");
  } else if (!would_block(errno)) {
    fail(std::strerror(errno));
  }
  return 0;
}

std::size_t BrokerConnection::put(const char* bytes, std::size_t most) {
  if (ssl_ != nullptr) {
    std::size_t sent = 0;
    ERR_clear_error();
    errno = 0;
    const int done = SSL_write_ex(ssl_.get(), bytes, most, &sent);
    if (done == 1) return sent;
    stop_at_tls(done);
    return 0;
  }
  const ssize_t sent = ::send(socket_, bytes, most, MSG_NOSIGNAL);
  if (sent > 0) return static_cast<std::size_t>(sent);
  if (sent < 0 && !would_block(errno)) fail(std::strerror(errno));
  return 0;
}

void BrokerConnection::send(std::string& frame, const std::vector<Piece>& pieces) {
  frame_.swap(frame);
  out_.clear();
  out_at_ = 0;
  std::size_t begin = 0;
  for (const Piece& piece : pieces) {
    out_.push_back({frame_.data() + begin, piece.frame_end - begin});
    out_.push_back({const_cast<char*>(piece.bytes.data()), piece.bytes.size()});  // is only read
    begin = piece.frame_end;
  }
  out_.push_back({frame_.data() + begin, frame_.size() - begin});
  awaits_answer_ = true;
  length_received_ = 0;
  sent_at_ = std::chrono::steady_clock::now();
  if (!failed() && stage_ == Stage::ready) flush();
}

bool BrokerConnection::is_open() {
  if (failed() || stage_ != Stage::ready) return !failed();
  char byte = 0;
  if (ssl_ == nullptr) return recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
  std::size_t got = 0;
  ERR_clear_error();
  return SSL_peek_ex(ssl_.get(), &byte, 1, &got) == 1 || SSL_get_error(ssl_.get(), 0) == SSL_ERROR_WANT_READ;
}

bool BrokerConnection::flush_encrypted() {
  for (; out_at_ < out_.size(); ++out_at_) {
    iovec& piece = out_[out_at_];
    while (piece.iov_len > 0) {
      const std::size_t sent = put(static_cast<const char*>(piece.iov_base), piece.iov_len);
      if (sent == 0) return false;
      piece.iov_base = static_cast<char*>(piece.iov_base) + sent;
      piece.iov_len -= sent;
    }
  }
  return true;
}

bool BrokerConnection::flush() {
  if (ssl_ != nullptr) return flush_encrypted();
  while (out_at_ < out_.size()) {
    if (out_[out_at_].iov_len == 0) {
      ++out_at_;
      continue;
    }
    msghdr message{};
    message.msg_iov = &out_[out_at_];
    message.msg_iovlen = std::min(out_.size() - out_at_, pieces_at_once);
    const ssize_t sent = sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (sent < 0 && would_block(errno)) return false;
    if (sent < 0) {
      fail(std::strerror(errno));
      return false;
    }
    for (auto left = static_cast<std::size_t>(sent); left > 0;) {
      iovec& piece = out_[out_at_];
      const std::size_t taken = std::min(left, piece.iov_len);
      piece.iov_base = static_cast<char*>(piece.iov_base) + taken;
      piece.iov_len -= taken;
      left -= taken;
      if (piece.iov_len == 0) ++out_at_;
    }
  }
  return true;
}

bool BrokerConnection::progress(AnswerMemory& memory) {
  if (failed()) return false;
  if (stage_ != Stage::ready && !get_ready()) return false;
  if (!flush() || !awaits_answer_) return false;
  return receive(memory);
}

bool BrokerConnection::receive(AnswerMemory& memory) {
  while (length_received_ < sizeof length_) {
    const std::size_t got = take(length_ + length_received_, sizeof length_ - length_received_);
    if (got == 0) return false;
    length_received_ += got;
    if (length_received_ < sizeof length_) continue;
    const std::int32_t length = Reader({length_, sizeof length_}).int32();
    if (length < 4 || static_cast<std::size_t>(length) > answer_bytes_max) {
      fail("an answer of " + std::to_string(length) + " bytes");
      return false;
    }
    answer_bytes_ = static_cast<std::size_t>(length);
    block_ = memory.take(answer_bytes_);
    received_ = 0;
  }
  while (received_ < answer_bytes_) {
    const std::size_t got = take(block_->bytes.get() + received_, answer_bytes_ - received_);
    if (got == 0) return false;
    received_ += got;
  }
  awaits_answer_ = false;
  return true;
}

}  // namespace weir::wire
