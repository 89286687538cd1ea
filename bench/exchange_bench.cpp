// What features by other keys cost an event: 0 to 3 of them beside the card's, on 1, 2 and 4 lanes with threads of their own, in memory.
// First every setting is checked: with all payments at one instant the k-th payment of a key must see k, whatever order they arrive in.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include "bench/fd1/workload.h"
#include "bench/in_memory.h"
#include "engine/base/wake_signal.h"
#include "engine/pipeline/lane_group.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr ShardIndex shards = 4;
constexpr AssignmentEpoch assignment = 1;
constexpr const char* keys[] = {"card", "device", "merchant", "account"};

// User and system time of the whole process.
double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// FD-1S payments by shard; a card is always in the same one.
struct Stream {
  // `at_once`: all at one instant.
  Stream(std::size_t events, bool at_once) : by_shard(shards) {
    fd1::Workload workload(*fd1::workload_size("S"), 1);
    fd1::WorkloadRecord record;
    for (std::size_t count = 0; count < events && workload.next(record);) {
      if (record.malformed) continue;
      ++count;
      if (at_once) stop_the_clock(record.value);
      std::vector<RecordView>& views = by_shard[std::hash<std::string>{}(record.key) % shards];
      views.push_back(next_record(record, views, arena));
    }
  }

  static void stop_the_clock(std::string& text) {
    const std::string name = "\"created_at\":";
    const std::size_t begin = text.find(name) + name.size();
    const std::size_t end = text.find_first_not_of("0123456789", begin);
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(begin), text.begin() + static_cast<std::ptrdiff_t>(end), '1');
  }

  Arena arena;
  std::vector<std::vector<RecordView>> by_shard;
};

// Hands out the shards of one lane in turn, each up to the allowed share of its records.
class MemoryReader final : public LaneReader {
 public:
  void add(ShardIndex shard, const std::vector<RecordView>& views) { places_.push_back({shard, &views, 0}); }

  // In percent. Any thread.
  void allow(std::size_t percent) {
    allowed_.store(percent, std::memory_order_release);
    signal_.notify();
  }

  RecordBatch* poll(std::chrono::microseconds wait) override {
    if (RecordBatch* batch = next()) return batch;
    if (wait <= 0us) return nullptr;
    signal_.wait_until(std::chrono::steady_clock::now() + wait);
    return next();
  }
  void release(RecordBatch* batch) override { idle_.push_back(batch); }
  void pause(ShardIndex) override {}
  void resume(ShardIndex) override {}
  void wake() noexcept override { signal_.notify(); }

 private:
  static constexpr std::size_t batch_size = 256;
  struct Place {
    ShardIndex shard;
    const std::vector<RecordView>* views;
    std::size_t position;
  };

  RecordBatch* next() {
    const std::size_t allowed = allowed_.load(std::memory_order_acquire);
    for (std::size_t step = 0; step < places_.size(); ++step) {
      Place& place = places_[turn_++ % places_.size()];
      const std::size_t end = place.views->size() * allowed / 100;
      if (place.position == end) continue;
      if (idle_.empty()) {
        batches_.push_back(std::make_unique<RecordBatch>());
        idle_.push_back(batches_.back().get());
      }
      RecordBatch* batch = idle_.back();
      idle_.pop_back();
      const std::size_t count = std::min(batch_size, end - place.position);
      const auto first = place.views->begin() + static_cast<std::ptrdiff_t>(place.position);
      batch->shard = place.shard;
      batch->epoch = assignment;
      batch->records.assign(first, first + static_cast<std::ptrdiff_t>(count));
      place.position += count;
      return batch;
    }
    return nullptr;
  }

  std::vector<Place> places_;
  std::size_t turn_ = 0;
  std::atomic<std::size_t> allowed_{0};
  std::vector<std::unique_ptr<RecordBatch>> batches_;
  std::vector<RecordBatch*> idle_;
  WakeSignal signal_;
};

// Keeps the texts where they are wanted.
class MemorySink final : public TakingSink {
 public:
  explicit MemorySink(bool keeps) : keeps_(keeps) {}

