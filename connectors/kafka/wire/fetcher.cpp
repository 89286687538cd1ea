#include "connectors/kafka/wire/fetcher.h"

#include <algorithm>
#include <utility>

#include "connectors/kafka/wire/request_frame.h"

namespace weir::wire {

// A broker that leads shards of this lane.
struct Broker {
  explicit Broker(const BrokerAddress& address) : connection(address) {}

  // What the request on the way asks for. A shard that was removed or moved meanwhile is set to null.
  struct Asked {
    FetchedShard* shard = nullptr;
    std::int64_t offset = 0;
  };

  BrokerConnection connection;
  bool knows_versions = false;
  std::int32_t correlation = 0;
  std::chrono::steady_clock::time_point not_before;
  std::vector<Asked> asked;
};

Fetcher::Fetcher(const FetchLimits& limits) : limits_(limits) {}
Fetcher::~Fetcher() = default;

void Fetcher::add(FetchedShard& shard) {
  shards_.push_back(&shard);
}

void Fetcher::remove(FetchedShard& shard) {
  std::erase(shards_, &shard);
  for (const auto& broker : brokers_)
    for (Broker::Asked& asked : broker->asked)
      if (asked.shard == &shard) asked.shard = nullptr;
  shard.sets.clear();
  shard.set_bytes = 0;
  shard.broker_ = nullptr;
}

void Fetcher::set_leader(FetchedShard& shard, const BrokerAddress& leader) {
  if (++shard.leaders_tried_ > leaders_tried_max)
    shard.give_up = "its leader " + leader.name + (shard.refusal_.empty() ? " does not answer" : " does not let us in: " + shard.refusal_);
  const auto found = std::find_if(brokers_.begin(), brokers_.end(), [&](const auto& broker) {
    return broker->connection.address().name == leader.name && !broker->connection.failed();
  });
  if (found != brokers_.end()) {
    shard.broker_ = found->get();
  } else {
    brokers_.push_back(std::make_unique<Broker>(leader));
    shard.broker_ = brokers_.back().get();
  }
  shard.wants_leader = false;
}

void Fetcher::pump() {
  const Clock::time_point now = Clock::now();
  for (const auto& one : brokers_) {
    Broker& broker = *one;
    BrokerConnection& connection = broker.connection;
    while (connection.progress(memory_)) {
      take_answer(broker);
      connection.release_answer();
      if (!connection.awaits_answer() && broker.not_before <= now) request(broker);
    }
    if (connection.failed()) {
      lose(broker);
    } else if (connection.awaits_answer()) {
      if (now - connection.sent_at() > answer_timeout) lose(broker);
    } else if (broker.not_before <= now) {
      request(broker);
    }
  }
  std::erase_if(brokers_, [this](const auto& broker) {
    return broker->connection.failed() ||
           std::none_of(shards_.begin(), shards_.end(), [&](const FetchedShard* shard) { return shard->broker_ == broker.get(); });
  });
}

// Its shards ask for their leader again. What they have fetched stays.
void Fetcher::lose(Broker& broker) {
  for (FetchedShard* shard : shards_) {
    if (shard->broker_ != &broker) continue;
    shard->broker_ = nullptr;
    shard->wants_leader = true;
    shard->refusal_ = broker.connection.refused() ? broker.connection.failure() : std::string();
  }
}

void Fetcher::request(Broker& broker) {
  if (!broker.knows_versions) {
    write_api_versions(frame_, ++broker.correlation);
    return broker.connection.send(frame_);
  }
  places_.clear();
  broker.asked.clear();
  std::size_t ahead_bytes = 0;
  for (FetchedShard* shard : shards_) {
    if (shard->broker_ != &broker || shard->paused || !shard->give_up.empty()) continue;
    ahead_bytes += shard->set_bytes;
    broker.asked.push_back({shard, shard->fetch_offset});
  }
  if (broker.asked.empty() || ahead_bytes >= limits_.ahead_bytes_max) return;
  // Together by topic, and each shard is the first in its turn: the broker fills the answer in this order up to its limit, and only a batch
  // that comes first comes whole if it is larger.
  const std::string& first = broker.asked.front().shard->topic;
  std::stable_sort(broker.asked.begin(), broker.asked.end(), [&first](const Broker::Asked& a, const Broker::Asked& b) {
    return std::pair(a.shard->topic != first, std::string_view(a.shard->topic)) <
           std::pair(b.shard->topic != first, std::string_view(b.shard->topic));
  });
  std::rotate(shards_.begin(), shards_.begin() + 1, shards_.end());
  for (const Broker::Asked& asked : broker.asked) places_.push_back({asked.shard->topic, asked.shard->partition, asked.offset});
  write_fetch(frame_, ++broker.correlation, limits_, places_);
  broker.connection.send(frame_);
}

void Fetcher::take_answer(Broker& broker) {
  const std::string_view bytes = broker.connection.answer();
  if (!broker.knows_versions) {
    broker.knows_versions = read_api_versions(bytes, fetch_api, fetch_version);
    if (broker.knows_versions) return;
    for (FetchedShard* shard : shards_)
      if (shard->broker_ == &broker) shard->give_up = "the broker does not know Fetch " + std::to_string(fetch_version);
    return;
  }
  const bool understood = read_fetch(bytes, answer_) && answer_.correlation == broker.correlation;
  if (!understood || answer_.error != ErrorCode::none) {
    for (const Broker::Asked& asked : broker.asked) {
      if (asked.shard == nullptr || asked.shard->broker_ != &broker) continue;
      if (understood) take_error(*asked.shard, answer_.error);
      if (!understood) asked.shard->give_up = "the broker's answer is not understood";
    }
    return;
  }
  if (answer_.throttle.count() > 0) broker.not_before = Clock::now() + answer_.throttle;
  for (FetchedPartition& one : answer_.partitions) take_partition(broker, one);
}

void Fetcher::take_error(FetchedShard& shard, ErrorCode error) {
  if (leader_may_have_moved(error)) {
    shard.broker_ = nullptr;
    shard.wants_leader = true;
  } else {
    shard.give_up = "the broker answers with " + error_text(error);
  }
}

void Fetcher::take_partition(Broker& broker, FetchedPartition& one) {
  const auto asked = std::find_if(broker.asked.begin(), broker.asked.end(), [&](const Broker::Asked& each) {
    return each.shard != nullptr && each.shard->partition == one.partition && each.shard->topic == one.topic;
  });
  if (asked == broker.asked.end() || asked->shard->broker_ != &broker) return;
  FetchedShard& shard = *asked->shard;
  if (asked->offset != shard.fetch_offset) return;  // of an earlier leader
  if (one.error != ErrorCode::none) return take_error(shard, one.error);
  shard.leaders_tried_ = 0;
  shard.visible_end = one.visible_end;
  if (one.records.empty()) return;
  RecordSet set(broker.connection.answer_memory(), one.records, std::move(one.aborted));
  if (set.end_offset() == RecordSet::nothing_whole) return;  // cut off by the answer's limit; its turn to be the first comes
  if (set.end_offset() <= shard.fetch_offset) {
    shard.give_up = "the broker's records are not understood";
    return;
  }
  shard.fetch_offset = set.end_offset();
  shard.set_bytes += set.bytes();
  shard.sets.push_back(std::move(set));
}

void Fetcher::add_sockets(std::vector<pollfd>& sockets) const {
  for (const auto& broker : brokers_) {
    if (broker->connection.failed()) continue;
    const bool writes = broker->connection.wants_to_write();
    if (!writes && !broker->connection.awaits_answer()) continue;
    sockets.push_back({broker->connection.socket(), static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN), 0});
  }
}

Fetcher::Clock::time_point Fetcher::next_turn() const {
  Clock::time_point next = Clock::time_point::max();
  for (const auto& broker : brokers_) {
    if (broker->connection.awaits_answer()) {
      next = std::min(next, broker->connection.sent_at() + answer_timeout);
    } else if (broker->not_before > Clock::now()) {
      next = std::min(next, broker->not_before);
    }
  }
  return next;
}

}  // namespace weir::wire
