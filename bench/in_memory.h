// What benchmarks of lanes share that need no broker: records in memory, rules from text, a sink that takes everything.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/fd1/workload.h"
#include "engine/base/arena.h"
#include "engine/event/record.h"
#include "engine/ports/sink.h"
#include "rules/evaluate/rule_set.h"
#include "rules/language/check_rules.h"

namespace weir {

[[noreturn]] inline void fail(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  std::exit(70);
}

// Ends the program where they are wrong.
inline std::shared_ptr<const Scorer> compile_rules(const std::string& path, const std::string& text) {
  const std::vector<SourceFile> files{{path, text}};
  Diagnostics diagnostics;
  const std::optional<CheckedRules> rules = check_rules(files, {}, diagnostics);
  if (!rules) fail(render(diagnostics, false));
  RuleSetOptions options;
  options.every_feature_is_read = false;
  Result<std::shared_ptr<const Scorer>> scorer = RuleSet::compile(*rules, options);
  if (!scorer) fail(scorer.error().text);
  return scorer.take();
}

// The next record of a shard that has `views` so far.
inline RecordView next_record(const fd1::WorkloadRecord& record, const std::vector<RecordView>& views, Arena& arena) {
  RecordView view;
  view.key = arena.copy(record.key);
  view.value = arena.copy(record.value);
  view.offset = static_cast<std::int64_t>(views.size());
  view.has_key = true;
  view.has_value = true;
  return view;
}

// Takes everything and acknowledges it at the next opportunity. One a lane.
class TakingSink : public Sink {
 public:
  Status open(LaneIndex, void (*)(void*, LaneIndex), void*) override { return success(); }
  std::uint32_t offer(OutputBatch& batch, std::uint32_t first) override {
    const auto count = static_cast<std::uint32_t>(batch.outputs.size()) - first;
    look(batch, first);
    taken_.push_back({&batch, first, count});
    return count;
  }
  void collect(LaneIndex, std::vector<Acknowledgement>& into) override {
    into.insert(into.end(), taken_.begin(), taken_.end());
    taken_.clear();
  }
  SinkState state() const override { return {}; }
  void close(std::chrono::steady_clock::time_point) override {}

 private:
  // At the outputs from `first` on.
  virtual void look(const OutputBatch& batch, std::uint32_t first) = 0;

  std::vector<Acknowledgement> taken_;
};

}  // namespace weir