  std::vector<std::string> texts;

 private:
  void look(const OutputBatch& batch, std::uint32_t first) override {
    for (std::size_t at = first; keeps_ && at < batch.outputs.size(); ++at) texts.emplace_back(batch.view(batch.outputs[at].value));
  }

  bool keeps_;
};

// The card and `others` more keys, the same nine features each.
std::shared_ptr<const Scorer> scorer_with(std::size_t others) {
  std::string text = "event payment {\n  id string id\n  created_at timestamp time\n  card_id string key\n  amount decimal\n";
  for (std::size_t key = 1; key <= others; ++key) text += std::string("  ") + keys[key] + "_id string\n";
  text += "}\n";
  for (std::size_t key = 0; key <= others; ++key) {
    const std::string by = std::string(" by ") + keys[key] + "_id over ";
    const std::string name = std::string("feature ") + keys[key];
    for (const char* window : {"5m", "1h"})
      text += name + "_count_" + window + " = count()" + by + window + "\n" + name + "_sum_" + window + " = sum(amount)" + by + window +
              "\n" + name + "_avg_" + window + " = avg(amount)" + by + window + "\n" + name + "_max_" + window + " = max(amount)" + by +
              window + "\n";
    text += name + "_count_24h = count()" + by + "24h\n";
    text += std::string("rule ") + keys[key] + "_busy \"Busy, and dear\" {\n  when " + keys[key] + "_count_1h >= 50 and amount > 3 * " +
            keys[key] + "_avg_1h\n  score 10\n}\n";
  }
  text += "policy {\n  precedence alert, allow\n  score >= 20 -> alert\n  otherwise -> allow\n}\n";
  return compile_rules("exchange.rules", text);
}

class Run {
 public:
  Run(const Stream& stream, std::shared_ptr<const Scorer> scorer, LaneIndex lanes, bool keeps)
      : stream_(stream), keeps_(keeps), group_(make_lanes(std::move(scorer), lanes)), owner_(group_.owner(0, 0ms)) {
    for (LaneIndex lane = 0; lane < lanes; ++lane) group_.lane(lane).attach(0, readers_[lane]);
    for (ShardIndex shard = 0; shard < shards; ++shard) readers_[shard % lanes].add(shard, stream.by_shard[shard]);
    group_.start();
    for (ShardIndex shard = 0; shard < shards; ++shard)
      owner_.assign({shard, {"bench", "payments", static_cast<std::int32_t>(shard)}, assignment, shard % lanes, 0, 0});
  }
  ~Run() {
    for (ShardIndex shard = 0; shard < shards; ++shard) owner_.revoke(shard, false, std::chrono::steady_clock::now());
    group_.stop();
  }

  void process(std::size_t percent) {
    for (MemoryReader& reader : readers_) reader.allow(percent);
    for (ShardIndex shard = 0; shard < shards; ++shard) {
      const auto end = static_cast<std::int64_t>(stream_.by_shard[shard].size() * percent / 100);
      while (owner_.position(shard).next_offset < end) std::this_thread::sleep_for(200us);
    }
  }

  template <typename Visit>
  void for_each_text(Visit visit) const {
    for (const MemorySink& sink : decisions_)
      for (const std::string& text : sink.texts) visit(text);
  }

 private:
  std::vector<std::unique_ptr<Lane>> make_lanes(std::shared_ptr<const Scorer> scorer, LaneIndex count) {
    InputSettings input;
    input.scorer = std::move(scorer);
    std::vector<std::unique_ptr<Lane>> lanes;
    for (LaneIndex lane = 0; lane < count; ++lane) {
      readers_.emplace_back();
      const auto features = keeps_ ? FeatureSelection::all : FeatureSelection::none;
      const std::vector<SinkBinding> bindings{
          {"decisions", &decisions_.emplace_back(keeps_), OutputKind::decision, features, std::nullopt},
          {"dead_letters", &dead_letters_.emplace_back(false), OutputKind::dead_letter, FeatureSelection::none, std::nullopt}};
      lanes.push_back(std::make_unique<Lane>(lane, std::vector<InputSettings>{input}, bindings, nullptr));
    }
    return lanes;
  }

