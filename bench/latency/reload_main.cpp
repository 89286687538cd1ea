// reload_probe: what reloads of the rules add to the time that events wait for their decisions, between two topics of a real Kafka.
//
// Records leave on a fixed schedule. Calm spans and spans in which the rules are replaced again and again take turns, so that what the
// machine does otherwise meets both. Every decision says which set it is by; a run in which a record was decided twice, not at all, or by
// something else than one of the sets in force ends with exit 70 and no number.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/kafka/bench_topics.h"
#include "bench/kafka/process_meter.h"
#include "bench/kafka/program_between_topics.h"
#include "bench/latency/decided_sets.h"
#include "bench/latency/open_loop.h"

namespace weir::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::int64_t second_ns = 1'000'000'000;
// Around a switch: events that should have been sent from so long before the first one of the new set until so long behind it.
constexpr std::int64_t before_ns = second_ns / 20;
constexpr std::int64_t behind_ns = second_ns / 5;
constexpr double seconds_at_end = 2;  // of records that are not measured, for the last set to take over

struct Settings : ProgramBetweenTopics {
  Settings() {
    size = "FULL";
    input.partitions = 4;
  }

  double rate = 100'000;
  double warmup_seconds = 4;
  double span_seconds = 6;
  int pairs = 3;  // of a calm span and one with reloads
  double every_seconds = 1;
  double patience_seconds = 20;
  std::string rules;     // the file that the program reads
  std::string versions;  // a folder with what is to be in it: the beginning, then one file a reload, in the order of their names
  std::string status;    // prints the program's status as JSON
};

struct Waits {
  std::vector<std::int64_t> ns;

  std::string json() {
    std::sort(ns.begin(), ns.end());
    const auto us = [&](double share) {
      if (ns.empty()) return 0.0;
      return static_cast<double>(ns[std::min(static_cast<std::size_t>(static_cast<double>(ns.size()) * share), ns.size() - 1)]) / 1e3;
    };
    std::array<char, 256> text;
    std::snprintf(text.data(), text.size(), R"({"events":%zu,"us_p50":%.0f,"us_p99":%.0f,"us_p99_9":%.0f,"us_max":%.0f})", ns.size(),
                  us(0.5), us(0.99), us(0.999), us(1));
    return text.data();
  }
};

std::string output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) fail("cannot run " + command);
  std::string text;
  std::array<char, 4096> part;
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), count);
  if (::pclose(pipe) != 0) fail(command + " failed");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

class Probe {
 public:
  explicit Probe(const Settings& settings)
      : settings_(settings),
        total_(static_cast<std::size_t>(settings.rate *
                                        (settings.warmup_seconds + 2 * settings.pairs * settings.span_seconds + seconds_at_end))),
        sets_(total_ + 1) {
    for (const auto& entry : fs::directory_iterator(settings.versions)) versions_.push_back(entry.path());
    std::sort(versions_.begin(), versions_.end());
    const std::size_t needed = 1 + static_cast<std::size_t>(settings.pairs) * reloads_a_span();
    if (versions_.size() < needed) fail(settings.versions + " has fewer than " + std::to_string(needed) + " files");
    versions_.resize(needed);
  }

  int run() {
    settings_.create_topics();
    PacedSender sender(settings_.brokers, settings_.input.name, settings_.size, total_);
    publish(0);
    MeasuredProcess process(settings_.command, settings_.log);
    std::thread reader([this] { read_outputs(settings_.brokers, settings_.output, stopping_, [this](auto... of) { take(of...); }); });
    sender.greet(greeted_);
    std::thread reloader([this] { reload(); });
    std::vector<std::int64_t> delays_ns;
    delays_ns.reserve(total_);
    sender.send(settings_.rate, [&](std::size_t number, std::int64_t intended_ns, std::int64_t delay_ns) {
      if (number == 0) begun_ns_.store(intended_ns, std::memory_order_release);
      delays_ns.push_back(delay_ns);
    });
    reloader.join();
    const std::int64_t patient_until_ns = now_ns() + static_cast<std::int64_t>(settings_.patience_seconds * 1e9);
    while (received_.load() < total_ + 1 && now_ns() < patient_until_ns && process.running()) std::this_thread::sleep_for(1ms);
    const std::string status = output_of(settings_.status);
    stopping_ = true;
    reader.join();
    const int exit_code = process.end();
    if (exit_code != 0) fail("the program ended with " + std::to_string(exit_code));
    if (received_.load() != total_ + 1) fail(std::to_string(received_.load()) + " decisions of " + std::to_string(total_ + 1) + " records");
    sets_in_force_ = sets_.check(published_ns_);
    report(delays_ns, status);
    return 0;
  }

 private:
  // The first at the beginning of the span, the last one at least an interval before its end.
  std::size_t reloads_a_span() const { return static_cast<std::size_t>(settings_.span_seconds / settings_.every_seconds); }
  // Spans alternate, a calm one first.
  std::int64_t span_begin_ns(std::size_t span) const {
    const double seconds = settings_.warmup_seconds + static_cast<double>(span) * settings_.span_seconds;
    return begun_ns_.load(std::memory_order_acquire) + static_cast<std::int64_t>(seconds * 1e9);
  }
  std::int64_t nth_in_span_ns(std::size_t span, std::size_t nth) const {
    return span_begin_ns(span) + static_cast<std::int64_t>(static_cast<double>(nth) * settings_.every_seconds * 1e9);
  }

  // As editors do: a file beside it, renamed.
  void publish(std::size_t set) {
    const fs::path fresh = settings_.rules + ".new";
    fs::copy_file(versions_[set], fresh, fs::copy_options::overwrite_existing);
    published_ns_.push_back(now_ns());
    fs::rename(fresh, settings_.rules);
  }

