// What a whole lane costs an event of FD-1C and of FD-1, in memory: parse, features, rules, decisions, acknowledgements; no broker and no
// threads. Every decision and dead letter of a first pass is compared with the oracle; then the second day is timed on lanes warmed by the
// first.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <time.h>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/fd1/comparison.h"
#include "bench/fd1/oracle.h"
#include "bench/fd1/workload.h"
#include "bench/in_memory.h"
#include "engine/pipeline/lane.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr ShardIndex shard_number = 0;
constexpr AssignmentEpoch assignment = 1;

// The lane never waits here, so its CPU time is its time, whatever else the machine does.
double thread_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// FD-1S as records of one shard, with what the oracle says about them.
class Stream {
 public:
  Stream() : size_(*fd1::workload_size("S")) {
    fd1::Workload workload(size_, 1);
    fd1::WorkloadRecord record;
    while (workload.next(record)) views_.push_back(next_record(record, views_, arena_));
  }

  const std::vector<RecordView>& views() const { return views_; }
  std::size_t warmup() const { return size_.events_per_day; }

  void expect(fd1::Variant variant, fd1::Comparison& comparison) const {
    fd1::Oracle oracle(variant);
    for (const RecordView& view : views_) {
      if (const auto event = fd1::parse_event(view.value)) {
        comparison.expect_decision(event->id, fd1::answer_text(oracle.decide(*event)));
      } else {
        comparison.expect_dead_letter(std::string(view.value));
      }
    }
  }

 private:
  fd1::WorkloadSize size_;
  Arena arena_;
  std::vector<RecordView> views_;
};

// Hands out [position, end) of the stream in full batches.
class MemoryReader final : public LaneReader {
 public:
  MemoryReader(const std::vector<RecordView>& views, std::size_t batch_size) : views_(views), batch_size_(batch_size) {}

  void allow_until(std::size_t end) { end_ = end; }
  bool drained() const { return position_ == end_; }

  RecordBatch* poll(std::chrono::microseconds) override {
    if (drained()) return nullptr;
    const std::size_t count = std::min(batch_size_, end_ - position_);
    batch_.shard = shard_number;
    batch_.epoch = assignment;
    batch_.records.assign(views_.begin() + static_cast<std::ptrdiff_t>(position_),
                          views_.begin() + static_cast<std::ptrdiff_t>(position_ + count));
    position_ += count;
    return &batch_;
  }
  void release(RecordBatch*) override {}
  void pause(ShardIndex) override {}
  void resume(ShardIndex) override {}
  void wake() noexcept override {}

 private:
  const std::vector<RecordView>& views_;
  std::size_t batch_size_;
  std::size_t position_ = 0;
  std::size_t end_ = 0;
  RecordBatch batch_;
};

// Counts what it takes, and shows it to the comparison if there is one.
class MemorySink final : public TakingSink {
 public:
  explicit MemorySink(fd1::Comparison* comparison) : comparison_(comparison) {}

  std::uint64_t outputs() const { return outputs_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  void look(const OutputBatch& batch, std::uint32_t first) override {
    for (std::size_t at = first; at < batch.outputs.size() && comparison_ != nullptr; ++at) {
      const std::string_view value = batch.view(batch.outputs[at].value);
      batch.kind == OutputKind::dead_letter ? comparison_->dead_letter(value) : comparison_->decision(value);
    }
    for (std::size_t at = first; at < batch.outputs.size(); ++at) bytes_ += batch.outputs[at].value.size;
    outputs_ += batch.outputs.size() - first;
  }

  fd1::Comparison* comparison_;
  std::uint64_t outputs_ = 0;
  std::uint64_t bytes_ = 0;
};

std::shared_ptr<const Scorer> scorer_of(fd1::Variant variant) {
  const std::string rules_path =
      std::string(WEIR_SOURCE_DIR) + (variant == fd1::Variant::fd1 ? "/bench/fd1/fd1.rules" : "/bench/fd1/fd1c.rules");
  std::stringstream text;
  text << std::ifstream(rules_path).rdbuf();
  return compile_rules(rules_path, text.str());
}

// One lane over the stream: a fresh one has no windows yet.
class Run {
 public:
  Run(const Stream& stream, std::shared_ptr<const Scorer> scorer, std::size_t batch_size, fd1::Comparison* comparison)
      : decisions_(comparison),
        dead_letters_(comparison),
        reader_(stream.views(), batch_size),
        lane_(0, inputs(std::move(scorer)), bindings(), nullptr) {
    lane_.attach(0, reader_);
    ShardStart start;
    start.shard = shard_number;
    start.name = {"bench", "payments", 0};
    start.epoch = assignment;
    const std::future<void> assigned = lane_.assign(0, start, position_);
    while (assigned.wait_for(0s) != std::future_status::ready) lane_.do_work(0us);
  }

