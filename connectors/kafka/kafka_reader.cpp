#include "connectors/kafka/kafka_reader.h"

#include <algorithm>
#include <utility>

#include "connectors/kafka/kafka_errors.h"

namespace weir {
namespace {

std::string_view bytes_of(const void* at, std::size_t size) {
  return {static_cast<const char*>(at), at == nullptr ? 0 : size};
}

}  // namespace

RecordBatch* KafkaReader::poll(std::chrono::microseconds wait) {
  if (RecordBatch* batch = next_batch()) return batch;
  if (wait <= std::chrono::microseconds::zero()) return nullptr;
  const Clock::time_point deadline = Clock::now() + wait;
  for (;;) {
    Clock::time_point until = std::min({deadline, window_ends_, Clock::now() + sleep_max});
    {
      const std::lock_guard lock(mutex_);
      sockets_.clear();
      if (is_hungry()) {  // otherwise what has come stays where it is, and would end every wait
        fetcher_.add_sockets(sockets_);
        until = std::min(until, fetcher_.next_turn());
      }
    }
    const bool notified = signal_.wait_until(until, sockets_);
    if (!notified) {
      const std::lock_guard lock(mutex_);
      for (const auto& shard : shards_) shard->ready.store(true, std::memory_order_relaxed);
    }
    if (RecordBatch* batch = next_batch()) return batch;
    if (woken_.exchange(false, std::memory_order_acq_rel) || Clock::now() >= deadline) return nullptr;
  }
}

RecordBatch* KafkaReader::next_batch() {
  const std::lock_guard lock(mutex_);
  window_ends_ = Clock::time_point::max();
  if (is_hungry()) fetcher_.pump();
  for (std::size_t step = 0; step < shards_.size(); ++step) {
    const std::size_t at = (turn_ + step) % shards_.size();
    KafkaShard& shard = *shards_[at];
    if (shard.paused || shard.failed) continue;
    if (shard.fetched != nullptr) {
      take_fetched(shard);
    } else if (shard.ready.exchange(false, std::memory_order_acq_rel)) {
      drain(shard);
    }
    if (!complete(shard)) continue;
    turn_ = at + 1;
    return std::exchange(shard.open, nullptr);
  }
  return nullptr;
}

// Whether a shard has run out of what was fetched. Until then the next answer waits in the kernel.
bool KafkaReader::is_hungry() const {
  return std::any_of(shards_.begin(), shards_.end(),
                     [](const auto& shard) { return shard->fetched != nullptr && shard->fetched->is_hungry(); });
}

void KafkaReader::take_fetched(KafkaShard& shard) {
  wire::FetchedShard& fetched = *shard.fetched;
  const std::int64_t before = shard.next_offset;
  while (!fetched.sets.empty()) {
    if (shard.open == nullptr) shard.open = pool_.take(shard.index, shard.epoch);
    OwnedRecordBatch& batch = *shard.open;
    const bool begins = batch.records.empty();
    const wire::RecordSet::Stop stop = fetched.sets.front().read(batch, limits_.records_max, limits_.bytes_max, shard.next_offset);
    if (begins && !batch.records.empty() && limits_.window > std::chrono::microseconds::zero()) shard.opened_at = Clock::now();
    if (stop == wire::RecordSet::Stop::full) return;
    if (stop == wire::RecordSet::Stop::unsupported) fetched.give_up = "its records are compressed";
    if (stop == wire::RecordSet::Stop::corrupt) fetched.give_up = "a record batch is corrupt";
    if (stop != wire::RecordSet::Stop::end) return hand_back(shard);
    fetched.set_bytes -= fetched.sets.front().bytes();
    fetched.sets.pop_front();
  }
  if (!fetched.give_up.empty()) return hand_back(shard);
  const bool hole =
      shard.next_offset > before && (shard.open->records.empty() || shard.open->records.back().offset + 1 < shard.next_offset);
  if (hole && tells_ends_) shard.open->next_offset = shard.next_offset;
}

// Nothing is lost: librdkafka goes on where this path stands.
void KafkaReader::hand_back(KafkaShard& shard) {
  handed_back_.push_back({shard.index, shard.epoch, shard.next_offset, shard.fetched->give_up});
  fetcher_.remove(*shard.fetched);
  shard.fetched.reset();
  shard.ready.store(true, std::memory_order_relaxed);
}

// Whether the open batch is to be handed over now; if not, notes when its window ends.
bool KafkaReader::complete(const KafkaShard& shard) {
  if (shard.open == nullptr) return false;
  if (shard.open->records.empty()) return shard.open->next_offset >= 0;
  if (limits_.window <= std::chrono::microseconds::zero()) return true;
  if (shard.open->records.size() >= limits_.records_max || shard.open->bytes >= limits_.bytes_max) return true;
  const Clock::time_point end = shard.opened_at + limits_.window;
  window_ends_ = std::min(window_ends_, end);
  return Clock::now() >= end;
}

// Trap: rd_kafka_consume_batch_queue waits until the batch is full and, before 2.1.0, may lose records beside a rebalance. The callback
// variant takes what is there under one lock, and rd_kafka_yield puts the rest back.
void KafkaReader::drain(KafkaShard& shard) {
  struct Context {
    KafkaReader* reader;
    KafkaShard* shard;
  } context{this, &shard};
  if (shard.open == nullptr) shard.open = pool_.take(shard.index, shard.epoch);
  rd_kafka_consume_callback_queue(
      shard.queue.get(), 0,
      [](rd_kafka_message_t* message, void* opaque) {
        const Context& to = *static_cast<const Context*>(opaque);
        to.reader->take(*to.shard, *message);
      },
      &context);
}

// The message dies with this call (a held one would pin its whole fetch response), so its bytes are copied: about 45 ns for 350 of them.
void KafkaReader::take(KafkaShard& shard, const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return take_end(shard, message.offset);
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) return take_error(shard, message);
  if (message.offset < shard.next_offset) {
    // Trap: 2.0.x does not notice a truncated log, which shows as offsets that come again.
    stale_records_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  shard.next_offset = message.offset + 1;
  OwnedRecordBatch& batch = *shard.open;
  RecordView record;
  record.key = bytes_of(message.key, message.key_len);
  record.value = bytes_of(message.payload, message.len);
  record.has_key = message.key != nullptr;
  record.has_value = message.payload != nullptr;
  record.offset = message.offset;
  record.timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
  take_headers(batch, message, record);
  if (batch.records.empty() && limits_.window > std::chrono::microseconds::zero()) shard.opened_at = Clock::now();
  batch.append(record);
  if (batch.records.size() >= limits_.records_max || batch.bytes >= limits_.bytes_max) {
    shard.ready.store(true, std::memory_order_relaxed);
    rd_kafka_yield(client_);
  }
}

// The end of what there is. Worth telling only behind offsets that hold no record: transaction markers, or what compaction took.
void KafkaReader::take_end(KafkaShard& shard, std::int64_t offset) {
  if (offset <= shard.next_offset) return;
  shard.next_offset = offset;
  shard.open->next_offset = offset;
}

void KafkaReader::take_headers(OwnedRecordBatch& batch, const rd_kafka_message_t& message, RecordView& record) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  record.header_first = static_cast<std::uint32_t>(batch.headers.size());
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t at = 0; rd_kafka_header_get_all(headers, at, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++at)
    batch.headers.push_back({batch.arena.copy(name), batch.arena.copy(bytes_of(value, size)), value == nullptr});
  record.header_count = static_cast<std::uint32_t>(batch.headers.size()) - record.header_first;
}

