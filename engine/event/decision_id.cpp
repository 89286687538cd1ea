#include "engine/event/decision_id.h"

#include <cstring>
#include <string>
#include <xxhash.h>

#include "engine/base/json_text.h"

namespace weir {
namespace {

Id128 hash(const void* bytes, std::size_t size) {
  const XXH128_hash_t value = XXH3_128bits(bytes, size);
  return {value.high64, value.low64};
}

}  // namespace

Id128 shard_id(const ShardName& name) {
  // Lengths in front keep ("ab", "c") apart from ("a", "bc").
  std::string text;
  for (const std::string& part : {name.source, name.topic, std::to_string(name.partition)}) {
    text += std::to_string(part.size());
    text += ':';
    text += part;
  }
  return hash(text.data(), text.size());
}

Id128 output_id(const Id128& shard, std::int64_t offset, std::string_view output) {
  if (output.empty()) {
    char bytes[24];
    std::memcpy(bytes, &shard.high, 8);
    std::memcpy(bytes + 8, &shard.low, 8);
    std::memcpy(bytes + 16, &offset, 8);
    return hash(bytes, sizeof bytes);
  }
  std::string bytes(24, '\0');
  std::memcpy(bytes.data(), &shard.high, 8);
  std::memcpy(bytes.data() + 8, &shard.low, 8);
  std::memcpy(bytes.data() + 16, &offset, 8);
  bytes.append(output);
  return hash(bytes.data(), bytes.size());
}

void append_id(ByteBuffer& out, const Id128& id) {
  append_hex(out, id.high);
  append_hex(out, id.low);
}

}  // namespace weir
