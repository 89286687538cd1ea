#include "connectors/kafka/wire/broker_connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "connectors/kafka/wire/wire_format.h"
#include "engine/base/arena.h"

namespace weir::wire {
namespace {

constexpr std::size_t answer_bytes_max = std::size_t{256} * 1024 * 1024;
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
  if (socket_ >= 0) close(socket_);
}

void BrokerConnection::fail(std::string what) {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
  failure_ = std::move(what);
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
  connecting_ = false;
  return true;
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
  if (!failed() && !connecting_) flush();
}

bool BrokerConnection::is_open() const {
  char byte = 0;
  return !failed() && (connecting_ || recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0);
}

bool BrokerConnection::flush() {
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
  if (connecting_ && !finish_connecting()) return false;
  if (!flush() || !awaits_answer_) return false;
  return receive(memory);
}

bool BrokerConnection::receive(AnswerMemory& memory) {
  const auto take = [this](char* to, std::size_t most) -> std::size_t {
    const ssize_t got = recv(socket_, to, most, 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) {
      fail("the broker closed the connection");
    } else if (!would_block(errno)) {
      fail(std::strerror(errno));
    }
    return 0;
  };
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
