#include "connectors/kafka/shard_offsets.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "connectors/kafka/kafka_errors.h"

namespace weir {
namespace {

// The protocol's own special timestamps, taken by ListOffsets like any other.
constexpr std::int64_t earliest_timestamp = -2;
constexpr std::int64_t latest_timestamp = -1;

// The first offset at or after a timestamp for every partition, in one request a broker.
Result<std::vector<std::int64_t>> look_up(rd_kafka_t* client, const rd_kafka_topic_partition_list_t& partitions,
                                          const std::function<std::int64_t(int)>& timestamp_of, int timeout_ms) {
  const KafkaPartitions query(rd_kafka_topic_partition_list_copy(&partitions));
  for (int at = 0; at < query->cnt; ++at) query->elems[at].offset = timestamp_of(at);
  if (const auto code = rd_kafka_offsets_for_times(client, query.get(), timeout_ms); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return kafka_error("Offsets cannot be looked up", code);
  std::vector<std::int64_t> offsets;
  for (int at = 0; at < query->cnt; ++at) {
    const rd_kafka_topic_partition_t& one = query->elems[at];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return kafka_error(std::string("Offsets of topic `") + one.topic + "` cannot be looked up", one.err);
    offsets.push_back(one.offset);
  }
  return offsets;
}

std::string_view metadata_text(const rd_kafka_topic_partition_t& partition) {
  return {static_cast<const char*>(partition.metadata), partition.metadata_size};
}

std::int64_t replay_timestamp_ms(const CommitMetadata& metadata, const ReplayReach& reach) {
  return std::max<std::int64_t>(0, metadata.timestamp_ms - metadata.lag_ms_max - reach.history.count() - reach.margin.count());
}

bool needs_replay_lookup(const OffsetFacts& facts, const ReplayReach& reach) {
  return facts.committed >= 0 && facts.metadata && facts.metadata->timestamp_ms >= 0 && reach.history.count() > 0;
}

}  // namespace

ShardOffsets choose_shard_offsets(const OffsetFacts& facts, KafkaStart::Kind start, const ReplayReach& reach) {
  ShardOffsets chosen;
  chosen.committed = facts.committed;
  chosen.end = facts.high;
  if (facts.committed < 0) {
    // The configured start, once and explicitly: auto.offset.reset would also act later, silently, on a lost position.
    chosen.live_from = facts.low;
    if (start == KafkaStart::Kind::latest) chosen.live_from = facts.high;
    if (start == KafkaStart::Kind::timestamp) chosen.live_from = facts.start_at >= 0 ? facts.start_at : facts.high;
    chosen.origin = chosen.replay_from = chosen.live_from;
    return chosen;
  }
  chosen.live_from = chosen.replay_from = facts.committed;
  chosen.origin = facts.metadata ? facts.metadata->origin : facts.low;
  if (facts.committed < facts.low || facts.committed > facts.high) {
    chosen.failure = kafka_error("The committed offset " + std::to_string(facts.committed) + " lies outside of what the partition holds, " +
                                     std::to_string(facts.low) + " to " + std::to_string(facts.high),
                                 RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
    return chosen;
  }
  if (reach.history.count() > 0) {
    const bool found = needs_replay_lookup(facts, reach) && facts.replay_at >= 0;
    const bool nothing_yet = facts.metadata && facts.metadata->timestamp_ms < 0;
    const std::int64_t wanted = found ? facts.replay_at : nothing_yet ? chosen.origin : facts.low;
    chosen.replay_from = std::clamp(std::max(wanted, chosen.origin), facts.low, facts.committed);
  }
  return chosen;
}

Result<std::vector<ShardOffsets>> find_shard_offsets(rd_kafka_t* client, const rd_kafka_topic_partition_list_t& partitions,
                                                     const KafkaStart& start, const ReplayReach& reach, std::chrono::milliseconds timeout) {
  const int timeout_ms = static_cast<int>(timeout.count());
  const KafkaPartitions committed(rd_kafka_topic_partition_list_copy(&partitions));
  if (const auto code = rd_kafka_committed(client, committed.get(), timeout_ms); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return kafka_error("Committed offsets cannot be read", code);
  auto low = look_up(
      client, partitions, [](int) { return earliest_timestamp; }, timeout_ms);
  if (!low) return low.error();
  auto high = look_up(
      client, partitions, [](int) { return latest_timestamp; }, timeout_ms);
  if (!high) return high.error();

  std::vector<OffsetFacts> facts(static_cast<std::size_t>(partitions.cnt));
  bool any_start = false;
  bool any_replay = false;
  for (int at = 0; at < partitions.cnt; ++at) {
    const rd_kafka_topic_partition_t& one = committed->elems[at];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error("Committed offsets cannot be read", one.err);
    OffsetFacts& fact = facts[static_cast<std::size_t>(at)];
    fact.low = low.value()[static_cast<std::size_t>(at)];
    fact.high = high.value()[static_cast<std::size_t>(at)];
    fact.committed = one.offset >= 0 ? one.offset : -1;
    fact.metadata = read_commit_metadata(metadata_text(one));
    any_start = any_start || (fact.committed < 0 && start.kind == KafkaStart::Kind::timestamp);
    any_replay = any_replay || needs_replay_lookup(fact, reach);
  }
  if (any_start) {
    auto found = look_up(
        client, partitions, [&start](int) { return start.timestamp_ms; }, timeout_ms);
    if (!found) return found.error();
    for (std::size_t at = 0; at < facts.size(); ++at) facts[at].start_at = found.value()[at];
  }
  if (any_replay) {
    const auto timestamp_of = [&](int at) {
      const OffsetFacts& fact = facts[static_cast<std::size_t>(at)];
      return needs_replay_lookup(fact, reach) ? replay_timestamp_ms(*fact.metadata, reach) : earliest_timestamp;
    };
    auto found = look_up(client, partitions, timestamp_of, timeout_ms);
    if (!found) return found.error();
    for (std::size_t at = 0; at < facts.size(); ++at) facts[at].replay_at = found.value()[at];
  }
  std::vector<ShardOffsets> chosen;
  for (const OffsetFacts& fact : facts) chosen.push_back(choose_shard_offsets(fact, start.kind, reach));
  return chosen;
}

}  // namespace weir
