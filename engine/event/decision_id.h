// Deterministic 128-bit ids: a function of where a record stands, never of time, host, attempt or version.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/byte_buffer.h"
#include "engine/event/record.h"

namespace weir {

struct Id128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const Id128&, const Id128&) = default;
};

// XXH3-128 over (source name, topic, partition): the part of an id that is the same for a whole shard.
Id128 shard_id(const ShardName& name);

// XXH3-128 over (shard, offset, output): `output` is empty for the decision itself, and names the rule for what a rule writes.
Id128 output_id(const Id128& shard, std::int64_t offset, std::string_view output = {});

// 32 lower-case hexadecimal digits.
void append_id(ByteBuffer& out, const Id128& id);

}  // namespace weir
