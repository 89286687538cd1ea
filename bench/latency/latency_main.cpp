// latency_probe: open-loop latency of a program between two topics, from the moment a record should have been sent to the moment its output
// is read by an independent consumer.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/kafka/bench_topics.h"
#include "bench/kafka/process_meter.h"
#include "bench/kafka/program_between_topics.h"
#include "bench/latency/open_loop.h"
#include "engine/base/histogram.h"

namespace weir::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Settings : ProgramBetweenTopics {
  double rate = 1'000;
  double warmup_seconds = 2;
  double seconds = 10;
  double patience_seconds = 20;  // for outputs after the last record
};

class Probe {
 public:
  explicit Probe(const Settings& settings)
      : settings_(settings),
        warmup_(static_cast<std::size_t>(settings.rate * settings.warmup_seconds)),
        total_(static_cast<std::size_t>(settings.rate * (settings.warmup_seconds + settings.seconds))) {}

  int run() {
    settings_.create_topics();
    PacedSender sender(settings_.brokers, settings_.input.name, settings_.size, total_);
    MeasuredProcess process(settings_.command, settings_.log);
    std::thread reader([this] { read_outputs(settings_.brokers, settings_.output, stopping_, [this](auto... of) { take(of...); }); });
    sender.greet(greeted_);
    sender.send(settings_.rate, [this](std::size_t number, std::int64_t intended_ns, std::int64_t delay_ns) {
      if (number < warmup_) return;
      delays_->record(static_cast<std::uint64_t>(delay_ns));
      if (number == warmup_) measured_from_ns_ = intended_ns;
    });
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
  void take(std::string_view output, std::int64_t read_ns) {
    const std::int64_t intended_ns = intended_ns_of(output);
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
  settings.add_options(program);
  program.add_option("--rate", settings.rate, "records a second")->check(CLI::PositiveNumber);
  program.add_option("--warmup-seconds", settings.warmup_seconds);
  program.add_option("--seconds", settings.seconds, "measured");
  program.add_option("--patience-seconds", settings.patience_seconds, "wait at most so long for outputs after the last record");
  CLI11_PARSE(program, argc, argv);
  return Probe(settings).run();
}
