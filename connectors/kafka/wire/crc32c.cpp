#include "connectors/kafka/wire/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace weir::wire {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78U;  // reflected

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? polynomial : 0);
    table[byte] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> table = make_table();

#if defined(__x86_64__)
// The instruction takes 8 bytes in 1 cycle and answers after 3, so three streams run side by side and are joined: appending `lane_bytes`
// zeros to a stream is a linear map of its CRC, kept as four tables.
constexpr std::size_t lane_bytes = 1024;

constexpr std::uint32_t append_zeros(std::uint32_t crc) {
  for (std::size_t byte = 0; byte < lane_bytes; ++byte) crc = (crc >> 8) ^ table[crc & 0xff];
  return crc;
}

struct ZeroTables {
  std::array<std::array<std::uint32_t, 256>, 4> of{};
  ZeroTables() {
    for (std::uint32_t byte = 0; byte < 256; ++byte)
      for (std::uint32_t part = 0; part < 4; ++part) of[part][byte] = append_zeros(byte << (8 * part));
  }
  std::uint32_t shift(std::uint32_t crc) const {
    return of[0][crc & 0xff] ^ of[1][crc >> 8 & 0xff] ^ of[2][crc >> 16 & 0xff] ^ of[3][crc >> 24];
  }
};

std::uint64_t word_at(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(std::string_view bytes) {
  static const ZeroTables zeros;
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t crc = 0xffffffffU;
  for (; left >= 3 * lane_bytes; at += 3 * lane_bytes, left -= 3 * lane_bytes) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t offset = 0; offset < lane_bytes; offset += 8) {
      crc = _mm_crc32_u64(crc, word_at(at + offset));
      second = _mm_crc32_u64(second, word_at(at + lane_bytes + offset));
      third = _mm_crc32_u64(third, word_at(at + 2 * lane_bytes + offset));
    }
    crc = zeros.shift(static_cast<std::uint32_t>(crc)) ^ second;
    crc = zeros.shift(static_cast<std::uint32_t>(crc)) ^ third;
  }
  for (; left >= 8; at += 8, left -= 8) crc = _mm_crc32_u64(crc, word_at(at));
  for (; left > 0; ++at, --left) crc = _mm_crc32_u8(static_cast<std::uint32_t>(crc), static_cast<std::uint8_t>(*at));
  return static_cast<std::uint32_t>(crc) ^ 0xffffffffU;
}
#endif

}  // namespace

std::uint32_t crc32c_by_table(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<std::uint8_t>(byte)) & 0xff];
  return crc ^ 0xffffffffU;
}

std::uint32_t crc32c(std::string_view bytes) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return crc32c_by_instruction(bytes);
#endif
  return crc32c_by_table(bytes);
}

}  // namespace weir::wire
