// The floor: consumes each record, produces 150 bytes for it under its key, commits what was delivered, and does nothing else.
//
// One thread drains the consumer by callback and produces; delivery reports move the committed position. Input and output have the same
// number of partitions and keys are spread by the same partitioner, so the reports of an input partition come in offset order: that is
// checked.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <librdkafka/rdkafka.h>
#include <sys/resource.h>

#include "bench/kafka/bench_topics.h"

namespace weir::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t output_bytes = 150;
constexpr int offset_bits = 48;
constexpr int poll_ms = 100;
constexpr auto commit_interval = 200ms;

std::atomic<bool> stopping{false};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Moment {
  Clock::time_point time;
  double cpu = 0;
};
Moment now() {
  return {Clock::now(), cpu_seconds()};
}

struct Settings {
  std::string brokers;
  TopicName input{"payments", 8};
  TopicName output{"decisions", 8};
  int linger_ms = 1;
  std::uint64_t timed_from = 0;   // records before the timed part
  std::uint64_t timed_until = 0;  // 0: until the signal
};

class Echo {
 public:
  explicit Echo(const Settings& settings)
      : settings_(settings), delivered_next_(static_cast<std::size_t>(settings.input.partitions), -1), committed_(delivered_next_) {
    producer_ =
        make_client(RD_KAFKA_PRODUCER, producer_properties(settings.brokers, settings.linger_ms), [this](rd_kafka_conf_t* configuration) {
          rd_kafka_conf_set_opaque(configuration, this);
          rd_kafka_conf_set_dr_msg_cb(configuration, [](rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
            static_cast<Echo*>(self)->delivered(*message);
          });
        });
    topic_.reset(rd_kafka_topic_new(producer_.get(), settings.output.name.c_str(), nullptr));
    consumer_ = make_client(RD_KAFKA_CONSUMER, consumer_properties(settings.brokers, "echo-" + settings.input.name));
    list_.reset(rd_kafka_topic_partition_list_new(settings.input.partitions));
    for (int partition = 0; partition < settings.input.partitions; ++partition) {
      rd_kafka_topic_partition_list_add(list_.get(), settings.input.name.c_str(), partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_poll_set_consumer(consumer_.get());
    queue_.reset(rd_kafka_queue_get_consumer(consumer_.get()));
    if (rd_kafka_assign(consumer_.get(), list_.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) fail("assign of " + settings.input.name);
  }

  void run() {
    Clock::time_point next_commit = Clock::now() + commit_interval;
    while (!stopping.load(std::memory_order_relaxed)) {
      rd_kafka_consume_callback_queue(
          queue_.get(), delivered_ == consumed_ ? poll_ms : 1,
          [](rd_kafka_message_t* message, void* self) { static_cast<Echo*>(self)->take(*message); }, this);
      rd_kafka_poll(producer_.get(), 0);
      if (settings_.timed_until != 0 && delivered_ >= settings_.timed_until && !ended_) {
        end_ = now();
        ended_ = true;
      }
      if (const Clock::time_point time = Clock::now(); time >= next_commit) {
        commit(true);
        next_commit = time + commit_interval;
      }
    }
    rd_kafka_flush(producer_.get(), 30'000);
    if (!ended_) end_ = now();
    commit(false);
    rd_kafka_consumer_close(consumer_.get());
  }

  int report() const {
    const std::uint64_t timed = (settings_.timed_until != 0 ? settings_.timed_until : delivered_) - settings_.timed_from;
    const double seconds = std::chrono::duration<double>(end_.time - begin_.time).count();
    std::printf(
        "{\"consumed\":%llu,\"delivered\":%llu,\"timed_events\":%llu,\"seconds\":%.6f,\"cpu_ns_per_event\":%.1f,\"events_per_second\":%.0f}"
        "\n",
        static_cast<unsigned long long>(consumed_), static_cast<unsigned long long>(delivered_), static_cast<unsigned long long>(timed),
        seconds, (end_.cpu - begin_.cpu) * 1e9 / static_cast<double>(timed), static_cast<double>(timed) / seconds);
    return consumed_ == delivered_ && consumed_ > 0 ? 0 : 1;
  }

 private:
  void take(const rd_kafka_message_t& message) {
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(std::string("consume: ") + rd_kafka_message_errstr(&message));
    if (consumed_++ == settings_.timed_from) begin_ = now();
    const std::intptr_t position = static_cast<std::intptr_t>(message.partition) << offset_bits | message.offset;
    while (rd_kafka_produce(topic_.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, message.payload, std::min(message.len, output_bytes),
                            message.key, message.key_len, reinterpret_cast<void*>(position)) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail(std::string("produce: ") + rd_kafka_err2str(rd_kafka_last_error()));
      rd_kafka_poll(producer_.get(), 1);
    }
  }

  void delivered(const rd_kafka_message_t& message) {
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(std::string("delivery: ") + rd_kafka_err2str(message.err));
    const auto position = reinterpret_cast<std::intptr_t>(message._private);
    const std::int64_t offset = position & ((std::int64_t{1} << offset_bits) - 1);
    std::int64_t& next = delivered_next_[static_cast<std::size_t>(position >> offset_bits)];
    if (offset < next) fail("deliveries are out of order: do the topics have the same partitions?");
    next = offset + 1;
    ++delivered_;
  }

  void commit(bool asynchronously) {
    const PartitionList list(rd_kafka_topic_partition_list_new(settings_.input.partitions));
    for (std::size_t partition = 0; partition < delivered_next_.size(); ++partition) {
      if (delivered_next_[partition] == committed_[partition]) continue;
      committed_[partition] = delivered_next_[partition];
      rd_kafka_topic_partition_list_add(list.get(), settings_.input.name.c_str(), static_cast<std::int32_t>(partition))->offset =
          committed_[partition];
    }
    if (list->cnt == 0) return;
    const rd_kafka_resp_err_t code = rd_kafka_commit(consumer_.get(), list.get(), asynchronously ? 1 : 0);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) fail(std::string("commit: ") + rd_kafka_err2str(code));
  }

  Settings settings_;
  Client producer_;
  Topic topic_;
  Client consumer_;
  PartitionList list_;
  Queue queue_;
  std::vector<std::int64_t> delivered_next_;  // by input partition: the offset behind the last delivered
  std::vector<std::int64_t> committed_;
  std::uint64_t consumed_ = 0;
  std::uint64_t delivered_ = 0;
  Moment begin_;
  Moment end_;
  bool ended_ = false;
};

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  using namespace weir::bench;
  CLI::App program{
      "Consumes a topic and produces 150 bytes for each record: what any engine on librdkafka costs at least. Ends on SIGTERM."};
  Settings settings;
  program.add_option("--brokers", settings.brokers)->required();
  program.add_option("--in", settings.input.name);
  program.add_option("--out", settings.output.name);
  program.add_option("--partitions", settings.input.partitions, "of both topics");
  program.add_option("--linger-ms", settings.linger_ms);
  program.add_option("--timed-from", settings.timed_from, "records before the timed part");
  program.add_option("--timed-until", settings.timed_until, "records up to the end of the timed part");
  CLI11_PARSE(program, argc, argv);
  std::signal(SIGTERM, [](int) { stopping = true; });
  std::signal(SIGINT, [](int) { stopping = true; });
  Echo echo(settings);
  echo.run();
  return echo.report();
}
