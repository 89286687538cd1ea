// The direct half of KafkaSink: lanes that send by themselves.
#include <algorithm>
#include <utility>

#include "connectors/kafka/kafka_sink.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds watch_turn{100};  // a look-up of leaders that failed is repeated as often

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

bool KafkaSink::sends_itself() const {
  return goes_direct(settings_.data_path, settings_.security.value_or(KafkaSecuritySettings{}), settings_.librdkafka);
}

// Without an answer about leaders the lanes go over librdkafka, which waits for one.
void KafkaSink::open_senders() {
  Result<std::shared_ptr<const wire::ConnectionSecurity>> security = open_connection_security(connection().security);
  if (!security) {
    if (notice_) notice_("Sink `" + name_ + "` writes through librdkafka: " + security.error().text);
    return;
  }
  security_ = security.take();
  const Result<PartitionLeaders> found = partition_leaders(client_.get(), topic_.get(), leader_attempts_++, leader_timeout, security_);
  if (!found || found.value().partitions.count(settings_.topic) == 0) {
    for (const auto& lane : lanes_) lane->hand_overs.add(1);
    return;
  }
  watcher_ = std::make_unique<SocketWatcher>(
      [this](std::uint32_t lane) {
        if (wake_ != nullptr) wake_(wake_context_, lane);
      },
      [this] { look_up_leaders(); }, watch_turn);
  for (LaneIndex index = 0; index < lanes_.size(); ++index) {
    Lane& lane = *lanes_[index];
    lane.number = index;
    lane.watcher = watcher_.get();
    lane.sender = std::make_unique<wire::Sender>(
        settings_.topic,
        [](void* context, int socket) {
          const Lane& watched = *static_cast<const Lane*>(context);
          watched.watcher->watch(socket, watched.number);
        },
        &lane);
    set_leaders(lane, found.value());
  }
}

void KafkaSink::set_leaders(Lane& lane, const PartitionLeaders& found) {
  const auto partitions = found.partitions.find(settings_.topic);
  if (partitions == found.partitions.end()) return;
  std::vector<wire::Sender::Leader> leaders;
  for (const auto& [partition, address] : found.leaders)
    if (partition.first == settings_.topic) leaders.push_back({partition.second, address});
  lane.sender->set_leaders(partitions->second, leaders);
}

std::uint32_t KafkaSink::send(LaneIndex index, OutputBatch& batch, std::uint32_t first) {
  Lane& lane = *lanes_[index];
  const auto total = static_cast<std::uint32_t>(batch.outputs.size());
  if (lane.free.empty() || first >= total) return 0;
  const std::uint32_t slot = lane.free.back();
  lane.free.pop_back();
  Flight& flight = lane.flights[slot];
  flight.batch = &batch;
  flight.first = first;
  flight.count = total - first;
  flight.sequence = lane.sequence++;
  flight.remaining.store(total - first, std::memory_order_relaxed);
  lane.taken.add(total - first);

  const std::int64_t now = now_ms();
  for (std::uint32_t at = first; at < total; ++at) {
    const Output& output = batch.outputs[at];
    lane.headers.clear();
    for (std::uint32_t header = output.header_first; header < output.header_first + output.header_count; ++header)
      lane.headers.push_back({batch.view(batch.headers[header].name), batch.view(batch.headers[header].value), batch.headers[header].null});
    wire::RecordToWrite record;
    record.has_key = output.has_key;
    record.has_value = output.has_value;
    if (output.has_key) record.key = batch.view(output.key);
    if (output.has_value) record.value = batch.view(output.value);
    record.timestamp_ms = output.timestamp_ms < 0 ? now : output.timestamp_ms;
    record.headers = lane.headers;
    lane.sender->add(record, delivery_id(index, slot, at));
  }
  pump(index);
  return total - first;
}

void KafkaSink::pump(LaneIndex index) {
  Lane& lane = *lanes_[index];
  if (lane.has_leaders.load(std::memory_order_acquire)) {
    const std::lock_guard lock(leaders_mutex_);
    lane.has_leaders.store(false, std::memory_order_relaxed);
    set_leaders(lane, lane.leaders);
  }
  lane.durable.clear();
  lane.sender->pump(lane.durable);
  if (!lane.durable.empty()) {
    for (std::size_t at = 0; at < lane.durable.size();) {
      std::size_t end = at + 1;
      while (end < lane.durable.size() && flight_of(lane.durable[end]) == flight_of(lane.durable[at])) ++end;
      const std::uint32_t slot = slot_of(lane.durable[at]);
      const auto run = static_cast<std::uint32_t>(end - at);
      if (lane.flights[slot].remaining.fetch_sub(run, std::memory_order_relaxed) == run) lane.done.push_back(slot);
      at = end;
    }
    lane.delivered.add(lane.durable.size());
    sent_directly_.store(true, std::memory_order_release);
  }
  // Sent again alone, over librdkafka, as what its producer is refused.
  for (const wire::Sender::Refused& refused : lane.sender->take_refused())
    note_early_failure(refused.id, static_cast<rd_kafka_resp_err_t>(refused.error));
  if (const std::string trouble = lane.sender->take_trouble(); !trouble.empty())
    show({ErrorKind::retryable, "Sink `" + name_ + "`: topic `" + settings_.topic + "`: " + trouble});
  if (lane.sender->failed()) return give_up_sender(index);
  if (!lane.sender->wants_leaders() || lane.wants_leaders.exchange(true, std::memory_order_acq_rel)) return;
  watcher_->call();
}

// Everything that is open comes back as if the producer had refused it: the gate closes until all of it is sent again, in order.
void KafkaSink::give_up_sender(LaneIndex index) {
  Lane& lane = *lanes_[index];
  show({ErrorKind::retryable, "Sink `" + name_ + "`: topic `" + settings_.topic + "`: lane " + std::to_string(index) +
                                  " sends over librdkafka from now on: " + lane.sender->failure()});
  for (const std::uint64_t id : lane.sender->take_undelivered()) note_early_failure(id, RD_KAFKA_RESP_ERR__PURGE_QUEUE);
  lane.sender.reset();
  lane.hand_overs.add(1);
}

void KafkaSink::look_up_leaders() {
  const auto wants = [](const std::unique_ptr<Lane>& lane) { return lane->wants_leaders.load(std::memory_order_acquire); };
  if (std::none_of(lanes_.begin(), lanes_.end(), wants) || Clock::now() < next_leader_attempt_) return;
  Result<PartitionLeaders> found = [this] {
    const std::lock_guard lock(client_mutex_);
    return partition_leaders(client_.get(), topic_.get(), leader_attempts_++, leader_timeout, security_);
  }();
  next_leader_attempt_ = Clock::now() + leader_pause;
  if (!found) return;
  for (LaneIndex index = 0; index < lanes_.size(); ++index) {
    Lane& lane = *lanes_[index];
    if (!lane.wants_leaders.load(std::memory_order_acquire)) continue;
    {
      const std::lock_guard lock(leaders_mutex_);
      lane.leaders = found.value();
      lane.has_leaders.store(true, std::memory_order_release);
    }
    lane.wants_leaders.store(false, std::memory_order_release);
    if (wake_ != nullptr) wake_(wake_context_, index);
  }
}

}  // namespace weir
