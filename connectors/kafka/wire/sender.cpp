#include "connectors/kafka/wire/sender.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "connectors/kafka/wire/request_frame.h"

namespace weir::wire {

// A broker that leads partitions of the topic.
struct Sender::Link {
  enum class Step { ask_versions, ask_identity, produce };

  explicit Link(const BrokerAddress& address) : connection(address) {}

  BrokerConnection connection;
  Step step = Step::ask_versions;
  std::int32_t correlation = 0;
  Clock::time_point not_before;
  std::vector<std::int32_t> asked;  // partitions in the request on the way
};

namespace {

std::int32_t sequence_after(std::int32_t sequence, std::size_t records) {
  const std::uint64_t sum = static_cast<std::uint64_t>(sequence) + records;
  return static_cast<std::int32_t>(sum & std::numeric_limits<std::int32_t>::max());
}

bool passes(ErrorCode error) {
  return leader_may_have_moved(error) || error == ErrorCode::not_enough_replicas || error == ErrorCode::not_enough_replicas_after_append;
}

}  // namespace

Sender::Sender(std::string topic, void (*watch)(void*, int), void* context)
    : topic_(std::move(topic)), watch_(watch), watch_context_(context) {}
Sender::~Sender() = default;

void Sender::set_leaders(std::int32_t partitions, const std::vector<Leader>& leaders) {
  if (static_cast<std::size_t>(partitions) > partitions_.size()) partitions_.resize(static_cast<std::size_t>(partitions));
  for (const Leader& leader : leaders) {
    if (leader.partition < 0 || static_cast<std::size_t>(leader.partition) >= partitions_.size()) continue;
    Partition& partition = partitions_[static_cast<std::size_t>(leader.partition)];
    const auto known = std::find_if(links_.begin(), links_.end(), [&](const auto& link) {
      return link->connection.address().name == leader.address.name && !link->connection.failed();
    });
    if (known != links_.end()) {
      if (partition.link == known->get()) continue;
      if (partition.on_the_way) continue;  // its fate is open: the answer, or the connection's end, comes first
      partition.link = known->get();
      continue;
    }
    if (partition.on_the_way) continue;
    links_.push_back(std::make_unique<Link>(leader.address));
    if (!links_.back()->connection.failed()) watch_(watch_context_, links_.back()->connection.socket());
    partition.link = links_.back().get();
  }
  wants_leaders_ = std::any_of(partitions_.begin(), partitions_.end(), [](const Partition& one) { return one.link == nullptr; });
}

Sender::Batch& Sender::open_batch(Partition& partition) {
  if (!partition.batches.empty()) {
    Batch& last = *partition.batches.back();
    if (!last.sealed && last.writer.bytes() < batch_bytes_max_) return last;
  }
  partition.batches.push_back(new_batch());
  return *partition.batches.back();
}

std::unique_ptr<Sender::Batch> Sender::new_batch() {
  if (spare_.empty()) return std::make_unique<Batch>();
  std::unique_ptr<Batch> batch = std::move(spare_.back());
  spare_.pop_back();
  return batch;
}

void Sender::keep_spare(std::unique_ptr<Batch> batch) {
  batch->ids.clear();
  batch->writer.clear();
  batch->sealed = false;
  batch->attempts = 0;
  spare_.push_back(std::move(batch));
}

void Sender::add(const RecordToWrite& record, std::uint64_t id) {
  const auto count = static_cast<std::int32_t>(partitions_.size());
  const std::int32_t partition =
      record.has_key ? partition_of_key(record.key, count) : static_cast<std::int32_t>(keyless_++ % static_cast<std::uint32_t>(count));
  Batch& batch = open_batch(partitions_[static_cast<std::size_t>(partition)]);
  batch.writer.append(record);
  batch.ids.push_back(id);
  ++pending_;
}

void Sender::pump(std::vector<std::uint64_t>& delivered) {
  if (failed()) return;
  const Clock::time_point now = Clock::now();
  for (const auto& one : links_) {
    Link& link = *one;
    if (link.connection.failed()) {
      lose_failed(link);
      continue;
    }
    if (link.connection.progress(memory_)) {
      refusals_ = 0;
      take_answer(link, delivered);
      link.connection.release_answer();
      if (failed()) return;
    }
    if (link.connection.failed()) {
      lose_failed(link);
    } else if (link.connection.awaits_answer()) {
      if (now - link.connection.sent_at() > answer_timeout) lose(link, "no answer for a long time");
    } else if (link.not_before <= now) {
      const bool idle = pending_ > 0 && link.step == Link::Step::produce && now - link.connection.sent_at() > idle_pause;
      if (idle && !link.connection.is_open()) {
        lose(link, {});  // nothing was on the way: no trouble
      } else {
        request(link, now);
      }
    }
  }
  std::erase_if(links_, [this](const auto& link) {
    return std::none_of(partitions_.begin(), partitions_.end(), [&](const Partition& one) { return one.link == link.get(); });
  });
}

void Sender::lose(Link& link, std::string what) {
  for (Partition& partition : partitions_) {
    if (partition.link != &link) continue;
    partition.link = nullptr;
    partition.on_the_way = false;  // sent again with the same sequence number
    wants_leaders_ = true;
  }
  if (!what.empty()) trouble_ = link.connection.address().name + ": " + std::move(what);
}

// Who is not let in here again and again may be so through librdkafka, which says more about it.
void Sender::lose_failed(Link& link) {
  lose(link, link.connection.failure());
  if (link.connection.refused() && ++refusals_ >= refusals_max) fail(link.connection.address().name + ": " + link.connection.failure());
}

void Sender::fail(std::string why) {
  failure_ = std::move(why);
}

std::string Sender::take_trouble() {
  return std::exchange(trouble_, {});
}

void Sender::request(Link& link, Clock::time_point now) {
  if (link.step == Link::Step::ask_versions) {
    write_api_versions(frame_, ++link.correlation);
    return link.connection.send(frame_);
  }
  if (identity_.id < 0) {
    link.step = Link::Step::ask_identity;
    write_init_producer_id(frame_, ++link.correlation);
    return link.connection.send(frame_);
  }
  link.step = Link::Step::produce;
  if (pending_ == 0) return;
  produced_.clear();
  link.asked.clear();
  std::size_t bytes = 0;
  for (std::size_t number = 0; number < partitions_.size(); ++number) {
    Partition& partition = partitions_[number];
    if (partition.link != &link || partition.batches.empty() || partition.on_the_way || partition.not_before > now) continue;
    if (bytes > request_bytes_max) break;
    Batch& batch = *partition.batches.front();
    if (!batch.sealed) {
      batch.writer.seal(identity_, partition.next_sequence);
      batch.sealed = true;
      batch.producer_id = identity_.id;
      batch.first_sequence = partition.next_sequence;
      partition.next_sequence = sequence_after(partition.next_sequence, batch.writer.records());
    }
    ++batch.attempts;
    bytes += batch.writer.bytes();
    partition.on_the_way = true;
    link.asked.push_back(static_cast<std::int32_t>(number));
    produced_.push_back({static_cast<std::int32_t>(number), batch.writer.view()});
  }
  if (produced_.empty()) return;
  write_produce(frame_, pieces_, ++link.correlation, topic_, produce_timeout, produced_);
  link.connection.send(frame_, pieces_);
}

void Sender::take_answer(Link& link, std::vector<std::uint64_t>& delivered) {
  const std::string_view bytes = link.connection.answer();
  switch (link.step) {
    case Link::Step::ask_versions:
      if (!read_api_versions(bytes, produce_api, produce_version) ||
          !read_api_versions(bytes, init_producer_id_api, init_producer_id_version))
        return fail("the broker does not know Produce " + std::to_string(produce_version));
      link.step = Link::Step::produce;
      return;
    case Link::Step::ask_identity: {
      InitProducerIdAnswer answer;
      if (!read_init_producer_id(bytes, answer)) return fail("the broker's answer is not understood");
      link.step = Link::Step::produce;
      if (answer.error == ErrorCode::none) {
        if (identity_.id < 0) identity_ = answer.identity;
      } else if (answer.error == ErrorCode::coordinator_load_in_progress || answer.error == ErrorCode::coordinator_not_available ||
                 answer.error == ErrorCode::concurrent_transactions || passes(answer.error)) {
        link.not_before = Clock::now() + retry_pause;
      } else {
        fail("the broker gives no producer id: " + error_text(answer.error));
      }
      return;
    }
    case Link::Step::produce:
      if (!read_produce(bytes, answer_) || answer_.correlation != link.correlation) return fail("the broker's answer is not understood");
      for (const ProduceAnswer::Partition& one : answer_.partitions) take_partition(link, one, delivered);
      if (answer_.throttle.count() > 0) link.not_before = Clock::now() + answer_.throttle;
      // What the answer left out is sent again.
      for (const std::int32_t number : link.asked) {
        Partition& partition = partitions_[static_cast<std::size_t>(number)];
        if (partition.link == &link) partition.on_the_way = false;
      }
      return;
  }
}

void Sender::take_partition(Link& link, const ProduceAnswer::Partition& one, std::vector<std::uint64_t>& delivered) {
  if (one.partition < 0 || static_cast<std::size_t>(one.partition) >= partitions_.size()) return;
  Partition& partition = partitions_[static_cast<std::size_t>(one.partition)];
  if (partition.link != &link || !partition.on_the_way) return;
  partition.on_the_way = false;
  if (one.error == ErrorCode::none || one.error == ErrorCode::duplicate_sequence_number) {
    std::unique_ptr<Batch> done = std::move(partition.batches.front());
    partition.batches.pop_front();
    delivered.insert(delivered.end(), done->ids.begin(), done->ids.end());
    pending_ -= done->ids.size();
    keep_spare(std::move(done));
    return;
  }
  if (one.error == ErrorCode::message_too_large || one.error == ErrorCode::record_list_too_large)
    return take_too_large(partition, one.error);
  const std::string error = error_text(one.error) + " for partition " + std::to_string(one.partition);
  if (!passes(one.error)) return fail("the broker answers with " + error);
  trouble_ = link.connection.address().name + ": " + error;
  partition.not_before = Clock::now() + retry_pause;
  if (!leader_may_have_moved(one.error)) return;
  partition.link = nullptr;
  wants_leaders_ = true;
}

// The broker takes nothing of the batch at the front. No batch behind it has sequence numbers yet. Its own are given again, unless it was
// sent before and may have arrived then: what has the same numbers would be taken for a copy of it, so that needs another identity.
void Sender::take_too_large(Partition& partition, ErrorCode error) {
  std::unique_ptr<Batch> refused = std::move(partition.batches.front());
  partition.batches.pop_front();
  if (refused->producer_id == identity_.id) {
    if (refused->attempts == 1)
      partition.next_sequence = refused->first_sequence;
    else
      forget_identity();
  }
  const std::size_t records = refused->ids.size();
  if (records == 1) {
    refused_.push_back({refused->ids.front(), error});
    --pending_;
    return keep_spare(std::move(refused));
  }
  batch_bytes_max_ = std::max(std::min(batch_bytes_max_, refused->writer.bytes() / 2), batch_bytes_least);
  const std::size_t half = records / 2;
  for (const auto& [first, count] : {std::pair{half, records - half}, std::pair{std::size_t{0}, half}}) {
    std::unique_ptr<Batch> part = new_batch();
    part->writer.append_from(refused->writer, first, count);
    const auto ids = refused->ids.begin() + static_cast<std::ptrdiff_t>(first);
    part->ids.assign(ids, ids + static_cast<std::ptrdiff_t>(count));
    partition.batches.push_front(std::move(part));
  }
  keep_spare(std::move(refused));
}

// Batches that have numbers keep them, with the identity of before; all others begin anew.
void Sender::forget_identity() {
  identity_ = {};
  for (Partition& partition : partitions_) partition.next_sequence = 0;
}

std::vector<Sender::Refused> Sender::take_refused() {
  return std::exchange(refused_, {});
}

std::vector<std::uint64_t> Sender::take_undelivered() {
  std::vector<std::uint64_t> ids;
  for (Partition& partition : partitions_) {
    for (const auto& batch : partition.batches) ids.insert(ids.end(), batch->ids.begin(), batch->ids.end());
    partition.batches.clear();
  }
  links_.clear();
  pending_ = 0;
  return ids;
}

}  // namespace weir::wire
