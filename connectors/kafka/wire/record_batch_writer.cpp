#include "connectors/kafka/wire/record_batch_writer.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "connectors/kafka/wire/crc32c.h"
#include "connectors/kafka/wire/record_batch_format.h"
#include "connectors/kafka/wire/wire_format.h"
#include "engine/base/check.h"

namespace weir::wire {
namespace {

using namespace batch_format;

constexpr std::size_t varint_bytes_max = 10;

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::size_t varint_bytes(std::int64_t value) {
  return (static_cast<std::size_t>(std::bit_width(zigzag(value) | 1)) + 6) / 7;
}
char* put_varint(char* at, std::int64_t value) {
  std::uint64_t bits = zigzag(value);
  for (; bits >= 0x80; bits >>= 7) *at++ = static_cast<char>(0x80U | (bits & 0x7fU));
  *at++ = static_cast<char>(bits);
  return at;
}
char* put_bytes(char* at, std::string_view bytes, bool there) {
  at = put_varint(at, there ? static_cast<std::int64_t>(bytes.size()) : -1);
  if (!there || bytes.empty()) return at;
  std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}
std::size_t field_bytes(std::string_view bytes, bool there) {
  return there ? varint_bytes(static_cast<std::int64_t>(bytes.size())) + bytes.size() : 1;
}

template <typename T>
char* put(char* at, T value) {
  for (std::size_t byte = sizeof(T); byte > 0; --byte) *at++ = static_cast<char>(value >> (8 * (byte - 1)) & 0xff);
  return at;
}

}  // namespace

void RecordBatchWriter::clear() {
  bytes_.clear();
  bytes_.grow(header_bytes);
  bytes_.advance(header_bytes);
  records_ = 0;
}

char* RecordBatchWriter::begin_record(std::int64_t timestamp_ms, std::size_t rest_bytes) {
  if (records_ == 0) first_timestamp_ms_ = max_timestamp_ms_ = timestamp_ms;
  max_timestamp_ms_ = std::max(max_timestamp_ms_, timestamp_ms);
  const std::int64_t timestamp_delta = timestamp_ms - first_timestamp_ms_;
  const auto offset_delta = static_cast<std::int64_t>(records_++);
  const std::size_t size = 1 + varint_bytes(timestamp_delta) + varint_bytes(offset_delta) + rest_bytes;
  char* const begin = bytes_.grow(size + varint_bytes_max);
  char* at = put_varint(begin, static_cast<std::int64_t>(size));
  *at++ = 0;  // attributes
  at = put_varint(at, timestamp_delta);
  at = put_varint(at, offset_delta);
  bytes_.advance(static_cast<std::size_t>(at - begin) + rest_bytes);
  return at;
}

void RecordBatchWriter::append(const RecordToWrite& record) {
  std::size_t rest_bytes = field_bytes(record.key, record.has_key) + field_bytes(record.value, record.has_value) +
                           varint_bytes(static_cast<std::int64_t>(record.headers.size()));
  for (const RecordHeader& header : record.headers) rest_bytes += field_bytes(header.name, true) + field_bytes(header.value, !header.null);
  char* at = begin_record(record.timestamp_ms, rest_bytes);
  at = put_bytes(at, record.key, record.has_key);
  at = put_bytes(at, record.value, record.has_value);
  at = put_varint(at, static_cast<std::int64_t>(record.headers.size()));
  for (const RecordHeader& header : record.headers) {
    at = put_bytes(at, header.name, true);
    at = put_bytes(at, header.value, !header.null);
  }
}

void RecordBatchWriter::append_from(const RecordBatchWriter& other, std::size_t first, std::size_t count) {
  Reader records(other.view().substr(header_bytes));
  for (std::size_t at = 0; at < first + count; ++at) {
    const auto size = static_cast<std::size_t>(records.varint());
    Reader record(records.bytes(size));
    record.skip(1);  // attributes
    const std::int64_t timestamp_ms = other.first_timestamp_ms_ + record.varint();
    static_cast<void>(record.varint());  // offset delta
    WEIR_CHECK(record.ok());
    if (at < first) continue;
    const std::string_view rest = record.bytes(record.left());
    std::memcpy(begin_record(timestamp_ms, rest.size()), rest.data(), rest.size());
  }
}

void RecordBatchWriter::seal(const ProducerIdentity& producer, std::int32_t first_sequence) {
  char* at = bytes_.data();
  at = put<std::uint64_t>(at, 0);  // the broker gives the offsets
  at = put<std::uint32_t>(at, static_cast<std::uint32_t>(bytes_.size() - length_end));
  at = put<std::uint32_t>(at, 0xffffffffU);  // epoch of the leader: the broker's
  *at++ = magic;
  char* const crc_place = at;
  at += sizeof(std::uint32_t);
  at = put<std::uint16_t>(at, 0);  // attributes: not compressed, time of creation
  at = put<std::uint32_t>(at, static_cast<std::uint32_t>(records_ - 1));
  at = put<std::uint64_t>(at, static_cast<std::uint64_t>(first_timestamp_ms_));
  at = put<std::uint64_t>(at, static_cast<std::uint64_t>(max_timestamp_ms_));
  at = put<std::uint64_t>(at, static_cast<std::uint64_t>(producer.id));
  at = put<std::uint16_t>(at, static_cast<std::uint16_t>(producer.epoch));
  at = put<std::uint32_t>(at, static_cast<std::uint32_t>(first_sequence));
  put<std::uint32_t>(at, static_cast<std::uint32_t>(records_));
  put<std::uint32_t>(crc_place, crc32c(bytes_.view().substr(crc_from)));
}

// MurmurHash2 (Austin Appleby, public domain algorithm) in 32 bits with Kafka's seed, of the key's bytes; the sign is masked off.
std::int32_t partition_of_key(std::string_view key, std::int32_t partitions) {
  constexpr std::uint32_t multiplier = 0x5bd1e995U;
  constexpr std::uint32_t seed = 0x9747b28cU;
  std::uint32_t hash = seed ^ static_cast<std::uint32_t>(key.size());
  const char* at = key.data();
  std::size_t left = key.size();
  for (; left >= 4; at += 4, left -= 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, at, 4);  // little-endian, as the whole engine
    word *= multiplier;
    word ^= word >> 24;
    word *= multiplier;
    hash = hash * multiplier ^ word;
  }
  for (std::size_t byte = left; byte > 0; --byte)
    hash ^= static_cast<std::uint32_t>(static_cast<std::uint8_t>(at[byte - 1])) << (8 * (byte - 1));
  if (left > 0) hash *= multiplier;
  hash ^= hash >> 13;
  hash *= multiplier;
  hash ^= hash >> 15;
  return static_cast<std::int32_t>(hash & 0x7fffffffU) % partitions;
}

}  // namespace weir::wire
