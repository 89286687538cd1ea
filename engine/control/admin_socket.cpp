#include "engine/control/admin_socket.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <poll.h>
#include <pthread.h>
#include <string_view>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include "engine/recovery/durable_file.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int look_every_ms = 100;
constexpr int usage_code = 64;
constexpr int listen_queue = 128;

Error failure(const std::filesystem::path& path, const std::string& what) {
  return {ErrorKind::configuration, "the socket " + path.string() + " " + what};
}

std::optional<sockaddr_un> address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.c_str(), path.native().size() + 1);
  return address;
}

struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number;
};

int connect_to(const sockaddr_un& address) {
  const int connection = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return -1;
  if (::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return connection;
  const int code = errno;
  ::close(connection);
  errno = code;
  return -1;
}

// Where the connection does not block: until `deadline`.
bool send_all(int connection, std::string_view bytes, Clock::time_point deadline = {}) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      pollfd taken{connection, POLLOUT, 0};
      if (Clock::now() >= deadline) return false;
      ::poll(&taken, 1, look_every_ms);
      continue;
    }
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Lines and counted bytes from a connection.
class Incoming {
 public:
  explicit Incoming(int connection) : connection_(connection) {}

  std::optional<std::string> line() {
    for (;;) {
      const std::size_t end = bytes_.find('\n', at_);
      if (end != std::string::npos) {
        std::string found = bytes_.substr(at_, end - at_);
        at_ = end + 1;
        return found;
      }
      if (!more()) return std::nullopt;
    }
  }
  std::optional<std::string> exactly(std::size_t count) {
    while (bytes_.size() - at_ < count)
      if (!more()) return std::nullopt;
    std::string found = bytes_.substr(at_, count);
    at_ += count;
    return found;
  }

 private:
  bool more() {
    if (bytes_.size() > AdminSocket::request_bytes_max) return false;
    char piece[16384];
    const ssize_t got = ::recv(connection_, piece, sizeof piece, 0);
    if (got <= 0) return false;
    bytes_.append(piece, static_cast<std::size_t>(got));
    return true;
  }

  int connection_;
  std::string bytes_;
  std::size_t at_ = 0;
};

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    if (end > at) words.push_back(from_word(std::string_view(line).substr(at, end - at)));
    at = end + 1;
  }
  return words;
}

std::optional<std::size_t> count_of(const std::string& digits) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc{} || end != digits.data() + digits.size() || count > AdminSocket::request_bytes_max) return std::nullopt;
  return count;
}

// A request as it comes in, in pieces.
class RequestReader {
 public:
  enum class State { more, whole, wrong };

  State add(std::string_view piece) {
    bytes_.append(piece);
    if (bytes_.size() > AdminSocket::request_bytes_max) return State::wrong;
    for (;;) {
      if (file_bytes_) {
        if (bytes_.size() - at_ < *file_bytes_) return State::more;
        request_.files.back().second = bytes_.substr(at_, *file_bytes_);
        at_ += *file_bytes_;
        looked_ = at_;
        file_bytes_.reset();
      }
      const std::size_t end = bytes_.find('\n', std::max(at_, looked_));
      looked_ = bytes_.size();
      if (end == std::string::npos) return State::more;
      const State state = line(words_of(bytes_.substr(at_, end - at_)));
      if (state != State::more) return state;
      looked_ = at_ = end + 1;
    }
  }
  const AdminRequest& request() const { return request_; }

 private:
  State line(std::vector<std::string> words) {
    if (request_.words.empty()) {
      request_.words = std::move(words);
      return request_.words.empty() ? State::wrong : State::more;
    }
    if (words.size() == 1 && words[0] == "end") return State::whole;
    if (words.size() != 3 || words[0] != "file") return State::wrong;
    file_bytes_ = count_of(words[1]);
    if (!file_bytes_) return State::wrong;
    request_.files.emplace_back(words[2], "");
    return State::more;
  }

  std::string bytes_;
  std::size_t at_ = 0;      // behind what was taken
  std::size_t looked_ = 0;  // no line ends before it
  std::optional<std::size_t> file_bytes_;
  AdminRequest request_;
};

}  // namespace

struct AdminSocket::Waiting {
  Waiting(int accepted, Clock::time_point until) : connection(accepted), deadline(until) {}

  Descriptor connection;
  Clock::time_point deadline;
  RequestReader reader;
};

AdminSocket::AdminSocket(std::filesystem::path path, Answerer answer, std::chrono::milliseconds request_time)
    : path_(std::move(path)), answer_(std::move(answer)), request_time_(request_time) {}

AdminSocket::~AdminSocket() {
  stop();
}

