// Records: bytes as received, with their position. Plain views over memory that the source owns until the batch is released.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

using LaneIndex = std::uint32_t;
// Dense number of a shard within the service, given out once for each (source, topic, partition).
using ShardIndex = std::uint32_t;
// Grows with every assignment of a shard; what carries an older epoch is stale and ignored.
using AssignmentEpoch = std::uint64_t;

struct ShardName {
  std::string source;  // the name under `sources:`
  std::string topic;   // Kafka topic, file path, or generator name
  std::int32_t partition = 0;
};

struct HeaderView {
  std::string_view name;
  std::string_view value;
  bool null = false;  // a header without a value
};

struct RecordView {
  std::string_view key;
  std::string_view value;  // at least 64 readable bytes follow it (what they hold does not matter)
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;  // the broker's; -1 where there is none
  std::uint32_t header_first = 0;  // into RecordBatch::headers
  std::uint32_t header_count = 0;
  bool has_key = false;
  bool has_value = false;  // false: a tombstone
};

// Records of one shard in offset order. A source fills it, a lane reads it and gives it back with LaneReader::release.
struct RecordBatch {
  ShardIndex shard = 0;
  AssignmentEpoch epoch = 0;
  std::vector<RecordView> records;
  std::vector<HeaderView> headers;
  std::int64_t next_offset = -1;  // known to be where the shard goes on: nothing lies between the last record and it; -1: not known
  bool end_of_shard = false;      // a finite source: nothing follows this batch (which may be empty)
};

}  // namespace weir
