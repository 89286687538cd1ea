#include "engine/recovery/durable_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <system_error>
#include <unistd.h>
#include <xxhash.h>

namespace weir {
namespace {

constexpr std::string_view hexadecimal = "0123456789abcdef";

Error failure(const std::filesystem::path& path, std::string_view what, int code) {
  return {ErrorKind::retryable, path.string() + ": " + std::string(what) + ": " + std::strerror(code)};
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Status sync_folder(const std::filesystem::path& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return failure(path, "cannot be opened", errno);
  const bool durable = ::fsync(folder) == 0;
  const int code = errno;
  ::close(folder);
  if (!durable) return failure(path, "cannot be synced", code);
  return success();
}

bool is_plain(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_' || byte == '-' ||
         byte == '.' || byte == '/' || byte == ':';
}

int digit_of(char byte) {
  const std::size_t at = hexadecimal.find(byte);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string checksum_of(std::string_view bytes) {
  std::string text(16, '0');
  XXH64_hash_t value = XXH3_64bits(bytes.data(), bytes.size());
  for (std::size_t at = text.size(); at-- > 0; value >>= 4U) text[at] = hexadecimal[value & 15U];
  return text;
}

Status append_to_file(int file, const std::filesystem::path& path, std::string_view bytes) {
  if (!write_all(file, bytes)) return failure(path, "cannot be written", errno);
  if (::fsync(file) != 0) return failure(path, "cannot be synced", errno);
  return success();
}

Status replace_file(const std::filesystem::path& path, std::string_view bytes) {
  const std::filesystem::path next = path.string() + ".next";
  const int file = ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (file < 0) return failure(next, "cannot be opened", errno);
  Status written = append_to_file(file, next, bytes);
  ::close(file);
  if (!written) return written;
  if (::rename(next.c_str(), path.c_str()) != 0) return failure(path, "cannot be replaced", errno);
  return sync_folder(path.parent_path());
}

Result<std::string> read_whole_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream.is_open()) return failure(path, "cannot be opened", errno);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (stream.bad()) return failure(path, "cannot be read", errno);
  return text;
}

Status make_folder(const std::filesystem::path& path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) return success();
  std::filesystem::create_directories(path, code);
  if (code) return failure(path, "cannot be made", code.value());
  return path.has_parent_path() ? sync_folder(path.parent_path()) : success();
}

std::string as_word(std::string_view text) {
  if (text.empty()) return "%";
  std::string word;
  for (const char byte : text) {
    if (is_plain(byte)) {
      word += byte;
    } else {
      const auto value = static_cast<unsigned char>(byte);
      word += '%';
      word += hexadecimal[value >> 4U];
      word += hexadecimal[value & 15U];
    }
  }
  return word;
}

std::string from_word(std::string_view word) {
  std::string text;
  if (word == "%") return text;
  for (std::size_t at = 0; at < word.size(); ++at) {
    const bool escaped = word[at] == '%' && at + 2 < word.size() && digit_of(word[at + 1]) >= 0 && digit_of(word[at + 2]) >= 0;
    text += escaped ? static_cast<char>(digit_of(word[at + 1]) * 16 + digit_of(word[at + 2])) : word[at];
    if (escaped) at += 2;
  }
  return text;
}

}  // namespace weir
