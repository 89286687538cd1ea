#include "connectors/kafka/kafka_sink.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "connectors/kafka/kafka_topics.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds topic_timeout{15'000};
constexpr std::chrono::milliseconds config_timeout{2'000};  // without an answer, librdkafka's defaults hold
constexpr std::size_t batch_bytes_usual = 1'000'000;        // librdkafka's
constexpr int close_wait_ms = 20;

// librdkafka takes mutable pointers and, without RD_KAFKA_MSG_F_COPY or _FREE, only reads.
void* value_of(const OutputBatch& batch, const Output& output) {
  return output.has_value ? const_cast<char*>(batch.bytes.data() + output.value.begin) : nullptr;
}
std::size_t value_size(const Output& output) {
  return output.has_value ? output.value.size : 0;
}
const void* key_of(const OutputBatch& batch, const Output& output) {
  return output.has_key ? batch.bytes.data() + output.key.begin : nullptr;
}
std::size_t key_size(const Output& output) {
  return output.has_key ? output.key.size : 0;
}

bool is_plain(const Output& output) {
  return output.header_count == 0 && output.timestamp_ms < 0;
}

std::vector<KafkaProperty> producer_properties(const KafkaSinkSettings& settings, std::optional<std::size_t> batch_bytes_max) {
  std::vector<KafkaProperty> properties{
      {"acks", "all"},
      {"enable.idempotence", "true"},
      // Trap: without it, a request that the broker refuses for good leaves a gap, and the producer goes on behind it with what it has
      // queued: later outputs of a key would be durable before those refused. With it the producer stops there, and is replaced.
      {"enable.gapless.guarantee", "true"},
      {"linger.ms", std::to_string(settings.linger.count())},
      {"partitioner", "murmur2_random"},  // as Java clients do: a key finds the same partition whoever sends it
      // For ever. With a limit, what times out during a long outage would be sent again behind what did not.
      {"message.timeout.ms", "0"},
      // The lanes bound what is in flight.
      {"queue.buffering.max.messages", "0"},
      {"queue.buffering.max.kbytes", "2147483647"},
      {"allow.auto.create.topics", "false"},
  };
  // A batch that is too large for the topic is refused whole, and its outputs come one by one, behind those that were taken. So only an
  // output that is too large by itself is ever refused.
  if (batch_bytes_max && *batch_bytes_max > 0 && *batch_bytes_max < batch_bytes_usual)
    properties.push_back({"batch.size", std::to_string(*batch_bytes_max)});
  return properties;
}

}  // namespace

KafkaSink::KafkaSink(std::string name, KafkaSinkSettings settings, std::string address, KafkaNotice notice)
    : name_(std::move(name)),
      settings_(std::move(settings)),
      address_(std::move(address)),
      notice_(std::move(notice)),
      retries_(std::hash<std::string>{}(name_)) {}

KafkaSink::~KafkaSink() {
  if (client_) close(Clock::now());
}

Status KafkaSink::open(LaneIndex lanes, void (*wake)(void*, LaneIndex), void* context) {
  wake_ = wake;
  wake_context_ = context;
  for (LaneIndex lane = 0; lane < lanes; ++lane) {
    lanes_.push_back(std::make_unique<Lane>());
    for (std::uint32_t slot = flights_max; slot > 0; --slot) lanes_.back()->free.push_back(slot - 1);
  }
  {
    const Result<KafkaClient> visitor = visit_cluster(connection(), topic_timeout);
    if (!visitor) return Error{visitor.error().kind, "Sink `" + name_ + "`: " + visitor.error().text};
    // Lanes that send themselves make batches of their own; and who does not answer, as the embedded broker, would hold up the start.
    if (!sends_itself()) batch_bytes_max_ = largest_batch_bytes(visitor.value().get(), settings_.topic, config_timeout);
  }
  if (const Status opened = open_producer(); !opened) return opened;
  Result<std::int32_t> partitions = partition_count(client_.get(), settings_.topic, topic_timeout);
  if (!partitions && settings_.create_topic && partitions.error().kind != ErrorKind::retryable) {
    if (const Status created = create_kafka_topic(client_.get(), settings_.topic, 0, topic_timeout); !created)
      return Error{created.error().kind, "Sink `" + name_ + "`: " + created.error().text};
    partitions = partition_count(client_.get(), settings_.topic, topic_timeout);
  }
  if (!partitions) return Error{partitions.error().kind, "Sink `" + name_ + "`: " + partitions.error().text};
  if (sends_itself()) open_senders();
  if (const auto why = direct_path_obstacle(settings_.data_path, connection().security, settings_.librdkafka); !why.empty() && notice_)
    notice_("Sink `" + name_ + "` is written through librdkafka, which is slower: " + std::string(why));
  return success();
}

KafkaConnection KafkaSink::connection() const {
  return {address_, settings_.security.value_or(KafkaSecuritySettings{}), settings_.librdkafka};
}

