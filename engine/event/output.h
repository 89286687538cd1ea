// Serialised outputs on their way to one sink: a whole batch of them over one buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/byte_buffer.h"
#include "engine/event/record.h"

namespace weir {

enum class OutputKind : std::uint8_t { decision, profile_update, dead_letter };

struct Slice {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
};

struct OutputHeader {
  Slice name;
  Slice value;
  bool null = false;
};

struct Output {
  Slice key;
  Slice value;
  std::uint32_t header_first = 0;  // into OutputBatch::headers
  std::uint32_t header_count = 0;
  bool has_key = false;
  bool has_value = true;
  std::int64_t timestamp_ms = -1;  // dead letters: the record's own; otherwise -1, which lets the sink choose
  std::uint64_t ack_sequence = 0;  // the record's place in its shard's ack ring
};

// Filled by a lane, handed to a sink, and untouched until every output in it was acknowledged: slices stay valid that long, so a sink may
// send without a copy. Owned by the lane, which reuses it afterwards.
struct OutputBatch {
  OutputKind kind = OutputKind::decision;
  LaneIndex lane = 0;
  ShardIndex shard = 0;
  AssignmentEpoch epoch = 0;
  std::uint32_t sink = 0;  // index of the sink in the service
  std::vector<Output> outputs;
  std::vector<OutputHeader> headers;
  ByteBuffer bytes;
  std::uint32_t offered = 0;         // outputs that the sink has taken; lane only
  std::uint32_t unacknowledged = 0;  // lane only

  std::string_view view(Slice slice) const { return bytes.view(slice.begin, slice.size); }
};

}  // namespace weir
