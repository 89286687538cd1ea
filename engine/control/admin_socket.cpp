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

constexpr int look_every_ms = 100;
constexpr timeval patience{5, 0};  // for a request that was begun
constexpr int usage_code = 64;

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

bool send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
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

std::optional<AdminRequest> read_request(int connection) {
  Incoming incoming(connection);
  const std::optional<std::string> first = incoming.line();
  if (!first) return std::nullopt;
  AdminRequest request{words_of(*first)};
  for (;;) {
    const std::optional<std::string> line = incoming.line();
    if (!line) return std::nullopt;
    const std::vector<std::string> words = words_of(*line);
    if (words.size() == 1 && words[0] == "end") return request.words.empty() ? std::nullopt : std::optional(std::move(request));
    if (words.size() != 3 || words[0] != "file") return std::nullopt;
    const std::optional<std::size_t> count = count_of(words[1]);
    std::optional<std::string> text = count ? incoming.exactly(*count) : std::nullopt;
    if (!text) return std::nullopt;
    request.files.emplace_back(words[2], std::move(*text));
  }
}

}  // namespace

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
                      ::chmod(path_.c_str(), 0600) == 0 && ::listen(listening_, 16) == 0;
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
  while (!stopping_.load(std::memory_order_acquire)) {
    pollfd waiting{listening_, POLLIN, 0};
    if (::poll(&waiting, 1, look_every_ms) <= 0) continue;
    const Descriptor connection(::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.number >= 0) serve(connection.number);
  }
}

void AdminSocket::serve(int connection) const {
  ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const std::optional<AdminRequest> request = read_request(connection);
  const AdminAnswer answer = request ? answer_(*request) : AdminAnswer{usage_code, "the request was not understood\n"};
  send_all(connection, std::to_string(answer.code) + ' ' + std::to_string(answer.body.size()) + '\n' + answer.body);
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