  const Stream& stream_;
  bool keeps_;
  std::deque<MemoryReader> readers_;
  std::deque<MemorySink> decisions_;
  std::deque<MemorySink> dead_letters_;
  LaneGroup group_;
  ShardOwner& owner_;
};

std::string text_behind(const std::string& text, const std::string& name) {
  const std::size_t at = text.find('"' + name + "\":");
  if (at == std::string::npos) fail("a decision without " + name);
  std::size_t begin = at + name.size() + 3;
  if (text[begin] == '"') ++begin;
  return text.substr(begin, text.find_first_of(",}\"", begin) - begin);
}

// The counts of a key must be 1 to n, each once.
void check(const Stream& at_once, std::size_t others, LaneIndex lanes) {
  std::map<std::string, std::string> ids[std::size(keys)];  // of each payment, by key
  for (const std::vector<RecordView>& views : at_once.by_shard)
    for (const RecordView& view : views)
      for (std::size_t key = 0; key <= others; ++key)
        ids[key][text_behind(std::string(view.value), "id")] = text_behind(std::string(view.value), std::string(keys[key]) + "_id");
  Run run(at_once, scorer_with(others), lanes, true);
  run.process(100);
  for (std::size_t key = 0; key <= others; ++key) {
    std::map<std::string, std::vector<std::size_t>> counts;
    run.for_each_text([&](const std::string& text) {
      counts[ids[key].at(text_behind(text, "event_id"))].push_back(std::stoul(text_behind(text, std::string(keys[key]) + "_count_1h")));
    });
    std::size_t seen = 0;
    for (auto& [name, of_key] : counts) {
      std::sort(of_key.begin(), of_key.end());
      for (std::size_t at = 0; at < of_key.size(); ++at)
        if (of_key[at] != at + 1)
          fail(std::string(keys[key]) + " " + name + ": payment " + std::to_string(at + 1) + " of it saw another count");
      seen += of_key.size();
    }
    if (seen != ids[key].size()) fail("payments are missing: nothing is timed");
  }
}

void time_exchange(benchmark::State& state, const Stream& stream, std::size_t others, LaneIndex lanes) {
  std::size_t events = 0;
  for (const std::vector<RecordView>& views : stream.by_shard) events += views.size() - views.size() / 2;
  const std::shared_ptr<const Scorer> scorer = scorer_with(others);
  double cpu = 0;
  double wall = 0;
  for ([[maybe_unused]] auto iteration : state) {
    Run run(stream, scorer, lanes, false);
    run.process(50);
    const double cpu_begun = cpu_seconds();
    const auto begun = std::chrono::steady_clock::now();
    run.process(100);
    cpu += cpu_seconds() - cpu_begun;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    wall += took.count();
    state.SetIterationTime(took.count());
  }
  const double all = static_cast<double>(events) * static_cast<double>(state.iterations());
  state.counters["cpu_ns_per_event"] = cpu * 1e9 / all;
  state.counters["wall_ns_per_event"] = wall * 1e9 / all;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const weir::Stream at_once(20'000, true);
  const weir::Stream stream(400'000, false);
  for (std::size_t others = 0; others <= 3; ++others) {
    for (const weir::LaneIndex lanes : {1U, 2U, 4U}) {
      weir::check(at_once, others, lanes);
      const std::string name = "exchange/other_keys:" + std::to_string(others) + "/lanes:" + std::to_string(lanes);
      benchmark::RegisterBenchmark(name.c_str(),
                                   [&stream, others, lanes](benchmark::State& state) { weir::time_exchange(state, stream, others, lanes); })
          ->UseManualTime()
          ->Iterations(1)
          ->Repetitions(3)
          ->ReportAggregatesOnly(true)
          ->Unit(benchmark::kMillisecond);
    }
  }
  std::fprintf(stderr, "with 0 to 3 other keys on 1, 2 and 4 lanes every payment was seen once by each of its keys\n");
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
