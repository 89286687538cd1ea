// latency_probe: open-loop latency of a program between two topics, from the moment a record should have been sent to the moment its output
// is read.
//
// The sender keeps a fixed schedule whatever comes back, and writes the intended time into the record's id; decisions repeat that id, and
// the echo repeats the record's first bytes. An independent consumer reads the outputs. A slow program thus delays its own measurements,
// never their schedule.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <sys/resource.h>

#include "bench/fd1/workload.h"
#include "bench/kafka/bench_topics.h"
#include "bench/kafka/process_meter.h"
#include "engine/base/histogram.h"

namespace weir::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t stamp_digits = 19;
constexpr std::string_view stamped_beginning = "{\"id\":\"@0000000000000000000\",";
constexpr std::size_t stamp_at = 8;  // of the first digit

struct Settings {
  std::string brokers;
  std::string size = "S";
  TopicName input{"payments", 8};
  TopicName output{"decisions", 8};
  std::string dead_letters;
  std::string log = "/dev/null";
  double rate = 1'000;
  double warmup_seconds = 2;
  double seconds = 10;
  double patience_seconds = 20;  // for outputs after the last record
  std::vector<std::string> command;
};

std::int64_t nanoseconds(Clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

// Moves the id to the front, with room for the time in it.
void make_room_for_stamp(std::string& document) {
  constexpr std::string_view id_member = "\"id\":\"p";
  const std::size_t begin = document.find(id_member);
  std::size_t end = document.find('"', begin + id_member.size()) + 1;
  if (document[end] == ',') ++end;
  document.erase(begin, end - begin);
  if (document[document.size() - 2] == ',') document.erase(document.size() - 2, 1);
  document.replace(0, 1, stamped_beginning);
}

void stamp(std::string& document, std::int64_t time_ns) {
  char* at = document.data() + stamp_at;
  for (std::size_t i = stamp_digits; i-- > 0; time_ns /= 10) at[i] = static_cast<char>('0' + time_ns % 10);
}

// The schedule must hold while everything else competes for the cores. Without the right to do so the run may come out void.
void prefer_this_thread() {
  constexpr int niceness = -15;
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
}

class Probe {
 public:
  explicit Probe(const Settings& settings)
      : settings_(settings),
        warmup_(static_cast<std::size_t>(settings.rate * settings.warmup_seconds)),
        total_(static_cast<std::size_t>(settings.rate * (settings.warmup_seconds + settings.seconds))) {}

  int run() {
    create_topic(settings_.brokers, settings_.input);
    create_topic(settings_.brokers, settings_.output);
    if (!settings_.dead_letters.empty()) create_topic(settings_.brokers, {settings_.dead_letters, 1});
    make_records();
    Properties properties = producer_properties(settings_.brokers, 0);
    producer_ = make_client(RD_KAFKA_PRODUCER, properties);
    topic_.reset(rd_kafka_topic_new(producer_.get(), settings_.input.name.c_str(), nullptr));
    MeasuredProcess process(settings_.command, settings_.log);
    std::thread reader([this] { read(); });
    greet();
    send();
    const Clock::time_point patient_until =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(settings_.patience_seconds));
    backlog_ = total_ - received_.load();
    while (received_.load() < total_ && Clock::now() < patient_until && process.running()) std::this_thread::sleep_for(1ms);
    stopping_ = true;
    reader.join();
    const int exit_code = process.end();
    report(exit_code);
    return received_ == total_ && exit_code == 0 ? 0 : 1;
  }

 private:
  struct Record {
    std::string key;
    std::string value;
  };

  void make_records() {
    fd1::Workload workload(*fd1::workload_size(settings_.size), 1);
    fd1::WorkloadRecord record;
    while (records_.size() < total_ + 1 && workload.next(record)) {
      if (record.malformed) continue;
      make_room_for_stamp(record.value);
      records_.push_back({record.key, record.value});
    }
    if (records_.size() < total_ + 1)
      fail("size " + settings_.size + " has fewer than " + std::to_string(total_ + 1) + " records: name a larger one");
  }

  // One record ahead of the schedule, so that connections, partitions and the program are there when it starts.
  void greet() {
    produce(records_.back());
    while (!greeted_.load()) {
      rd_kafka_poll(producer_.get(), 1);
      std::this_thread::sleep_for(1ms);
    }
  }

  void send() {
    prefer_this_thread();
    const Clock::time_point start = Clock::now() + 10ms;
    const double interval_ns = 1e9 / settings_.rate;
    for (std::size_t i = 0; i < total_; ++i) {
      const Clock::time_point intended = start + std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(i) * interval_ns));
      if (Clock::now() < intended) {
        rd_kafka_poll(producer_.get(), 0);
        std::this_thread::sleep_until(intended);
      }
      stamp(records_[i].value, nanoseconds(intended));
      produce(records_[i]);
      if (i >= warmup_)
        delays_->record(static_cast<std::uint64_t>(std::max<std::int64_t>(nanoseconds(Clock::now()) - nanoseconds(intended), 0)));
      if (i == warmup_) measured_from_ns_ = nanoseconds(intended);
    }
  }

  void produce(Record& record) {
    while (rd_kafka_produce(topic_.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, record.value.data(), record.value.size(),
                            record.key.data(), record.key.size(), nullptr) != 0) {
      rd_kafka_poll(producer_.get(), 1);
    }
  }

  void read() {
    Properties properties = consumer_properties(settings_.brokers, "latency-" + settings_.output.name);
    const Client consumer = make_client(RD_KAFKA_CONSUMER, properties);
    const PartitionList list(rd_kafka_topic_partition_list_new(settings_.output.partitions));
    for (int partition = 0; partition < settings_.output.partitions; ++partition) {
      rd_kafka_topic_partition_list_add(list.get(), settings_.output.name.c_str(), partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_poll_set_consumer(consumer.get());
    {
      const Queue queue(rd_kafka_queue_get_consumer(consumer.get()));
      if (rd_kafka_assign(consumer.get(), list.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) fail("assign of " + settings_.output.name);
      while (!stopping_.load()) {
        rd_kafka_consume_callback_queue(
            queue.get(), 10, [](rd_kafka_message_t* message, void* self) { static_cast<Probe*>(self)->take(*message); }, this);
      }
      rd_kafka_consumer_close(consumer.get());
    }
  }

  void take(const rd_kafka_message_t& message) {
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(std::string("consume: ") + rd_kafka_message_errstr(&message));
    const std::int64_t read_ns = nanoseconds(Clock::now());
    const std::string_view output(static_cast<const char*>(message.payload), message.len);
    const std::size_t at = output.find('@');
    std::int64_t intended_ns = 0;
    if (at == std::string_view::npos || at + stamp_digits >= output.size()) fail("an output without the time: " + std::string(output));
    std::from_chars(output.data() + at + 1, output.data() + at + 1 + stamp_digits, intended_ns);
    if (!greeted_.load(std::memory_order_relaxed)) {
      greeted_ = true;
      return;
    }
    const std::int64_t from = measured_from_ns_.load(std::memory_order_relaxed);
    if (from > 0 && intended_ns >= from) latencies_->record(static_cast<std::uint64_t>(std::max<std::int64_t>(read_ns - intended_ns, 0)));
    received_.fetch_add(1, std::memory_order_relaxed);
  }

  void report(int exit_code) const {
    using Counts = std::array<std::uint64_t, Histogram::bucket_count>;
    const auto latencies = std::make_unique<Counts>();
    const auto delays = std::make_unique<Counts>();
    latencies_->add_to(*latencies);
    delays_->add_to(*delays);
    const auto us = [](const Counts& counts, double share) { return static_cast<double>(Histogram::percentile(counts, share)) / 1e3; };
    const double delay_us = us(*delays, 0.99);
    const double p99_us = us(*latencies, 0.99);
    // The delay of the sender is part of what was measured: a result that consists of it says nothing about the program.
    const bool is_void = delay_us > 1'000 || delay_us > p99_us / 10;
    std::printf(
        "{\"rate\":%.0f,\"sent\":%zu,\"received\":%zu,\"backlog\":%zu,\"us_p50\":%.0f,\"us_p90\":%.0f,\"us_p99\":%.0f,\"us_p99_9\":%.0f,"
        "\"us_max\":%.0f,"
        "\"sender_delay_us_p99\":%.0f,\"void\":%s,\"exit_code\":%d}\n",
        settings_.rate, total_, received_.load(), backlog_, us(*latencies, 0.5), us(*latencies, 0.9), p99_us, us(*latencies, 0.999),
        us(*latencies, 1), delay_us, is_void ? "true" : "false", exit_code);
  }

  Settings settings_;
  std::size_t warmup_;
  std::size_t total_;
  std::vector<Record> records_;
  Client producer_;
  Topic topic_;
  std::unique_ptr<Histogram> latencies_ = std::make_unique<Histogram>();
  std::unique_ptr<Histogram> delays_ = std::make_unique<Histogram>();
  std::atomic<std::int64_t> measured_from_ns_{0};
  std::atomic<std::size_t> received_{0};
  std::atomic<bool> greeted_{false};
  std::atomic<bool> stopping_{false};
  std::size_t backlog_ = 0;  // outputs still to come when the last record was sent
};

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  using namespace weir::bench;
  CLI::App program{"Open-loop latency of a program that answers each record of one topic in another, as JSON."};
  Settings settings;
  program.add_option("--brokers", settings.brokers)->required();
  program.add_option("--size", settings.size, "of the workload that records are taken from")->check(CLI::IsMember({"T", "S", "FULL", "L"}));
  program.add_option("--in", settings.input.name, "topic to make and send to");
  program.add_option("--out", settings.output.name, "topic to make and read outputs from");
  program.add_option("--dead-letters", settings.dead_letters, "topic to make");
  program.add_option("--partitions", settings.input.partitions, "of both topics");
  program.add_option("--rate", settings.rate, "records a second")->check(CLI::PositiveNumber);
  program.add_option("--warmup-seconds", settings.warmup_seconds);
  program.add_option("--seconds", settings.seconds, "measured");
  program.add_option("--patience-seconds", settings.patience_seconds, "wait at most so long for outputs after the last record");
  program.add_option("--log", settings.log, "where the program's own output goes");
  program.add_option("command", settings.command, "the program and its arguments, after --")->required();
  CLI11_PARSE(program, argc, argv);
  settings.output.partitions = settings.input.partitions;
  return Probe(settings).run();
}