Status AdminSocket::start() {
  const std::optional<sockaddr_un> address = address_of(path_);
  if (!address) return failure(path_, "has a path of more than 107 bytes; set `admin.socket` to a shorter one");
  if (Status made = make_folder(path_.parent_path()); !made) return made;
  if (const Descriptor other(connect_to(*address)); other.number >= 0)
    return failure(path_, "is in use: another weir runs with the same `state.dir`");
  ::unlink(path_.c_str());
  listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // The mode is that of the socket when it gets its name, so there is no moment in which others could open it.
  const bool opened = listening_ >= 0 && ::fchmod(listening_, 0600) == 0 &&
                      ::bind(listening_, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0 &&
                      ::chmod(path_.c_str(), 0600) == 0 && ::listen(listening_, listen_queue) == 0;
  if (!opened) return failure(path_, std::string("cannot be opened: ") + std::strerror(errno));
  thread_ = std::thread([this] { run(); });
  return success();
}

void AdminSocket::stop() {
  stopping_.store(true, std::memory_order_release);
  if (thread_.joinable()) thread_.join();
  if (listening_ < 0) return;
  ::close(listening_);
  listening_ = -1;
  ::unlink(path_.c_str());
}

void AdminSocket::run() {
  pthread_setname_np(pthread_self(), "admin");
  std::vector<pollfd> polled;
  while (!stopping_.load(std::memory_order_acquire)) {
    polled.assign(1, {listening_, POLLIN, 0});
    for (const std::unique_ptr<Waiting>& each : waiting_) polled.push_back({each->connection.number, POLLIN, 0});
    if (::poll(polled.data(), polled.size(), look_every_ms) < 0) continue;
    for (std::size_t index = 0; index < waiting_.size(); ++index)
      if (!serve(*waiting_[index], polled[index + 1].revents != 0)) waiting_[index].reset();
    std::erase(waiting_, nullptr);
    if (polled[0].revents != 0) accept_one();
  }
  waiting_.clear();
}

void AdminSocket::accept_one() {
  const int connection = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (connection < 0) return;
  if (waiting_.size() == connections_max) waiting_.erase(waiting_.begin());
  waiting_.push_back(std::make_unique<Waiting>(connection, Clock::now() + request_time_));
}

bool AdminSocket::serve(Waiting& waiting, bool readable) const {
  using State = RequestReader::State;
  const int connection = waiting.connection.number;
  const auto send = [&](const AdminAnswer& answer) {
    send_all(connection, std::to_string(answer.code) + ' ' + std::to_string(answer.body.size()) + '\n' + answer.body,
             Clock::now() + request_time_);
    return false;
  };
  State state = State::more;
  while (readable && state == State::more) {
    char piece[16384];
    const ssize_t got = ::recv(connection, piece, sizeof piece, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) break;
    if (got < 0) return false;
    state = got == 0 ? State::wrong : waiting.reader.add({piece, static_cast<std::size_t>(got)});
  }
  if (state == State::whole) return send(answer_(waiting.reader.request()));
  if (state == State::wrong) return send({usage_code, "the request was not understood\n"});
  if (Clock::now() < waiting.deadline) return true;
  return send({usage_code, "the request was not whole in time (request_time_max)\n"});
}

Result<AdminAnswer> ask_admin(const std::filesystem::path& path, const AdminRequest& request) {
  const std::optional<sockaddr_un> address = address_of(path);
  if (!address) return failure(path, "has a path of more than 107 bytes");
  const Descriptor connection(connect_to(*address));
  if (connection.number < 0) {
    if (errno == EACCES) return failure(path, "belongs to another user; run this as the one that the service runs as");
    return Error{ErrorKind::retryable, "no service runs here: nothing answers on " + path.string()};
  }
  std::string text;
  for (const std::string& word : request.words) text += (text.empty() ? "" : " ") + as_word(word);
  text += '\n';
  for (const auto& [name, bytes] : request.files) text += "file " + std::to_string(bytes.size()) + ' ' + as_word(name) + '\n' + bytes;
  text += "end\n";
  Incoming incoming(connection.number);
  const std::optional<std::string> first = send_all(connection.number, text) ? incoming.line() : std::nullopt;
  const std::vector<std::string> words = first ? words_of(*first) : std::vector<std::string>{};
  const std::optional<std::size_t> code = words.size() == 2 ? count_of(words[0]) : std::nullopt;
  const std::optional<std::size_t> bytes = code ? count_of(words[1]) : std::nullopt;
  std::optional<std::string> body = bytes ? incoming.exactly(*bytes) : std::nullopt;
  if (!body) return Error{ErrorKind::retryable, "the service ended before it answered"};
  return AdminAnswer{static_cast<int>(*code), std::move(*body)};
}

}  // namespace weir
