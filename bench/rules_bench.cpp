// What judging costs: 10, 50 and 1000 rules made like those of FD-1C, over batches of 8 to 256 events. Each checks its fired rules first.
// The time of one iteration divided by the batch's events is what `items_per_second` says.
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/scaled_rules.h"
#include "engine/base/check.h"
#include "rules/evaluate/rule_set.h"
#include "rules/language/check_rules.h"

namespace weir {
namespace {

struct Judge {
  std::vector<FeatureSpec> features;
  std::shared_ptr<const Scorer> scorer;
};

Judge make_judge(std::size_t rules, std::optional<evaluate::InstructionSet> set) {
  const std::vector<SourceFile> files = {{"scaled.rules", scaled_rules_text(rules)}};
  Diagnostics diagnostics;
  const std::optional<CheckedRules> checked = check_rules(files, {}, diagnostics);
  if (!checked) std::fputs(render(diagnostics, false).c_str(), stderr);
  WEIR_CHECK(checked.has_value());
  return {checked->features, RuleSet::compile(*checked, {.filter = {}, .routes = {}, .instructions = set}).take()};
}

// Every rule on every row; answers how many fired.
std::size_t check_decisions(const Judge& judge, std::size_t rules, const ScaledBatch& batch, const DecisionBatch& decisions) {
  std::size_t at = 0;
  for (std::size_t row = 0; row < batch.events.rows; ++row) {
    WEIR_CHECK(decisions.fired_begin[row] == at);
    for (std::size_t rule = 0; rule < rules; ++rule) {
      if (!scaled_rule_holds(rule, batch, judge.features, row)) continue;
      WEIR_CHECK(at < decisions.fired.size() && decisions.fired[at].row == row && decisions.fired[at].rule == rule);
      ++at;
    }
  }
  WEIR_CHECK(decisions.fired.size() == at);
  return at;
}

// Several batches in turn, so that the branch predictor learns the program and not the answers.
constexpr std::uint64_t batch_count = 16;

void judge_batches(benchmark::State& state, std::optional<evaluate::InstructionSet> set) {
  const auto rules = static_cast<std::size_t>(state.range(0));
  const auto rows = static_cast<std::size_t>(state.range(1));
  const Judge judge = make_judge(rules, set);
  const std::unique_ptr<ScorerScratch> scratch = judge.scorer->make_scratch();
  DecisionBatch decisions;
  std::vector<ScaledBatch> batches;
  std::size_t fired = 0;
  for (std::uint64_t seed = 1; seed <= batch_count; ++seed) {
    batches.push_back(make_scaled_batch(judge.scorer->event(), judge.features, rows, seed));
    judge.scorer->score(batches.back().events, batches.back().features, decisions, *scratch);
    fired += check_decisions(judge, rules, batches.back(), decisions);
  }
  std::size_t next = 0;
  for (auto _ : state) {
    judge.scorer->score(batches[next].events, batches[next].features, decisions, *scratch);
    benchmark::DoNotOptimize(decisions.fired.data());
    next = (next + 1) % batches.size();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(rows) * state.iterations());
  state.counters["fired_per_event"] = static_cast<double>(fired) / static_cast<double>(rows * batch_count);
}

void judge_rules(benchmark::State& state) {
  judge_batches(state, {});
}
BENCHMARK(judge_rules)->ArgNames({"rules", "events"})->ArgsProduct({{10, 50, 1000}, {8, 64, 256}});

void judge_rules_portable(benchmark::State& state) {
  judge_batches(state, evaluate::InstructionSet::portable);
}
BENCHMARK(judge_rules_portable)->ArgNames({"rules", "events"})->ArgsProduct({{50}, {256}});

}  // namespace
}  // namespace weir

BENCHMARK_MAIN();
