// An append-only byte buffer that keeps its memory between uses: after warm-up the data plane appends without allocating.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace weir {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  explicit ByteBuffer(std::size_t capacity) { reserve(capacity); }

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  const char* data() const { return bytes_.get(); }
  char* data() { return bytes_.get(); }
  std::string_view view() const { return {bytes_.get(), size_}; }
  std::string_view view(std::size_t begin, std::size_t size) const { return {bytes_.get() + begin, size}; }

  void clear() { size_ = 0; }
  void truncate(std::size_t size) { size_ = size; }

  // Room for `more` bytes behind the end; the caller writes there and then calls `advance`. Earlier views may move.
  char* grow(std::size_t more) {
    if (size_ + more > capacity_) reserve(size_ + more);
    return bytes_.get() + size_;
  }
  void advance(std::size_t written) { size_ += written; }

  void append(std::string_view bytes) {
    char* to = grow(bytes.size());
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void append(char byte) {
    *grow(1) = byte;
    ++size_;
  }

  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    std::size_t larger = capacity_ == 0 ? 256 : capacity_;
    while (larger < capacity) larger *= 2;
    std::unique_ptr<char[]> bytes(new char[larger]);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = larger;
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace weir
