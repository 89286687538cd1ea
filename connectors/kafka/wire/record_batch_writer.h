// Builds one record batch (magic 2, not compressed) as a producer sends it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "connectors/kafka/wire/produce_messages.h"
#include "engine/base/byte_buffer.h"

namespace weir::wire {

struct RecordHeader {
  std::string_view name;
  std::string_view value;
  bool null = false;
};

struct RecordToWrite {
  std::string_view key;
  std::string_view value;
  bool has_key = false;
  bool has_value = false;
  std::int64_t timestamp_ms = 0;
  std::span<const RecordHeader> headers;
};

class RecordBatchWriter {
 public:
  RecordBatchWriter() { clear(); }
  void clear();

  void append(const RecordToWrite& record);
  // Records [first, first + count) of `other`, as they are.
  void append_from(const RecordBatchWriter& other, std::size_t first, std::size_t count);
  std::size_t records() const { return records_; }
  std::size_t bytes() const { return bytes_.size(); }

  // Writes the header; nothing is appended any more until `clear`. Again with another identity or sequence if need be.
  void seal(const ProducerIdentity& producer, std::int32_t first_sequence);
  std::string_view view() const { return bytes_.view(); }

 private:
  // Room for one record whose part behind the deltas has `rest_bytes`; writes what comes before and answers where that part goes.
  char* begin_record(std::int64_t timestamp_ms, std::size_t rest_bytes);

  ByteBuffer bytes_;
  std::size_t records_ = 0;
  std::int64_t first_timestamp_ms_ = 0;
  std::int64_t max_timestamp_ms_ = 0;
};

// Which of `partitions` a key belongs to, as Java's clients have it.
std::int32_t partition_of_key(std::string_view key, std::int32_t partitions);

}  // namespace weir::wire