Status KafkaSink::open_producer() {
  Result<KafkaClient> client =
      open_kafka_client(KafkaRole::producer, connection(), producer_properties(settings_, batch_bytes_max_),
                        // Reports as events: one call takes a whole response's, where callbacks would be one for each.
                        [](rd_kafka_conf_t* conf) { rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR); });
  if (!client) return client.error();
  events_.reset();
  topic_.reset();
  client_ = client.take();
  // Trap: the topic is looked up by the first produce, which may then stall for a second. Asking here makes its leaders known.
  topic_.reset(rd_kafka_topic_new(client_.get(), settings_.topic.c_str(), nullptr));
  events_.reset(rd_kafka_queue_get_main(client_.get()));
  rd_kafka_queue_cb_event_enable(
      events_.get(),
      [](rd_kafka_t*, void* opaque) {
        const auto& sink = *static_cast<const KafkaSink*>(opaque);
        if (sink.wake_ != nullptr) sink.wake_(sink.wake_context_, sink.last_offerer_.load(std::memory_order_relaxed));
      },
      this);
  return success();
}

std::uint32_t KafkaSink::offer(OutputBatch& batch, std::uint32_t first) {
  Lane& lane = *lanes_[batch.lane];
  // Says "I am in" before looking at the gate; the drainer closes the gate before looking at who is in. So they cannot miss each other.
  lane.offering.store(true, std::memory_order_seq_cst);
  std::uint32_t taken = 0;
  if (!gate_closed_.load(std::memory_order_seq_cst)) taken = lane.sender ? send(batch.lane, batch, first) : produce(lane, batch, first);
  lane.offering.store(false, std::memory_order_release);
  return taken;
}

std::uint32_t KafkaSink::produce(Lane& lane, OutputBatch& batch, std::uint32_t first) {
  const auto total = static_cast<std::uint32_t>(batch.outputs.size());
  if (lane.free.empty() || first >= total) return 0;
  const std::uint32_t slot = lane.free.back();
  Flight& flight = lane.flights[slot];
  flight.batch = &batch;
  flight.first = first;
  flight.sequence = lane.sequence++;
  flight.remaining.store(total - first, std::memory_order_release);
  last_offerer_.store(batch.lane, std::memory_order_relaxed);

  const bool plain = std::all_of(batch.outputs.begin() + first, batch.outputs.end(), is_plain);
  const DeliveryId base = delivery_id(batch.lane, slot, 0);
  const std::uint32_t taken = plain ? produce_plain(lane, batch, first, base) : produce_each(batch, first, base);
  if (taken == 0) return 0;
  lane.free.pop_back();
  flight.count = taken;
  lane.taken.add(taken);
  if (taken < total - first) finish(batch.lane, slot, total - first - taken);
  return taken;
}

std::uint32_t KafkaSink::produce_plain(Lane& lane, const OutputBatch& batch, std::uint32_t first, DeliveryId base) {
  const auto count = static_cast<std::uint32_t>(batch.outputs.size()) - first;
  lane.messages.assign(count, {});
  for (std::uint32_t at = 0; at < count; ++at) {
    const Output& output = batch.outputs[first + at];
    rd_kafka_message_t& message = lane.messages[at];
    message.payload = value_of(batch, output);
    message.len = value_size(output);
    message.key = const_cast<void*>(key_of(batch, output));
    message.key_len = key_size(output);
    message._private = to_opaque(base | (first + at));
  }
  const int accepted = rd_kafka_produce_batch(topic_.get(), RD_KAFKA_PARTITION_UA, 0, lane.messages.data(), static_cast<int>(count));
  if (accepted == static_cast<int>(count)) return count;
  // What the full queue refused at the end is offered again; anything else that was refused is ours to repeat.
  std::uint32_t taken = count;
  while (taken > 0 && lane.messages[taken - 1].err == RD_KAFKA_RESP_ERR__QUEUE_FULL) --taken;
  for (std::uint32_t at = 0; at < taken; ++at)
    if (lane.messages[at].err != RD_KAFKA_RESP_ERR_NO_ERROR) note_early_failure(base | (first + at), lane.messages[at].err);
  return taken;
}

std::uint32_t KafkaSink::produce_each(const OutputBatch& batch, std::uint32_t first, DeliveryId base) {
  const auto total = static_cast<std::uint32_t>(batch.outputs.size());
  for (std::uint32_t index = first; index < total; ++index) {
    const rd_kafka_resp_err_t code = produce_one(batch, index, base | index);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return index - first;
    note_early_failure(base | index, code);
    if (gate_closed_.load(std::memory_order_seq_cst)) return index + 1 - first;  // the next could be accepted, and overtake this one
  }
  return total - first;
}

// Closes the gate itself: until reports are drained, the lane could offer what comes behind. It is opened only while no lane offers.
void KafkaSink::note_early_failure(DeliveryId id, rd_kafka_resp_err_t code) {
  {
    const std::lock_guard lock(early_mutex_);
    early_failures_.push_back({id, code});
    early_failure_.store(true, std::memory_order_release);
  }
  if (kafka_delivery_failure(code) != DeliveryFailure::rejection) gate_closed_.store(true, std::memory_order_seq_cst);
}

