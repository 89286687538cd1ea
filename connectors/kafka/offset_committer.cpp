#include "connectors/kafka/offset_committer.h"

#include <algorithm>

#include "connectors/kafka/kafka_errors.h"

namespace weir {
namespace {

std::chrono::milliseconds time_until(std::chrono::steady_clock::time_point deadline) {
  return std::max(std::chrono::milliseconds::zero(),
                  std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()));
}

// The list owns its metadata and frees it with rd_kafka_mem_free's counterpart, so it has to come from malloc.
void set_metadata(rd_kafka_topic_partition_t& entry, const CommitMetadata& metadata) {
  const std::string text = write_commit_metadata(metadata);
  entry.metadata = rd_kafka_mem_malloc(nullptr, text.size());
  std::copy(text.begin(), text.end(), static_cast<char*>(entry.metadata));
  entry.metadata_size = text.size();
}

}  // namespace

OffsetCommitter::OffsetCommitter(rd_kafka_t* client) : client_(client), answers_(rd_kafka_queue_new(client)) {}

void OffsetCommitter::begin(const std::string& topic, std::int32_t partition, std::int64_t committed) {
  committed_[{topic, partition}] = committed;
}

void OffsetCommitter::clear() {
  committed_.clear();
  ++generation_;
}

void OffsetCommitter::send(const std::vector<OffsetCommit>& commits) {
  const KafkaPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(commits.size())));
  for (const OffsetCommit& commit : commits) {
    const auto known = committed_.find({commit.topic, commit.partition});
    // Trap: nothing in Kafka keeps a commit from going backwards.
    if (known == committed_.end() || commit.next_offset <= known->second) continue;
    rd_kafka_topic_partition_t* entry = rd_kafka_topic_partition_list_add(list.get(), commit.topic.c_str(), commit.partition);
    entry->offset = commit.next_offset;
    set_metadata(*entry, commit.metadata);
  }
  if (list->cnt == 0) return;
  if (rd_kafka_commit_queue(client_, list.get(), answers_.get(), nullptr, nullptr) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  busy_ = true;
  sent_generation_ = generation_;
}

Status OffsetCommitter::serve() {
  return busy_ ? take_answer(std::chrono::milliseconds::zero()) : success();
}

Status OffsetCommitter::take_answer(std::chrono::milliseconds wait) {
  const KafkaEvent event(rd_kafka_queue_poll(answers_.get(), static_cast<int>(wait.count())));
  if (!event) return success();
  busy_ = false;
  if (sent_generation_ != generation_) return success();
  const rd_kafka_resp_err_t code = rd_kafka_event_error(event.get());
  const rd_kafka_topic_partition_list_t* list = rd_kafka_event_topic_partition_list(event.get());
  for (int at = 0; list != nullptr && at < list->cnt; ++at) {
    const rd_kafka_topic_partition_t& one = list->elems[at];
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR || one.err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    if (const auto known = committed_.find({one.topic, one.partition}); known != committed_.end())
      known->second = std::max(known->second, one.offset);
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error("Offsets cannot be committed", code);
  return success();
}

Status OffsetCommitter::commit_now(const std::vector<OffsetCommit>& commits, std::chrono::steady_clock::time_point deadline) {
  if (busy_) static_cast<void>(take_answer(time_until(deadline)));
  if (busy_) return kafka_error("Offsets cannot be committed in time", RD_KAFKA_RESP_ERR__TIMED_OUT);
  send(commits);
  if (!busy_) return success();
  const Status answer = take_answer(time_until(deadline));
  if (busy_) return kafka_error("Offsets cannot be committed in time", RD_KAFKA_RESP_ERR__TIMED_OUT);
  return answer;
}

}  // namespace weir
