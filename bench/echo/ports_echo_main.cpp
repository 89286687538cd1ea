// The echo through Weir's own Kafka source and sink, with nothing between them: what the ports cost over bare librdkafka.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <sys/resource.h>

#include "bench/kafka/bench_topics.h"
#include "connectors/kafka/kafka_sink.h"
#include "connectors/kafka/kafka_source.h"

namespace weir::bench {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::uint32_t output_bytes = 150;
std::atomic<bool> stopping{false};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// One lane that copies. A shard's position is the end of its acknowledged prefix of batches.
class PortsEcho final : public ShardOwner {
 public:
  PortsEcho(KafkaSource& source, KafkaSink& sink, std::uint64_t timed_from, std::uint64_t timed_until)
      : source_(source), sink_(sink), timed_from_(timed_from), timed_until_(timed_until) {}

  void run() {
    LaneReader& reader = source_.reader(0);
    reader_ = &reader;
    while (!stopping.load(std::memory_order_relaxed)) turn(reader, 10ms);
  }
  void finish() {  // the source stops beside this
    while (!finished_.load()) turn(*reader_, 1ms);
  }
  void end() { finished_ = true; }
  void wake() {
    if (LaneReader* reader = reader_) reader->wake();
  }

  int report() const {
    const std::uint64_t timed = (timed_until_ != 0 ? timed_until_ : delivered_) - timed_from_;
    const double seconds = std::chrono::duration<double>(end_ - begin_).count();
    std::printf(
        "{\"consumed\":%llu,\"delivered\":%llu,\"timed_events\":%llu,\"seconds\":%.6f,\"cpu_ns_per_event\":%.1f,\"events_per_second\":%.0f,"
        "\"batches\":%llu}\n",
        static_cast<unsigned long long>(consumed_), static_cast<unsigned long long>(delivered_), static_cast<unsigned long long>(timed),
        seconds, (end_cpu_ - begin_cpu_) * 1e9 / static_cast<double>(timed), static_cast<double>(timed) / seconds,
        static_cast<unsigned long long>(batches_));
    return consumed_ == delivered_ && consumed_ > 0 ? 0 : 1;
  }

  std::chrono::milliseconds history_reach() const override { return 0ms; }
  void assign(const ShardStart& start) override {
    const std::lock_guard lock(mutex_);
    positions_[start.shard] = {};
  }
  ShardPosition revoke(ShardIndex shard, bool, Clock::time_point deadline) override {
    while (in_flight_.load() > 0 && Clock::now() < deadline) reader_.load()->wake();
    return position(shard);
  }
  ShardPosition position(ShardIndex shard) const override {
    const std::lock_guard lock(mutex_);
    const auto found = positions_.find(shard);
    return found == positions_.end() ? ShardPosition{} : found->second;
  }
  void fail(ShardIndex, const Error& error) override { bench::fail(error.text); }

 private:
  struct Sent {
    std::unique_ptr<OutputBatch> outputs;
    ShardPosition position;
    bool acknowledged = false;
  };

  void turn(LaneReader& reader, std::chrono::microseconds wait) {
    collect();
    if (RecordBatch* batch = reader.poll(wait)) {
      echo(*batch);
      reader.release(batch);
    }
    offer();
  }

  void echo(const RecordBatch& batch) {
    if (consumed_ <= timed_from_ && consumed_ + batch.records.size() > timed_from_) begin_ = Clock::now(), begin_cpu_ = cpu_seconds();
    consumed_ += batch.records.size();
    ++batches_;
    std::unique_ptr<OutputBatch> to;
    if (free_.empty()) {
      to = std::make_unique<OutputBatch>();
    } else {
      to = std::move(free_.back());
      free_.pop_back();
    }
    to->outputs.clear();
    to->bytes.clear();
    to->offered = 0;
    to->shard = batch.shard;
    for (const RecordView& record : batch.records) {
      Output output;
      output.key = {static_cast<std::uint32_t>(to->bytes.size()), static_cast<std::uint32_t>(record.key.size())};
      output.has_key = record.has_key;
      to->bytes.append(record.key);
      const std::string_view value = record.value.substr(0, output_bytes);
      output.value = {static_cast<std::uint32_t>(to->bytes.size()), static_cast<std::uint32_t>(value.size())};
      to->bytes.append(value);
      to->outputs.push_back(output);
    }
    to->unacknowledged = static_cast<std::uint32_t>(to->outputs.size());
    in_flight_ += 1;
    auto& line = sent_[batch.shard];
    line.push_back({std::move(to), {batch.records.back().offset + 1, batch.records.back().timestamp_ms, 0}, false});
    waiting_.push_back(line.back().outputs.get());
  }

