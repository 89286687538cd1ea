// fd1_drain: fills a topic with FD-1, lets a program drain it, and says what the timed part cost that program.
//
// 1. The first day goes into the topic, the program starts and drains it: state is warm.
// 2. The rest is produced in a transaction, which the program cannot see while it is open.
// 3. The commit makes all of it visible at once. From then until the last output is in its topic, time and the program's CPU are counted:
// no sender
//    shares the cores, and the program begins and ends idle, so that nothing in flight blurs the sum.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/fd1/workload.h"
#include "bench/kafka/bench_topics.h"
#include "bench/kafka/process_meter.h"
#include "bench/kafka/program_between_topics.h"

namespace weir::bench {
namespace {

using namespace std::chrono_literals;

struct Settings : ProgramBetweenTopics {
  std::uint64_t seed = 1;
  int seconds_max = 600;
};

constexpr auto count_interval = 10ms;  // one small request to the broker each time
constexpr auto idle_after = 1s;

void fill(fd1::Workload& workload, std::uint64_t records, TopicFiller& filler) {
  fd1::WorkloadRecord record;
  for (; records > 0 && workload.next(record); --records) filler.produce(record.key, record.value);
  filler.flush();
}

void wait_for_outputs(TopicEnds& ends, std::int64_t wanted, MeasuredProcess& process, const Settings& settings) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(settings.seconds_max);
  std::int64_t total = 0;
  while ((total = ends.total()) < wanted) {
    if (!process.running())
      fail("the program ended after " + std::to_string(total) + " of " + std::to_string(wanted) + " outputs: see " + settings.log);
    if (std::chrono::steady_clock::now() > deadline) {
      fail(std::to_string(total) + " of " + std::to_string(wanted) + " outputs after " + std::to_string(settings.seconds_max) + " s");
    }
    std::this_thread::sleep_for(count_interval);
  }
}

int run(const Settings& settings) {
  const fd1::WorkloadSize size = *fd1::workload_size(settings.size);
  const std::uint64_t timed = size.events - size.events_per_day;
  settings.create_topics();

  fd1::Workload workload(size, settings.seed);
  {
    TopicFiller filler(settings.brokers, settings.input, false);
    fill(workload, size.events_per_day, filler);
  }
  TopicEnds ends(settings.brokers, settings.outputs());
  MeasuredProcess process(settings.command, settings.log);
  wait_for_outputs(ends, static_cast<std::int64_t>(size.events_per_day), process, settings);

  TopicFiller filler(settings.brokers, settings.input, true);
  fill(workload, timed, filler);
  std::this_thread::sleep_for(idle_after);
  const std::int64_t early = ends.total() - static_cast<std::int64_t>(size.events_per_day);
  if (early != 0) fail(std::to_string(early) + " outputs more than there were records: does the program read uncommitted ones?");

  const ProcessSample before = process.sample();
  filler.commit();
  wait_for_outputs(ends, static_cast<std::int64_t>(size.events), process, settings);
  const ProcessSample after = process.sample();
  const std::int64_t memory_kib = process.memory_kib_max();
  std::this_thread::sleep_for(idle_after);  // for the last commit of offsets
  const int exit_code = process.end();
  const std::int64_t extra = ends.total() - static_cast<std::int64_t>(size.events);

  const double seconds = std::chrono::duration<double>(after.time - before.time).count();
  const double cpu = after.cpu_seconds - before.cpu_seconds;
  const auto events = static_cast<double>(timed);
  std::printf(
      "{\"timed_events\":%llu,\"seconds\":%.4f,\"cpu_ns_per_event\":%.1f,\"events_per_second\":%.0f,\"memory_mib_max\":%lld,\"extra_"
      "outputs\":%lld,"
      "\"exit_code\":%d,\"threads\":{",
      static_cast<unsigned long long>(timed), seconds, cpu * 1e9 / events, events / seconds, static_cast<long long>(memory_kib / 1024),
      static_cast<long long>(extra), exit_code);
  const char* separator = "";
  for (const auto& [name, total] : after.cpu_of_threads) {
    const auto earlier = before.cpu_of_threads.find(name);
    const double own = total - (earlier == before.cpu_of_threads.end() ? 0 : earlier->second);
    if (own * 1e9 / events < 1) continue;
    std::printf("%s\"%s\":%.1f", separator, name.c_str(), own * 1e9 / events);
    separator = ",";
  }
  std::printf("}}\n");
  return exit_code;
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  using namespace weir::bench;
  CLI::App program{"Fills a topic with FD-1, lets a program drain it and prints what the second day cost that program, as JSON."};
  Settings settings;
  settings.add_options(program);
  program.add_option("--seed", settings.seed);
  program.add_option("--seconds-max", settings.seconds_max, "give up after so long without the outputs");
  CLI11_PARSE(program, argc, argv);
  return run(settings);
}
