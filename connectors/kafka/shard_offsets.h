// Where each newly assigned partition begins: the committed offset, or the configured start, and how far back mute replay goes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "connectors/kafka/commit_metadata.h"
#include "connectors/kafka/kafka_handles.h"
#include "connectors/kafka/kafka_settings.h"
#include "engine/base/result.h"

namespace weir {

struct ShardOffsets {
  std::int64_t committed = -1;  // -1: the group has no position here yet
  std::int64_t live_from = 0;
  std::int64_t replay_from = 0;
  std::int64_t end = 0;          // where the partition ends now
  std::int64_t origin = 0;       // CommitMetadata::origin, to be committed again
  std::optional<Error> failure;  // the committed position does not exist (any more): the shard cannot go on
};

struct ReplayReach {
  std::chrono::milliseconds history{0};  // what the windows reach back, in event time; 0: no history is needed
  std::chrono::milliseconds margin{0};
};

// Answers for `partitions` in their order. Asks the broker; an error means that nothing was found out and the question may be repeated.
Result<std::vector<ShardOffsets>> find_shard_offsets(rd_kafka_t* client, const rd_kafka_topic_partition_list_t& partitions,
                                                     const KafkaStart& start, const ReplayReach& reach, std::chrono::milliseconds timeout);

// The pure half: `low` and `high` are the partition's watermarks, `replay_at` the first offset at or after the timestamp of
// `replay_timestamp_ms` (negative: the broker could not say), `start_at` likewise for KafkaStart::Kind::timestamp.
struct OffsetFacts {
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::int64_t committed = -1;
  std::optional<CommitMetadata> metadata;
  std::int64_t start_at = -1;
  std::int64_t replay_at = -1;
};
ShardOffsets choose_shard_offsets(const OffsetFacts& facts, KafkaStart::Kind start, const ReplayReach& reach);

}  // namespace weir