  void offer() {
    while (!waiting_.empty()) {
      OutputBatch& batch = *waiting_.front();
      batch.offered += sink_.offer(batch, batch.offered);
      if (batch.offered < batch.outputs.size()) return;
      waiting_.pop_front();
    }
  }

  void collect() {
    news_.clear();
    sink_.collect(0, news_);
    for (const Acknowledgement& one : news_) {
      one.batch->unacknowledged -= one.count;
      delivered_ += one.count;
      if (one.batch->unacknowledged == 0) advance(one.batch->shard);
    }
    if (timed_until_ != 0 && delivered_ >= timed_until_ && !ended_) {
      end_ = Clock::now();
      end_cpu_ = cpu_seconds();
      ended_ = true;
    }
  }

  void advance(ShardIndex shard) {
    auto& line = sent_[shard];
    while (!line.empty() && line.front().outputs->unacknowledged == 0 && line.front().outputs->offered > 0) {
      {
        const std::lock_guard lock(mutex_);
        positions_[shard] = line.front().position;
      }
      free_.push_back(std::move(line.front().outputs));
      line.pop_front();
      in_flight_ -= 1;
    }
  }

  KafkaSource& source_;
  KafkaSink& sink_;
  std::atomic<LaneReader*> reader_{nullptr};
  std::uint64_t timed_from_;
  std::uint64_t timed_until_;
  std::atomic<bool> finished_{false};
  std::map<ShardIndex, std::deque<Sent>> sent_;
  std::deque<OutputBatch*> waiting_;
  std::vector<std::unique_ptr<OutputBatch>> free_;
  std::vector<Acknowledgement> news_;
  std::atomic<std::int64_t> in_flight_{0};
  mutable std::mutex mutex_;
  std::map<ShardIndex, ShardPosition> positions_;
  std::uint64_t consumed_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t batches_ = 0;
  Clock::time_point begin_;
  Clock::time_point end_;
  double begin_cpu_ = 0;
  double end_cpu_ = 0;
  bool ended_ = false;
};

void fill(const std::string& brokers, const TopicName& topic, std::uint64_t records) {
  create_topic(brokers, topic);
  TopicFiller filler(brokers, topic, false);
  const std::string value(350, 'x');
  for (std::uint64_t at = 0; at < records; ++at) filler.produce("card" + std::to_string(at * 2654435761U % 100'000), value);
  filler.flush();
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  using namespace weir;
  using namespace weir::bench;
  CLI::App program{"The echo through Weir's Kafka source and sink: what its ports cost over bare librdkafka. Ends on SIGTERM."};
  std::string brokers;
  TopicName input{"payments", 8};
  TopicName output{"decisions", 8};
  int linger_ms = 1;
  std::uint64_t records = 0;
  std::uint64_t timed_from = 0;
  std::uint64_t timed_until = 0;
  program.add_option("--brokers", brokers)->required();
  program.add_option("--in", input.name);
  program.add_option("--out", output.name);
  program.add_option("--partitions", input.partitions, "of both topics");
  program.add_option("--linger-ms", linger_ms);
  program.add_option("--timed-from", timed_from, "records before the timed part");
  program.add_option("--timed-until", timed_until, "records up to the end of the timed part");
  program.add_option("--fill", records, "only creates both topics and fills the first with so many records of 350 bytes");
  CLI11_PARSE(program, argc, argv);
  output.partitions = input.partitions;
  if (records > 0) {
    create_topic(brokers, output);
    fill(brokers, input, records);
    return 0;
  }
  std::signal(SIGTERM, [](int) { stopping = true; });
  std::signal(SIGINT, [](int) { stopping = true; });

  KafkaSourceSettings from;
  from.topics = {input.name};
  from.group = "ports-echo-" + output.name + std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
  from.start = {KafkaStart::Kind::earliest, 0};
  KafkaSinkSettings to;
  to.topic = output.name;
  to.linger = std::chrono::milliseconds{linger_ms};
  ShardNumbers numbers;
  KafkaSource source("in", from, brokers, {}, numbers);
  KafkaSink sink("out", to, brokers);
  PortsEcho echo(source, sink, timed_from, timed_until);
  const Status opened = sink.open(
      1, [](void* context, LaneIndex) { static_cast<PortsEcho*>(context)->wake(); }, &echo);
  if (!opened) bench::fail(opened.error().text);
  const Status started = source.start(echo, 1);
  if (!started) bench::fail(started.error().text);
  echo.run();
  std::thread stopper([&] {
    source.stop(std::chrono::steady_clock::now() + std::chrono::seconds{20});
    echo.end();
  });
  echo.finish();
  stopper.join();
  sink.close(std::chrono::steady_clock::now() + std::chrono::seconds{5});
  return echo.report();
}
