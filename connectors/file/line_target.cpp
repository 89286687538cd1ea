#include "connectors/file/line_target.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include <sys/stat.h>

namespace weir {
namespace {

Error system_error(const std::string& what, int code, ErrorKind kind = ErrorKind::retryable) {
  return {kind, what + ": " + std::strerror(code)};
}

// The size of the file without a torn last line.
Result<off_t> size_of_whole_lines(int file, off_t size, const std::string& path) {
  std::array<char, std::size_t{64} * 1024> block{};
  for (off_t end = size; end > 0;) {
    const off_t begin = end > static_cast<off_t>(block.size()) ? end - static_cast<off_t>(block.size()) : 0;
    const auto wanted = static_cast<std::size_t>(end - begin);
    const ssize_t got = pread(file, block.data(), wanted, begin);
    if (got != static_cast<ssize_t>(wanted)) return system_error("cannot read the end of `" + path + "`", got < 0 ? errno : EIO);
    const std::size_t line_break = std::string_view(block.data(), wanted).rfind('\n');
    if (line_break != std::string_view::npos) return begin + static_cast<off_t>(line_break) + 1;
    end = begin;
  }
  return off_t{0};
}

// Writes what the system takes at once; an interrupted call wrote nothing.
Result<std::size_t> write_some(int file, std::string_view bytes, const std::string& where) {
  const ssize_t written = ::write(file, bytes.data(), bytes.size());
  if (written > 0) return static_cast<std::size_t>(written);
  if (written < 0 && errno == EINTR) return std::size_t{0};
  return system_error("cannot write to " + where, written < 0 ? errno : EIO);
}

class FileTarget final : public LineTarget {
 public:
  FileTarget(std::filesystem::path path, FileSync sync) : path_(std::move(path)), sync_(sync) {}
  ~FileTarget() override {
    if (file_ >= 0) ::close(file_);
  }

  Status open() override {
    if (path_.has_parent_path()) {
      std::error_code code;
      std::filesystem::create_directories(path_.parent_path(), code);
      if (code) return Error{ErrorKind::fatal, "cannot create the folder `" + path_.parent_path().string() + "`: " + code.message()};
    }
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file_ < 0 && errno == EACCES) file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file_ < 0) return system_error("cannot open `" + path_.string() + "` for appending", errno, ErrorKind::fatal);
    struct stat status {};
    if (fstat(file_, &status) != 0) return system_error("cannot look at `" + path_.string() + "`", errno, ErrorKind::fatal);
    regular_ = S_ISREG(status.st_mode);
    if (!regular_) return success();
    const Result<off_t> whole = size_of_whole_lines(file_, status.st_size, path_.string());
    if (!whole) return whole.error();
    durable_size_ = whole.value();
    if (durable_size_ != status.st_size && ftruncate(file_, durable_size_) != 0)
      return system_error("cannot cut the torn last line off `" + path_.string() + "`", errno, ErrorKind::fatal);
    return success();
  }

  Result<std::size_t> append(std::string_view bytes) override {
    if (rewind_) {
      if (ftruncate(file_, durable_size_) != 0) return system_error("cannot rewind `" + path_.string() + "`", errno);
      rewind_ = false;
    }
    return write_some(file_, bytes, "`" + path_.string() + "`");
  }

  Status sync() override {
    if (!regular_ || sync_ == FileSync::none) return success();
    if (fdatasync(file_) != 0) {
      rewind_ = true;
      return system_error("cannot bring `" + path_.string() + "` to the disk", errno);
    }
    durable_size_ = lseek(file_, 0, SEEK_END);
    return success();
  }

 private:
  std::filesystem::path path_;
  FileSync sync_;
  int file_ = -1;
  bool regular_ = false;
  bool rewind_ = false;  // what lies behind durable_size_ is to be written again
  off_t durable_size_ = 0;
};

class StandardOutputTarget final : public LineTarget {
 public:
  Status open() override { return success(); }
  Result<std::size_t> append(std::string_view bytes) override { return write_some(STDOUT_FILENO, bytes, "the standard output"); }
  Status sync() override { return success(); }
};

}  // namespace

std::unique_ptr<LineTarget> make_file_target(const std::filesystem::path& path, FileSync sync) {
  return std::make_unique<FileTarget>(path, sync);
}

std::unique_ptr<LineTarget> make_standard_output_target() {
  return std::make_unique<StandardOutputTarget>();
}

}  // namespace weir