rd_kafka_resp_err_t KafkaSink::produce_one(const OutputBatch& batch, std::uint32_t index, DeliveryId id) {
  const Output& output = batch.outputs[index];
  KafkaHeaders headers;
  if (output.header_count > 0) {
    headers.reset(rd_kafka_headers_new(output.header_count));
    for (std::uint32_t at = output.header_first; at < output.header_first + output.header_count; ++at) {
      const OutputHeader& header = batch.headers[at];
      const std::string_view name = batch.view(header.name);
      const std::string_view value = batch.view(header.value);
      rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()), header.null ? nullptr : value.data(),
                          header.null ? 0 : static_cast<ssize_t>(value.size()));
    }
  }
  std::size_t used = 0;
  std::array<rd_kafka_vu_t, 7> fields{};
  fields[used].vtype = RD_KAFKA_VTYPE_RKT;
  fields[used++].u.rkt = topic_.get();
  fields[used].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[used++].u.mem = {value_of(batch, output), value_size(output)};
  fields[used].vtype = RD_KAFKA_VTYPE_KEY;
  fields[used++].u.mem = {const_cast<void*>(key_of(batch, output)), key_size(output)};
  fields[used].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[used++].u.ptr = to_opaque(id);
  fields[used].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[used++].u.i = 0;
  fields[used].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  fields[used++].u.i64 = std::max<std::int64_t>(output.timestamp_ms, 0);  // 0: now
  if (headers) {
    fields[used].vtype = RD_KAFKA_VTYPE_HEADERS;
    fields[used++].u.headers = headers.get();
  }
  const KafkaErrorObject refused(rd_kafka_produceva(client_.get(), fields.data(), used));
  if (refused) return rd_kafka_error_code(refused.get());
  static_cast<void>(headers.release());  // the message's now
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// `outputs` of the flight need no delivery any more. The last of them completes it.
void KafkaSink::finish(LaneIndex lane, std::uint32_t slot, std::uint32_t outputs) {
  Lane& owner = *lanes_[lane];
  if (owner.flights[slot].remaining.fetch_sub(outputs, std::memory_order_acq_rel) != outputs) return;
  {
    const std::lock_guard lock(owner.completed_mutex);
    owner.completed.push_back(slot);
  }
  owner.any_completed.store(true, std::memory_order_release);
  if (wake_ != nullptr && lane != draining_lane_.load(std::memory_order_relaxed)) wake_(wake_context_, lane);
}

void KafkaSink::collect(LaneIndex lane, std::vector<Acknowledgement>& into) {
  if (lanes_[lane]->sender) pump(lane);
  while (!draining_.test_and_set(std::memory_order_acquire)) {
    draining_lane_.store(lane, std::memory_order_relaxed);  // collects right afterwards, needs no waking
    drain();
    draining_lane_.store(no_lane, std::memory_order_relaxed);
    draining_.clear(std::memory_order_release);
    // A lane woken for a report may have come by while this one was draining; then nobody else looks.
    if (rd_kafka_queue_length(events_.get()) == 0) break;
  }
  Lane& own = *lanes_[lane];
  own.collected.swap(own.done);
  acknowledge(own, into);
  if (!own.any_completed.exchange(false, std::memory_order_acq_rel)) return;
  {
    const std::lock_guard lock(own.completed_mutex);
    own.collected.swap(own.completed);
  }
  acknowledge(own, into);
}

void KafkaSink::acknowledge(Lane& lane, std::vector<Acknowledgement>& into) {
  for (const std::uint32_t slot : lane.collected) {
    const Flight& flight = lane.flights[slot];
    into.push_back({flight.batch, flight.first, flight.count});
    lane.free.push_back(slot);
  }
  lane.collected.clear();
}

SinkState KafkaSink::state() const {
  SinkState state;
  state.delivered = delivered_.get();
  state.retries = retried_.get();
  std::uint64_t taken = 0;
  for (const auto& lane : lanes_) {
    taken += lane->taken.get();
    state.delivered += lane->delivered.get();
    state.hand_overs += lane->hand_overs.get();
  }
  state.queued = taken > state.delivered ? taken - state.delivered : 0;
  // A broker that went away while nothing was to be sent (idle connections are closed) is no ill.
  state.healthy = healthy_.load(std::memory_order_acquire) || state.queued == 0;
  if (!state.healthy) {
    const std::lock_guard lock(error_mutex_);
    state.last_error = last_error_;
  }
  return state;
}

void KafkaSink::close(Clock::time_point deadline) {
  if (!client_) return;
  const auto outstanding = [this] { return state().queued > 0; };
  while (outstanding() && Clock::now() < deadline) {
    for (LaneIndex lane = 0; lane < lanes_.size(); ++lane)
      if (lanes_[lane]->sender) pump(lane);
    drain();
    if (const KafkaEvent event(rd_kafka_queue_poll(events_.get(), close_wait_ms)); event) take_event(event.get());
  }
  watcher_.reset();
  rd_kafka_queue_cb_event_enable(events_.get(), nullptr, nullptr);
  if (outstanding()) rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  events_.reset();
  topic_.reset();
  client_.reset();
}

}  // namespace weir