  // Up to record `end`, all of it acknowledged.
  void process_until(std::size_t end) {
    reader_.allow_until(end);
    while (!reader_.drained() || position_->read().next_offset < static_cast<std::int64_t>(end)) lane_.do_work(0us);
  }

  const MemorySink& decisions() const { return decisions_; }
  const MemorySink& dead_letters() const { return dead_letters_; }

 private:
  static std::vector<InputSettings> inputs(std::shared_ptr<const Scorer> scorer) {
    InputSettings input;
    input.scorer = std::move(scorer);
    return {input};
  }
  std::vector<SinkBinding> bindings() {
    return {{"decisions", &decisions_, OutputKind::decision, FeatureSelection::none, std::nullopt},
            {"dead_letters", &dead_letters_, OutputKind::dead_letter, FeatureSelection::none, std::nullopt}};
  }

  MemorySink decisions_;
  MemorySink dead_letters_;
  MemoryReader reader_;
  std::shared_ptr<PublishedPosition> position_ = std::make_shared<PublishedPosition>();
  Lane lane_;
};

void check(const Stream& stream, fd1::Variant variant, const std::shared_ptr<const Scorer>& scorer) {
  fd1::Comparison comparison;
  stream.expect(variant, comparison);
  Run run(stream, scorer, 256, &comparison);
  run.process_until(stream.views().size());
  const fd1::Comparison::Summary summary = comparison.summary();
  for (const std::string& complaint : summary.complaints) std::fprintf(stderr, "%s\n", complaint.c_str());
  if (summary.differences > 0) fail("the lane's decisions are not the oracle's: nothing is timed");
  std::fprintf(stderr, "%zu decisions and %zu dead letters equal the oracle's\n", summary.decisions, summary.dead_letters);
}

void time_lane(benchmark::State& state, const Stream& stream, const std::shared_ptr<const Scorer>& scorer) {
  const std::size_t events = stream.views().size() - stream.warmup();
  std::uint64_t bytes = 0;
  std::uint64_t outputs = 0;
  double seconds = 0;
  for ([[maybe_unused]] auto iteration : state) {
    Run run(stream, scorer, static_cast<std::size_t>(state.range(0)), nullptr);
    run.process_until(stream.warmup());
    const double begun = thread_cpu_seconds();
    run.process_until(stream.views().size());
    const double took = thread_cpu_seconds() - begun;
    state.SetIterationTime(took);
    seconds += took;
    outputs = run.decisions().outputs();
    bytes = run.decisions().bytes();
    if (outputs + run.dead_letters().outputs() != stream.views().size()) fail("outputs are missing");
  }
  state.counters["ns_per_event"] = seconds * 1e9 / static_cast<double>(events) / static_cast<double>(state.iterations());
  state.counters["decision_bytes"] = static_cast<double>(bytes) / static_cast<double>(outputs);
}

}  // namespace
}  // namespace weir

// The oracle takes its time with hot merchants: only what the filter may let through is checked.
bool asked_for(const std::string& name) {
  const std::string filter = benchmark::GetBenchmarkFilter();
  const std::string variant = name.substr(name.find('/'), name.rfind('/') + 1 - name.find('/'));  // "/fd1/"
  return filter.size() < 2 || filter.find(variant) != std::string::npos || name.find(filter) != std::string::npos;
}

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const weir::Stream stream;
  for (const auto variant : {weir::fd1::Variant::fd1c, weir::fd1::Variant::fd1}) {
    const std::string name = variant == weir::fd1::Variant::fd1 ? "lane/fd1/batch" : "lane/fd1c/batch";
    if (!asked_for(name)) continue;
    const std::shared_ptr<const weir::Scorer> scorer = weir::scorer_of(variant);
    weir::check(stream, variant, scorer);
    benchmark::RegisterBenchmark(name.c_str(), [&stream, scorer](benchmark::State& state) { weir::time_lane(state, stream, scorer); })
        ->Arg(1)
        ->Arg(64)
        ->Arg(256)
        ->Arg(4096)
        ->UseManualTime()
        ->Iterations(1)
        ->Repetitions(3)
        ->ReportAggregatesOnly(true)
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
