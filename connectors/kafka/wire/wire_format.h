// The primitive types of Kafka's protocol: big-endian integers, strings with a length in front, and zigzag varints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace weir::wire {

// Reads front to back. What reaches beyond the end fails: it reads as 0 or empty, and `ok` is false from then on.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  const char* at() const { return at_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  std::int8_t int8() { return static_cast<std::int8_t>(integer<std::uint8_t>()); }
  std::int16_t int16() { return static_cast<std::int16_t>(integer<std::uint16_t>()); }
  std::int32_t int32() { return static_cast<std::int32_t>(integer<std::uint32_t>()); }
  std::int64_t int64() { return static_cast<std::int64_t>(integer<std::uint64_t>()); }

  // At most 10 bytes of 7 bits; small magnitudes are short whatever their sign.
  std::int64_t varint() {
    std::uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64 && at_ < end_; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(*at_++);
      bits |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) return static_cast<std::int64_t>(bits >> 1) ^ -static_cast<std::int64_t>(bits & 1);
    }
    ok_ = false;
    return 0;
  }

  std::string_view bytes(std::size_t size) {
    if (size > left()) {
      ok_ = false;
      at_ = end_;
      return {};
    }
    at_ += size;
    return {at_ - size, size};
  }
  void skip(std::size_t size) { static_cast<void>(bytes(size)); }

  // Length in two bytes; null reads as empty.
  std::string_view string() {
    const std::int16_t size = int16();
    return size <= 0 ? std::string_view{} : bytes(static_cast<std::size_t>(size));
  }
  // Length in four bytes; null reads as empty.
  std::string_view long_bytes() {
    const std::int32_t size = int32();
    return size <= 0 ? std::string_view{} : bytes(static_cast<std::size_t>(size));
  }
  // Entries that follow, of at least `least_bytes` each; null and nonsense read as none.
  std::size_t array(std::size_t least_bytes) {
    const std::int32_t count = int32();
    if (count <= 0) return 0;
    if (static_cast<std::size_t>(count) > left() / least_bytes) {
      ok_ = false;
      return 0;
    }
    return static_cast<std::size_t>(count);
  }

 private:
  template <typename T>
  T integer() {
    if (left() < sizeof(T)) {
      ok_ = false;
      at_ = end_;
      return 0;
    }
    T value = 0;
    for (std::size_t byte = 0; byte < sizeof(T); ++byte) value = static_cast<T>(value << 8U) | static_cast<std::uint8_t>(*at_++);
    return value;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

// Appends to a string that the caller keeps.
class Writer {
 public:
  explicit Writer(std::string& to) : to_(to) {}

  void int8(std::int8_t value) { to_.push_back(static_cast<char>(value)); }
  void int16(std::int16_t value) { integer(static_cast<std::uint16_t>(value)); }
  void int32(std::int32_t value) { integer(static_cast<std::uint32_t>(value)); }
  void int64(std::int64_t value) { integer(static_cast<std::uint64_t>(value)); }
  void string(std::string_view text) {
    int16(static_cast<std::int16_t>(text.size()));
    to_.append(text);
  }
  // Room for a length that is known later.
  std::size_t reserve_int32() {
    int32(0);
    return to_.size() - 4;
  }
  void set_int32(std::size_t place, std::int32_t value) {
    for (std::size_t byte = 0; byte < 4; ++byte)
      to_[place + byte] = static_cast<char>(static_cast<std::uint32_t>(value) >> (24 - 8 * byte) & 0xffU);
  }

 private:
  template <typename T>
  void integer(T value) {
    for (std::size_t byte = sizeof(T); byte > 0; --byte) to_.push_back(static_cast<char>(value >> (8 * (byte - 1)) & 0xffU));
  }

  std::string& to_;
};

}  // namespace weir::wire
