#include "connectors/kafka/kafka_source.h"

#include <algorithm>
#include <pthread.h>
#include <set>
#include <utility>

#include "connectors/kafka/kafka_errors.h"
#include "connectors/kafka/kafka_topics.h"
#include "connectors/kafka/partition_leaders.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds topic_timeout{15'000};  // at start: broker reachable, topics there
constexpr std::chrono::milliseconds lookup_timeout{5'000};  // one attempt; repeated until the assignment is lost
constexpr std::chrono::milliseconds revoke_timeout{5'000};  // a rebalance waits this long for outputs to be acknowledged
constexpr std::chrono::milliseconds commit_timeout{3'000};  // the last commit of a revoked shard
constexpr std::chrono::milliseconds control_wait{20};       // the control thread's turn
constexpr std::chrono::milliseconds lag_interval{500};
constexpr std::chrono::milliseconds seek_timeout{1'000};
constexpr std::uint64_t record_bytes_typical = 256;  // turns a limit in bytes into one in records
constexpr std::uint64_t prefetch_kbytes_least = std::uint64_t{8} * 1024;
constexpr std::uint64_t prefetch_kbytes_most = 2'097'151;  // librdkafka's own limit
constexpr std::uint64_t prefetch_records_most = 10'000'000;

std::string milliseconds(std::chrono::milliseconds duration) {
  return std::to_string(duration.count());
}

// Trap: a partition's queue that passes one of the two limits is not fetched for a second (librdkafka < 2.2). Harmless as long as what is
// queued lasts the lane that long, so the limits are set by the lane's memory, far above librdkafka's defaults.
void add_prefetch_limits(std::vector<KafkaProperty>& properties, std::uint64_t bytes_max, std::int32_t partitions, LaneIndex lanes) {
  const std::uint64_t shards_per_lane = std::max<std::uint64_t>(1, (static_cast<std::uint64_t>(partitions) + lanes - 1) / lanes);
  const std::uint64_t kbytes = std::clamp(bytes_max / shards_per_lane / 1024, prefetch_kbytes_least, prefetch_kbytes_most);
  properties.push_back({"queued.max.messages.kbytes", std::to_string(kbytes)});
  properties.push_back({"queued.min.messages", std::to_string(std::min(kbytes * 1024 / record_bytes_typical, prefetch_records_most))});
  if (librdkafka_is_at_least(2, 2)) properties.push_back({"fetch.queue.backoff.ms", "10"});
}

std::vector<KafkaProperty> consumer_properties(const KafkaSourceSettings& settings, bool shares_windows) {
  std::vector<KafkaProperty> properties{
      {"group.id", settings.group},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},  // never a silent jump
      {"partition.assignment.strategy", "range"},
      {"session.timeout.ms", milliseconds(settings.session_timeout)},
      {"heartbeat.interval.ms", milliseconds(settings.session_timeout / 10)},
      {"max.poll.interval.ms", milliseconds(std::max(settings.session_timeout, std::chrono::milliseconds{120'000}))},
      {"fetch.wait.max.ms", "10"},
      {"fetch.min.bytes", "1"},
      // Trap: after a leader change librdkafka waits this long before it fetches again; the default is half a second.
      {"fetch.error.backoff.ms", "20"},
      {"check.crcs", "true"},
      {"isolation.level", "read_committed"},
      {"allow.auto.create.topics", "false"},
      {"enable.partition.eof", shares_windows ? "true" : "false"},
  };
  if (settings.group_instance_id) properties.push_back({"group.instance.id", *settings.group_instance_id});
  return properties;
}

}  // namespace

KafkaSource::KafkaSource(std::string name, KafkaSourceSettings settings, std::string address, const BatchLimits& limits,
                         ShardNumbers& numbers, KafkaNotice notice)
    : name_(std::move(name)),
      settings_(std::move(settings)),
      address_(std::move(address)),
      limits_(limits),
      numbers_(numbers),
      notice_(std::move(notice)) {}

KafkaSource::~KafkaSource() {
  if (control_.joinable()) stop(Clock::now());
}

Result<std::int32_t> KafkaSource::open(LaneIndex lanes) {
  // A passing client of its own finds out how many partitions there are, which the consumer's limits depend on.
  const KafkaConnection connection{address_, settings_.security, settings_.librdkafka};
  std::int32_t partitions = 0;
  std::vector<KafkaProperty> properties = consumer_properties(settings_, owner_->shares_windows());
  {
    const Result<KafkaClient> visitor = open_kafka_visitor(connection, properties);
    if (!visitor) return visitor.error();
    for (const std::string& topic : settings_.topics) {
      const Result<std::int32_t> count = partition_count(visitor.value().get(), topic, topic_timeout);
      if (!count) return Error{count.error().kind, "Source `" + name_ + "`: " + count.error().text};
      partitions += count.value();
      for (std::int32_t partition = 0; partition < count.value(); ++partition) numbers_.number({name_, topic, partition});
    }
  }
  add_prefetch_limits(properties, settings_.prefetch_bytes_max, partitions, lanes);
  Result<KafkaClient> client = open_kafka_client(KafkaRole::consumer, connection, properties, [this](rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_opaque(conf, this);
    rd_kafka_conf_set_rebalance_cb(conf, [](rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list, void* opaque) {
      static_cast<KafkaSource*>(opaque)->rebalance(code, list);
    });
    rd_kafka_conf_set_error_cb(conf, [](rd_kafka_t*, int code, const char* reason, void* opaque) {
      static_cast<KafkaSource*>(opaque)->error(static_cast<rd_kafka_resp_err_t>(code), reason);
    });
  });
  if (!client) return client.error();
  client_ = client.take();
  return partitions;
}

Status KafkaSource::start(ShardOwner& owner, LaneIndex lanes) {
  owner_ = &owner;
  const Result<std::int32_t> opened = open(lanes);
  if (!opened) return opened.error();
  partitions_ = opened.value();
  if (!librdkafka_is_at_least(2, 1))
    say(std::string("librdkafka ") + rd_kafka_version_str() + " does not notice truncated logs; 2.1.0 or newer does");
  if (goes_direct(settings_.data_path, settings_.security, settings_.librdkafka)) {
    Result<std::shared_ptr<const wire::ConnectionSecurity>> security = open_connection_security(settings_.security);
    fetches_itself_ = security.ok();
    if (security) security_ = security.take();
    if (!fetches_itself_) say("Source `" + name_ + "` is read through librdkafka: " + security.error().text);
  }
  if (const auto why = direct_path_obstacle(settings_.data_path, settings_.security, settings_.librdkafka); !why.empty())
    say("Source `" + name_ + "` is read through librdkafka, which is slower: " + std::string(why));
  rd_kafka_poll_set_consumer(client_.get());
  for (LaneIndex lane = 0; lane < lanes; ++lane)
    readers_.push_back(std::make_unique<KafkaReader>(client_.get(), limits_, owner.shares_windows()));
  committer_ = std::make_unique<OffsetCommitter>(client_.get());

  const KafkaPartitions topics(rd_kafka_topic_partition_list_new(static_cast<int>(settings_.topics.size())));
  for (const std::string& topic : settings_.topics) rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto code = rd_kafka_subscribe(client_.get(), topics.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return kafka_error("Source `" + name_ + "` cannot subscribe", code);
  control_ = std::thread([this] { run(); });
  return success();
}

void KafkaSource::stop(Clock::time_point deadline) {
  if (!control_.joinable()) return;
  leave_by_ = deadline;
  stopping_.store(true, std::memory_order_release);
  control_.join();
}

void KafkaSource::run() {
  pthread_setname_np(pthread_self(), "kafka-source");
  Clock::time_point next_commit = Clock::now() + settings_.commit_interval;
  Clock::time_point next_lag = Clock::now();
  while (!stopping_.load(std::memory_order_acquire)) {
    serve_main_queue(control_wait);
    if (owner_->wants_anew()) begin_anew();
    report_failures();
    find_leaders();
    hand_back();
    if (const Status served = committer_->serve(); !served) say(served.error().text);
    const Clock::time_point now = Clock::now();
    if (now >= next_commit && !committer_->busy()) {
      commit_positions();
      next_commit = now + settings_.commit_interval;
    }
    if (now >= next_lag) {
      measure_lag();
      next_lag = now + lag_interval;
    }
  }
  leave();
}

// Serves callbacks. Records do not come this way.
void KafkaSource::serve_main_queue(std::chrono::milliseconds wait) {
  rd_kafka_message_t* message = rd_kafka_consumer_poll(client_.get(), static_cast<int>(wait.count()));
  if (message == nullptr) return;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    error(message->err, rd_kafka_message_errstr(message));
  } else if (const auto found = assigned_.find({rd_kafka_topic_name(message->rkt), message->partition}); found != assigned_.end()) {
    owner_->fail(found->second.shard, {ErrorKind::fatal, "A record arrived beside its shard's queue, so its order is lost. Restart."});
  }
  rd_kafka_message_destroy(message);
}

void KafkaSource::rebalance(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions) {
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !stopping_.load(std::memory_order_acquire)) {
    assign(*partitions, Assignment::by_group);
    return;
  }
  revoke(rd_kafka_assignment_lost(client_.get()) != 0);
}

void KafkaSource::assign(const rd_kafka_topic_partition_list_t& partitions, Assignment by) {
  const std::vector<ShardOffsets> offsets = offsets_of(partitions);
  if (owner_->shares_windows() && partitions.cnt < partitions_)
    say("Source `" + name_ + "` has " + std::to_string(partitions.cnt) + " of " + std::to_string(partitions_) +
        " partitions, the rest belongs to other members of group `" + settings_.group +
        "`: features by a key other than the topic's see only this process's part");
  if (offsets.empty()) {  // nothing assigned, or lost or stopped meanwhile
    // Trap: an assignment of nothing is answered with an empty list. After a nullptr the client waits for the answer for ever, and does
    // not join again when the member that has the partitions is gone.
    const KafkaPartitions none(rd_kafka_topic_partition_list_new(0));
    const bool lost = rd_kafka_assignment_lost(client_.get()) != 0;
    if (!lost) {  // who waits for what this source feeds need not wait
      owner_->begin_assignment();
      owner_->end_assignment();
    }
    rd_kafka_assign(client_.get(), lost ? nullptr : none.get());
    return;
  }
  ++epoch_;
  const KafkaPartitions starts(rd_kafka_topic_partition_list_copy(&partitions));
  std::vector<OffsetCommit> first_commits;
  owner_->begin_assignment();
  for (int at = 0; at < partitions.cnt; ++at) {
    const rd_kafka_topic_partition_t& one = partitions.elems[at];
    const ShardOffsets& chosen = offsets[static_cast<std::size_t>(at)];
    const ShardIndex shard = numbers_.number({name_, one.topic, one.partition});
    const Assigned assigned{shard, static_cast<LaneIndex>(shard % readers_.size()), epoch_, chosen};
    assigned_[{one.topic, one.partition}] = assigned;
    committer_->begin(one.topic, one.partition, chosen.committed);
    // A group without a position: what `start` chose becomes its position before the first record is decided, or a crash before the first
    // commit would choose again and, with `latest`, skip records.
    if (chosen.committed < 0) first_commits.push_back({one.topic, one.partition, chosen.live_from, {-1, 0, chosen.origin}});
    starts->elems[at].offset = chosen.replay_from;

    owner_->assign({shard, {name_, one.topic, one.partition}, epoch_, assigned.lane, chosen.replay_from, chosen.live_from, chosen.end});
    if (chosen.failure) {
      starts->elems[at].offset = RD_KAFKA_OFFSET_INVALID;
      owner_->fail(shard, *chosen.failure);
      continue;
    }
    auto queued = std::make_unique<KafkaShard>();
    queued->index = shard;
    queued->epoch = epoch_;
    queued->next_offset = chosen.replay_from;
    if (fetches_itself_) {
      queued->fetched = std::make_unique<wire::FetchedShard>();
      queued->fetched->topic = one.topic;
      queued->fetched->partition = one.partition;
      queued->fetched->fetch_offset = chosen.replay_from;
    }
    queued->queue.reset(rd_kafka_queue_get_partition(client_.get(), one.topic, one.partition));
    // Trap: before the assign. Afterwards, what was fetched already has gone to the main queue.
    rd_kafka_queue_forward(queued->queue.get(), nullptr);
    readers_[assigned.lane]->add(std::move(queued));
  }
  owner_->end_assignment();
  if (const Status committed = committer_->commit_now(first_commits, Clock::now() + commit_timeout); !committed)
    say(committed.error().text);
  for (int at = starts->cnt - 1; at >= 0; --at)
    if (starts->elems[at].offset == RD_KAFKA_OFFSET_INVALID) rd_kafka_topic_partition_list_del_by_idx(starts.get(), at);
  if (by == Assignment::again) {
    for (int at = 0; at < starts->cnt && !fetches_itself_; ++at)
      handed_back_.push_back({{starts->elems[at].topic, starts->elems[at].partition}, starts->elems[at].offset});
    hand_back();
  } else {
    // Before the assign, so that not one request is made.
    if (fetches_itself_) rd_kafka_pause_partitions(client_.get(), starts.get());
    if (const auto code = rd_kafka_assign(client_.get(), starts.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) error(code, "assign");
  }
  next_leader_attempt_ = Clock::now();
  find_leaders();
}

// After an assignment, and when a connection or a leadership was lost. Until there is an answer, such shards stand still.
void KafkaSource::find_leaders() {
  if (Clock::now() < next_leader_attempt_) return;
  std::set<ShardIndex> leaderless;
  for (const auto& reader : readers_) leaderless.merge(reader->leaderless());
  if (leaderless.empty()) return;
  const Result<PartitionLeaders> leaders = partition_leaders(client_.get(), nullptr, leader_attempts_++, leader_timeout, security_);
  next_leader_attempt_ = Clock::now() + leader_pause;
  if (!leaders) return;  // librdkafka itself says that the brokers are away
  for (const auto& [partition, assigned] : assigned_) {
    if (leaderless.count(assigned.shard) == 0) continue;
    if (const auto found = leaders.value().leaders.find(partition); found != leaders.value().leaders.end())
      readers_[assigned.lane]->set_leader(assigned.shard, found->second);
  }
}

void KafkaSource::hand_back() {
  for (const auto& reader : readers_) {
    for (const HandedBack& back : reader->take_handed_back()) {
      const auto found = std::find_if(assigned_.begin(), assigned_.end(),
                                      [&](const auto& one) { return one.second.shard == back.shard && one.second.epoch == back.epoch; });
      if (found == assigned_.end()) continue;
      handed_back_.push_back({found->first, back.offset});
      hand_overs_.add(1);
      say("Source `" + name_ + "`: partition " + found->first.first + "-" + std::to_string(found->first.second) +
          " is fetched by librdkafka from offset " + std::to_string(back.offset) + " on: " + back.reason);
    }
  }
  // librdkafka may not be ready for it yet: then it is tried again.
  std::erase_if(handed_back_, [this](const auto& one) {
    const KafkaPartitions place(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(place.get(), one.first.first.c_str(), one.first.second)->offset = one.second;
    const KafkaErrorObject failed(rd_kafka_seek_partitions(client_.get(), place.get(), static_cast<int>(seek_timeout.count())));
    if (failed || place->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
    return rd_kafka_resume_partitions(client_.get(), place.get()) == RD_KAFKA_RESP_ERR_NO_ERROR &&
           place->elems[0].err == RD_KAFKA_RESP_ERR_NO_ERROR;
  });
}

// Asks until the broker answers. Without an answer nothing can start, and guessing would lose or repeat records.
std::vector<ShardOffsets> KafkaSource::offsets_of(const rd_kafka_topic_partition_list_t& partitions) {
  if (partitions.cnt == 0) return {};
  while (!stopping_.load(std::memory_order_acquire) && rd_kafka_assignment_lost(client_.get()) == 0) {
    auto found =
        find_shard_offsets(client_.get(), partitions, settings_.start, {owner_->history_reach(), settings_.replay_margin}, lookup_timeout);
    if (found) return found.take();
    say(found.error().text);
  }
  return {};
}

void KafkaSource::revoke(bool lost) {
  give_back(lost);
  rd_kafka_assign(client_.get(), nullptr);
}

// See ShardOwner::wants_anew. The group hears nothing of it.
// Trap: not by way of rd_kafka_assign. After an assignment of nothing the client joins anew, and so does everybody in the group; after one
// of the partitions that it has already, a partition may stand still.
void KafkaSource::begin_anew() {
  const KafkaPartitions partitions(rd_kafka_topic_partition_list_new(static_cast<int>(assigned_.size())));
  for (const auto& [partition, assigned] : assigned_)
    rd_kafka_topic_partition_list_add(partitions.get(), partition.first.c_str(), partition.second);
  say("Source `" + name_ + "` replays its " + std::to_string(assigned_.size()) +
      " partitions: another source, with which it feeds features, facts or patterns, was assigned anew");
  rd_kafka_pause_partitions(client_.get(), partitions.get());  // what was fetched is outdated by it
  give_back(false);
  assign(*partitions, Assignment::again);
}

// Order matters: no new batches, then the owner finishes what it has, then the commit, then librdkafka, then the queues.
void KafkaSource::give_back(bool lost) {
  const bool leaving = stopping_.load(std::memory_order_acquire);
  const Clock::time_point deadline = leaving ? leave_by_ : Clock::now() + revoke_timeout;
  std::vector<std::unique_ptr<KafkaShard>> queues;
  for (const auto& [partition, assigned] : assigned_)
    if (auto queue = readers_[assigned.lane]->remove(assigned.shard)) queues.push_back(std::move(queue));
  std::vector<OffsetCommit> commits;
  owner_->begin_revocation();
  for (const auto& [partition, assigned] : assigned_) {
    const ShardPosition last = owner_->revoke(assigned.shard, lost, deadline);
    if (lost || last.next_offset < 0) continue;
    commits.push_back({partition.first, partition.second, last.next_offset, {last.timestamp_ms, last.lag_ms_max, assigned.offsets.origin}});
  }
  owner_->end_revocation();
  if (!commits.empty()) {
    const Clock::time_point commit_by = std::max(deadline, Clock::now() + commit_timeout);
    if (const Status committed = committer_->commit_now(commits, commit_by); !committed) say(committed.error().text);
  }
  assigned_.clear();
  handed_back_.clear();
  committer_->clear();
  lag_records_.store(-1, std::memory_order_relaxed);
}

void KafkaSource::report_failures() {
  for (const auto& reader : readers_)
    for (const FetchFailure& failure : reader->take_failures()) owner_->fail(failure.shard, failure.error);
}

void KafkaSource::commit_positions() {
  std::vector<OffsetCommit> commits;
  for (const auto& [partition, assigned] : assigned_) {
    const ShardPosition position = owner_->position(assigned.shard);
    if (position.next_offset >= 0)
      commits.push_back(
          {partition.first, partition.second, position.next_offset, {position.timestamp_ms, position.lag_ms_max, assigned.offsets.origin}});
    else if (assigned.offsets.committed < 0)  // the first commit did not get through
      commits.push_back({partition.first, partition.second, assigned.offsets.live_from, {-1, 0, assigned.offsets.origin}});
  }
  committer_->send(commits);
}

void KafkaSource::measure_lag() {
  if (assigned_.empty()) return;
  std::int64_t records = 0;
  for (const auto& [partition, assigned] : assigned_) {
    std::int64_t low = 0;
    std::int64_t high = -1;  // as of the last fetch; no request
    rd_kafka_get_watermark_offsets(client_.get(), partition.first.c_str(), partition.second, &low, &high);
    high = std::max(high, readers_[assigned.lane]->visible_end(assigned.shard));
    const std::int64_t position = std::max(owner_->position(assigned.shard).next_offset, assigned.offsets.live_from);
    if (high > position) records += high - position;
  }
  lag_records_.store(records, std::memory_order_relaxed);
}

void KafkaSource::error(rd_kafka_resp_err_t code, const char* reason) {
  const Error translated = kafka_error("Source `" + name_ + "`", code, reason == nullptr ? "" : reason);
  say(translated.text);
  if (code != RD_KAFKA_RESP_ERR__FATAL || fatal_) return;
  fatal_ = true;  // for example: fenced by another instance with the same group_instance_id
  for (const auto& [partition, assigned] : assigned_) owner_->fail(assigned.shard, {ErrorKind::fatal, translated.text});
}

// Trap: closing can hang, and queue handles must outlive the revoke callback inside it. So: close by queue, under a deadline.
void KafkaSource::leave() {
  const Clock::time_point give_up = std::max(leave_by_, Clock::now()) + commit_timeout;
  {
    const KafkaQueue queue(rd_kafka_queue_new(client_.get()));
    const KafkaErrorObject refused(rd_kafka_consumer_close_queue(client_.get(), queue.get()));
    while (!refused && rd_kafka_consumer_closed(client_.get()) == 0 && Clock::now() < give_up)
      rd_kafka_queue_poll_callback(queue.get(), static_cast<int>(control_wait.count()));
  }
  if (!assigned_.empty()) revoke(true);
  const bool closed = rd_kafka_consumer_closed(client_.get()) != 0;
  committer_.reset();
  // The readers stay, for lanes still hold batches of theirs.
  if (closed) {
    client_.reset();
  } else {
    rd_kafka_destroy_flags(client_.release(), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
}

std::uint64_t KafkaSource::stale_records() const {
  std::uint64_t total = 0;
  for (const auto& reader : readers_) total += reader->stale_records();
  return total;
}

void KafkaSource::say(std::string_view text) const {
  if (notice_) notice_(text);
}

}  // namespace weir