// With `auto.offset.reset=error` a fetch out of range arrives here, and the partition stands still from then on.
void KafkaReader::take_error(KafkaShard& shard, const rd_kafka_message_t& message) {
  if (kafka_error_kind(message.err) == ErrorKind::retryable) return;  // librdkafka goes on by itself
  shard.failed = true;
  failures_.push_back({shard.index, kafka_error("Records cannot be fetched", message.err, rd_kafka_message_errstr(&message))});
}

void KafkaReader::release(RecordBatch* batch) {
  const std::lock_guard lock(mutex_);
  pool_.give_back(batch);
}

KafkaShard* KafkaReader::find(ShardIndex shard) {
  const auto found = std::find_if(shards_.begin(), shards_.end(), [shard](const auto& one) { return one->index == shard; });
  return found == shards_.end() ? nullptr : found->get();
}

void KafkaReader::pause(ShardIndex shard) {
  const std::lock_guard lock(mutex_);
  KafkaShard* found = find(shard);
  if (found == nullptr) return;
  found->paused = true;
  if (found->fetched != nullptr) found->fetched->paused = true;
}

void KafkaReader::resume(ShardIndex shard) {
  const std::lock_guard lock(mutex_);
  KafkaShard* found = find(shard);
  if (found == nullptr) return;
  found->paused = false;
  if (found->fetched != nullptr) found->fetched->paused = false;
  found->ready.store(true, std::memory_order_relaxed);
}