  void reload() {
    while (begun_ns_.load(std::memory_order_acquire) == 0) std::this_thread::sleep_for(1ms);
    for (std::size_t pair = 0; pair < static_cast<std::size_t>(settings_.pairs); ++pair) {
      for (std::size_t nth = 0; nth < reloads_a_span(); ++nth) {
        std::this_thread::sleep_for(std::chrono::nanoseconds(nth_in_span_ns(2 * pair + 1, nth) - now_ns()));
        publish(published_ns_.size());
      }
    }
  }

  void take(std::string_view output, std::int64_t read_ns) {
    // The greeting carries no time.
    sets_.take(output, greeted_.load(std::memory_order_relaxed) ? intended_ns_of(output) : read_ns, read_ns);
    greeted_ = true;
    received_.fetch_add(1, std::memory_order_relaxed);
  }

  void report(std::vector<std::int64_t>& delays_ns, const std::string& status) {
    const std::size_t spans = static_cast<std::size_t>(2 * settings_.pairs);
    std::array<Waits, 2> all;                               // calm, with reloads
    std::array<Waits, 2> around;                            // calm: as many stretches as long, where no set changes
    using Switch = std::pair<std::int64_t, std::uint32_t>;  // the first event by the new set, and that set
    std::vector<std::vector<Switch>> switches(static_cast<std::size_t>(settings_.input.partitions));
    std::int64_t slowest_ns = 0;
    for (const DecidedSets::Decision& each : sets_.take_overs()) {
      if (each.set == 0) continue;
      switches[each.partition].emplace_back(each.intended_ns, each.set);
      slowest_ns = std::max(slowest_ns, each.intended_ns - published_ns_[each.set]);
    }
    std::vector<std::int64_t> calm_middles;
    for (std::size_t span = 0; span < spans; span += 2)
      for (std::size_t nth = 0; nth < reloads_a_span(); ++nth) calm_middles.push_back(nth_in_span_ns(span, nth));
    std::vector<std::int64_t> longest_ns(versions_.size(), 0);
    const auto is_near = [](std::int64_t time_ns, std::int64_t middle_ns) {
      return time_ns >= middle_ns - before_ns && time_ns < middle_ns + behind_ns;
    };
    for (const DecidedSets::Decision& each : sets_.decisions()) {
      if (each.intended_ns < span_begin_ns(0) || each.intended_ns >= span_begin_ns(spans)) continue;
      std::size_t span = 0;
      while (each.intended_ns >= span_begin_ns(span + 1)) ++span;
      const auto& own = switches[each.partition];
      const auto near = std::find_if(own.begin(), own.end(), [&](const Switch& one) { return is_near(each.intended_ns, one.first); });
      if (near != own.end()) {
        around[1].ns.push_back(each.waited_ns);
        longest_ns[near->second] = std::max(longest_ns[near->second], each.waited_ns);
      }
      if (near != own.end() || span % 2 == 1) {
        all[1].ns.push_back(each.waited_ns);
        continue;
      }
      all[0].ns.push_back(each.waited_ns);
      for (const std::int64_t middle_ns : calm_middles)
        if (is_near(each.intended_ns, middle_ns)) around[0].ns.push_back(each.waited_ns);
    }
    std::string longest;
    for (std::size_t set = 1; set < longest_ns.size(); ++set) longest += (set > 1 ? "," : "") + std::to_string(longest_ns[set] / 1'000);
    Waits delays{std::move(delays_ns)};
    std::printf(
        R"({"rate":%.0f,"sent":%zu,"reloads":%zu,"in_force":%zu,"calm":%s,"reloading":%s,"calm_stretches":%s,"around":%s,"longest_us_by_reload":[%s],"slowest_switch_ms":%lld,"sender_delay":%s,"status":%s})"
        "\n",
        settings_.rate, total_, versions_.size() - 1, sets_in_force_ - 1, all[0].json().c_str(), all[1].json().c_str(),
        around[0].json().c_str(), around[1].json().c_str(), longest.c_str(), static_cast<long long>(slowest_ns / 1'000'000),
        delays.json().c_str(), status.c_str());
  }

  Settings settings_;
  std::size_t total_;
  std::vector<fs::path> versions_;
  DecidedSets sets_;
  std::vector<std::int64_t> published_ns_;  // by set
  std::size_t sets_in_force_ = 0;
  std::atomic<std::int64_t> begun_ns_{0};  // when the first record should be sent
  std::atomic<std::size_t> received_{0};
  std::atomic<bool> greeted_{false};
  std::atomic<bool> stopping_{false};
};

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  using namespace weir::bench;
  CLI::App program{"How long events wait for their decisions while the rules are replaced, as JSON."};
  Settings settings;
  settings.add_options(program);
  program.add_option("--rate", settings.rate, "records a second")->check(CLI::PositiveNumber);
  program.add_option("--warmup-seconds", settings.warmup_seconds);
  program.add_option("--span-seconds", settings.span_seconds, "of each calm span and of each with reloads");
  program.add_option("--pairs", settings.pairs, "of a calm span and one with reloads")->check(CLI::PositiveNumber);
  program.add_option("--every-seconds", settings.every_seconds, "a reload")->check(CLI::PositiveNumber);
  program.add_option("--patience-seconds", settings.patience_seconds, "wait at most so long for decisions after the last record");
  program.add_option("--rules", settings.rules, "the file to replace")->required();
  program.add_option("--versions", settings.versions, "a folder with what it begins with and what it is replaced by")->required();
  program.add_option("--status", settings.status, "a command that prints the program's status as JSON")->required();
  CLI11_PARSE(program, argc, argv);
  return Probe(settings).run();
}
