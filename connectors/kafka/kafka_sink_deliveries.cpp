// The other half of KafkaSink: delivery reports, and what is done about those that failed. One thread at a time, under `draining_`.
#include <algorithm>

#include "connectors/kafka/kafka_sink.h"

namespace weir {
namespace {

constexpr std::size_t reports_at_once = 1024;
constexpr std::chrono::milliseconds recreate_pause{100};

}  // namespace

void KafkaSink::drain() {
  while (const KafkaEvent event{rd_kafka_queue_poll(events_.get(), 0)}) take_event(event.get());
  if (early_failure_.load(std::memory_order_acquire)) take_early_failures();
  if (!retries_.empty() || recreate_) retry();
  if (!sent_directly_.load(std::memory_order_relaxed) || !sent_directly_.exchange(false, std::memory_order_acq_rel)) return;
  if (!healthy_.load(std::memory_order_relaxed) && retries_.empty() && !recreate_) show_recovery();
}

void KafkaSink::take_event(rd_kafka_event_t* event) {
  switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_DR:
      take_reports(event);
      return;
    case RD_KAFKA_EVENT_ERROR: {
      const bool fatal = rd_kafka_event_error_is_fatal(event) != 0;
      // Stopped at a gap: the report of what was refused says why.
      const bool gap = fatal && rd_kafka_fatal_error(client_.get(), nullptr, 0) == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE;
      if (!gap) show(kafka_error("Sink `" + name_ + "`", rd_kafka_event_error(event), rd_kafka_event_error_string(event)));
      if (fatal) {
        gate_closed_.store(true, std::memory_order_seq_cst);
        recreate_ = true;
      }
      return;
    }
    default:
      return;
  }
}

// Reports come in the order of one partition's request, so those of one flight stand together: one atomic operation for the run.
void KafkaSink::take_reports(rd_kafka_event_t* event) {
  reports_.resize(reports_at_once);
  std::uint64_t delivered = 0;
  for (;;) {
    const std::size_t count = rd_kafka_event_message_array(event, reports_.data(), reports_.size());
    if (count == 0) break;
    DeliveryId flight = 0;
    std::uint32_t run = 0;
    const auto end_run = [&] {
      if (run > 0) finish(static_cast<LaneIndex>(flight >> 16), static_cast<std::uint32_t>(flight & 0xffff), run);
      run = 0;
    };
    for (std::size_t at = 0; at < count; ++at) {
      const DeliveryId id = from_opaque(reports_[at]->_private);
      if (reports_[at]->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        take_failure(id, reports_[at]->err);
        continue;
      }
      if (flight_of(id) != flight) end_run();
      flight = flight_of(id);
      ++run;
      ++delivered;
      retries_.delivered(id);
    }
    end_run();
  }
  if (delivered == 0) return;
  delivered_.add(delivered);
  if (!healthy_.load(std::memory_order_relaxed) && retries_.empty() && !recreate_) show_recovery();
}

void KafkaSink::take_failure(DeliveryId id, rd_kafka_resp_err_t code) {
  const DeliveryFailure failure = kafka_delivery_failure(code);
  retries_.failed(id, order_of(id), failure, Clock::now());
  recreate_ = recreate_ || failure == DeliveryFailure::recreate;
  // Nothing new may overtake what an outage stopped.
  if (retries_.holds_back() || recreate_) gate_closed_.store(true, std::memory_order_seq_cst);
  const bool purged = code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
  if (!purged) show(kafka_error("Sink `" + name_ + "`: topic `" + settings_.topic + "`", code));
}

void KafkaSink::take_early_failures() {
  const std::lock_guard lock(early_mutex_);
  early_failure_.store(false, std::memory_order_relaxed);
  for (const EarlyFailure& one : early_failures_) take_failure(one.id, one.code);
  early_failures_.clear();
}

// Outputs of one shard come from one lane, so a lane's sequence of flights is the order that keys need.
std::uint64_t KafkaSink::order_of(DeliveryId id) const {
  return (lanes_[lane_of(id)]->flights[slot_of(id)].sequence << 32) | output_of(id);
}

void KafkaSink::retry() {
  if (gate_closed_.load(std::memory_order_relaxed)) {
    if (!settled()) return;
    if (recreate_ && !recreate()) return;
    send_outage_again();
    if (!retries_.holds_back() && !early_failure_.load(std::memory_order_acquire)) gate_closed_.store(false, std::memory_order_seq_cst);
  }
  if (const std::optional<DeliveryId> rejected = retries_.take_rejected(Clock::now())) send_again(*rejected);
}

// True once no lane offers and the producer holds nothing whose fate is open.
bool KafkaSink::settled() {
  const auto offers = [](const std::unique_ptr<Lane>& lane) { return lane->offering.load(std::memory_order_seq_cst); };
  if (std::any_of(lanes_.begin(), lanes_.end(), offers)) return false;
  if (early_failure_.load(std::memory_order_acquire)) take_early_failures();
  if (rd_kafka_outq_len(client_.get()) == 0) return true;
  // Trap: a fatal producer keeps what it has for ever; purged, it comes back as failed.
  if (recreate_) rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  return false;
}

// Trap: the idempotent producer may turn fatal after a disconnect. A new one sends everything unacknowledged again; what had arrived after
// all arrives twice, with the same ids.
bool KafkaSink::recreate() {
  if (Clock::now() < recreate_at_) return false;
  recreate_at_ = Clock::now() + recreate_pause;
  const std::lock_guard lock(client_mutex_);
  rd_kafka_queue_cb_event_enable(events_.get(), nullptr, nullptr);
  if (const Status opened = open_producer(); !opened) {
    show(opened.error());
    return false;
  }
  recreate_ = false;
  return true;
}

// In order: once the producer refuses one for the outage's sake, those behind it are kept untried, for it might accept them.
void KafkaSink::send_outage_again() {
  rd_kafka_resp_err_t stopped = RD_KAFKA_RESP_ERR_NO_ERROR;
  for (const DeliveryId id : retries_.take_outage(Clock::now())) {
    if (stopped != RD_KAFKA_RESP_ERR_NO_ERROR) {
      take_failure(id, stopped);
    } else if (const rd_kafka_resp_err_t code = send_again(id);
               code != RD_KAFKA_RESP_ERR_NO_ERROR && kafka_delivery_failure(code) != DeliveryFailure::rejection) {
      stopped = code;
    }
  }
}

rd_kafka_resp_err_t KafkaSink::send_again(DeliveryId id) {
  retried_.add(1);
  const rd_kafka_resp_err_t code = produce_one(*lanes_[lane_of(id)]->flights[slot_of(id)].batch, output_of(id), id);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) take_failure(id, code);
  return code;
}

void KafkaSink::show(const Error& error) {
  healthy_.store(false, std::memory_order_release);
  const std::lock_guard lock(error_mutex_);
  if (last_error_ == error.text) return;
  last_error_ = error.text;
  if (notice_) notice_(error.text);
}

void KafkaSink::show_recovery() {
  healthy_.store(true, std::memory_order_release);
  const std::lock_guard lock(error_mutex_);
  last_error_.clear();
}

}  // namespace weir