void KafkaReader::wake() noexcept {
  woken_.store(true, std::memory_order_release);
  signal_.notify();
}

void KafkaReader::add(std::unique_ptr<KafkaShard> shard) {
  shard->signal = &signal_;
  // Called by librdkafka, with the queue locked, when something arrives in the empty queue.
  rd_kafka_queue_cb_event_enable(
      shard->queue.get(),
      [](rd_kafka_t*, void* opaque) {
        auto& filled = *static_cast<KafkaShard*>(opaque);
        filled.ready.store(true, std::memory_order_release);
        filled.signal->notify();
      },
      shard.get());
  {
    const std::lock_guard lock(mutex_);
    if (shard->fetched != nullptr) fetcher_.add(*shard->fetched);
    shards_.push_back(std::move(shard));
  }
  signal_.notify();
}

std::unique_ptr<KafkaShard> KafkaReader::remove(ShardIndex shard) {
  std::unique_ptr<KafkaShard> removed;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(shards_.begin(), shards_.end(), [shard](const auto& one) { return one->index == shard; });
    if (found == shards_.end()) return nullptr;
    removed = std::move(*found);
    shards_.erase(found);
    if (removed->fetched != nullptr) fetcher_.remove(*removed->fetched);
    if (removed->open != nullptr) pool_.give_back(std::exchange(removed->open, nullptr));  // read again by whoever comes next
  }
  // Takes the queue's lock, so no callback is inside the shard any more when it returns.
  rd_kafka_queue_cb_event_enable(removed->queue.get(), nullptr, nullptr);
  return removed;
}

std::vector<FetchFailure> KafkaReader::take_failures() {
  const std::lock_guard lock(mutex_);
  return std::exchange(failures_, {});
}

std::set<ShardIndex> KafkaReader::leaderless() {
  const std::lock_guard lock(mutex_);
  std::set<ShardIndex> found;
  for (const auto& shard : shards_)
    if (shard->fetched != nullptr && shard->fetched->wants_leader && shard->fetched->give_up.empty()) found.insert(shard->index);
  return found;
}

void KafkaReader::set_leader(ShardIndex shard, const wire::BrokerAddress& leader) {
  {
    const std::lock_guard lock(mutex_);
    KafkaShard* found = find(shard);
    if (found == nullptr || found->fetched == nullptr) return;
    fetcher_.set_leader(*found->fetched, leader);
  }
  signal_.notify();
}

std::vector<HandedBack> KafkaReader::take_handed_back() {
  const std::lock_guard lock(mutex_);
  return std::exchange(handed_back_, {});
}

std::int64_t KafkaReader::visible_end(ShardIndex shard) {
  const std::lock_guard lock(mutex_);
  const KafkaShard* found = find(shard);
  return found == nullptr || found->fetched == nullptr ? -1 : found->fetched->visible_end;
}

}  // namespace weir
