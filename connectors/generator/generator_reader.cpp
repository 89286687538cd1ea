#include "connectors/generator/generator_reader.h"

#include <algorithm>

namespace weir {

RecordBatch* GeneratorReader::poll(std::chrono::microseconds wait) {
  const TimePoint deadline = now_() + wait;
  while (true) {
    const TimePoint now = now_();
    TimePoint next = deadline;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      GeneratorShard& shard = *shards_[(turn_ + i) % shards_.size()];
      if (shard.state.load(std::memory_order_acquire) != GeneratorShard::State::open || shard.paused || shard.ended) continue;
      const TimePoint at = ready(shard);
      if (at <= now) {
        turn_ = (turn_ + i + 1) % shards_.size();
        return fill(shard, now);
      }
      next = std::min(next, at);
    }
    if (now >= deadline || wake_.wait_until(next)) return nullptr;
  }
}

void GeneratorReader::set_paused(ShardIndex number, bool paused) {
  for (GeneratorShard* shard : shards_) {
    if (shard->number == number) shard->paused = paused;
  }
}

// When payment `ordinal` happens on the wall: at once during a replay or without a rate.
GeneratorReader::TimePoint GeneratorReader::due(const GeneratorShard& shard, std::uint64_t ordinal) const {
  if (shard.payments_per_second <= 0 || ordinal < shard.live_from) return shard.opened;
  const double seconds = static_cast<double>(ordinal - shard.live_from) / shard.payments_per_second;
  return shard.opened + std::chrono::duration_cast<TimePoint::duration>(std::chrono::duration<double>(seconds));
}

// When the shard's next batch is to be handed over: it is full, or its first payment has waited for the batch window.
GeneratorReader::TimePoint GeneratorReader::ready(const GeneratorShard& shard) const {
  const std::uint64_t next = shard.generator.position();
  if (next >= shard.end) return shard.opened;  // the empty batch that says so
  const std::uint64_t last = std::min<std::uint64_t>(next + limits_.records_max, shard.end) - 1;
  return std::min(due(shard, last), due(shard, next) + limits_.window);
}

RecordBatch* GeneratorReader::fill(GeneratorShard& shard, TimePoint now) {
  OwnedRecordBatch* batch = pool_.take(shard.number, shard.epoch);
  while (batch->records.size() < limits_.records_max && batch->bytes < limits_.bytes_max && shard.generator.position() < shard.end &&
         due(shard, shard.generator.position()) <= now) {
    const GeneratedPayment payment = shard.generator.next();
    key_.clear();
    value_.clear();
    append_payment_key(key_, payment);
    append_payment_json(value_, shard.generator.model(), payment);
    RecordView record;
    record.key = key_.view();
    record.value = value_.view();
    record.has_key = true;
    record.has_value = true;
    record.offset = static_cast<std::int64_t>(payment.ordinal);
    record.timestamp_ms = payment.created_at_ms;
    batch->append(record);
  }
  shard.ended = shard.generator.position() >= shard.end;
  batch->end_of_shard = shard.ended;
  return batch;
}

}  // namespace weir
