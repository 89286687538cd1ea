// What it costs that rules read what rules write: fifty rules like those of FD-1C and three with feedback, over batches of 256 events of
// one key to 256 keys. Each checks first that a batch gives what its events give one by one.
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/scaled_rules.h"
#include "engine/base/check.h"
#include "engine/feedback/wave_judge.h"
#include "rules/evaluate/rule_set.h"
#include "rules/language/check_rules.h"

namespace weir {
namespace {

constexpr std::size_t rule_count = 50;
constexpr std::size_t rows = 256;

const std::string feedback_text =
    "feature card_blocks_1h = count() by card_id over 1h where outcome == block\n"
    "rule fact \"Fact\" { when amount > 5 score 1 update card_id set level = coalesce(profile(card_id).level, 0) + 1 for 1h }\n"
    "rule level \"Level\" { when profile(card_id).level >= 20 score 1 update card_id unset level }\n"
    "rule blocked \"Blocked\" { when card_blocks_1h >= 3 score 1 }\n";

std::shared_ptr<const Scorer> compile(const std::string& text) {
  const std::vector<SourceFile> files = {{"scaled.rules", text}};
  Diagnostics diagnostics;
  const std::optional<CheckedRules> checked = check_rules(files, {}, diagnostics);
  if (!checked) std::fputs(render(diagnostics, false).c_str(), stderr);
  WEIR_CHECK(checked.has_value());
  return RuleSet::compile(*checked).take();
}

struct Trial {
  explicit Trial(std::size_t keys)
      : scorer(compile(scaled_rules_text(rule_count) + feedback_text)),
        plain(compile(scaled_rules_text(rule_count))),
        scratch(scorer->make_scratch()),
        state(std::make_unique<FeedbackState>(*scorer, KeyOwner::any, FeatureStoreLimits{}, FeedbackLimits{})) {
    const std::vector<FeatureSpec> features(plain->features().begin(), plain->features().end());
    batch = make_scaled_batch(scorer->event(), features, rows, 1);
    const std::size_t card = *scorer->event().key_field;
    for (std::size_t row = 0; row < rows; ++row)
      batch.events.columns[card].strings[row] = batch.events.arena.copy("card" + std::to_string(row % keys));
    scorer->prepare(batch.events, *scratch);
  }

  void judge(EventBatch& events, FeatureColumns& features) {
    FeedbackState* states[] = {state.get()};
    judge_.judge(*scorer, events, features, states, decisions, *scratch);
  }

  std::shared_ptr<const Scorer> scorer;
  std::shared_ptr<const Scorer> plain;
  std::unique_ptr<ScorerScratch> scratch;
  std::unique_ptr<FeedbackState> state;
  ScaledBatch batch;
  DecisionBatch decisions;
  WaveJudge judge_;
};

void check(std::size_t keys) {
  Trial whole(keys);
  whole.judge(whole.batch.events, whole.batch.features);
  Trial single(keys);
  for (std::size_t row = 0; row < rows; ++row) {
    single.batch.events.active.assign(rows, false);
    single.batch.events.active.set(row);
    single.judge(single.batch.events, single.batch.features);
    WEIR_CHECK(single.decisions.scores[row] == whole.decisions.scores[row]);
    WEIR_CHECK(single.decisions.outcomes[row] == whole.decisions.outcomes[row]);
  }
}

void judge_with_feedback(benchmark::State& state) {
  const auto keys = static_cast<std::size_t>(state.range(0));
  check(keys);
  Trial trial(keys);
  for (auto _ : state) {
    trial.judge(trial.batch.events, trial.batch.features);
    benchmark::DoNotOptimize(trial.decisions.fired.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(rows) * state.iterations());
}
BENCHMARK(judge_with_feedback)->ArgName("keys")->Arg(1)->Arg(16)->Arg(128)->Arg(256);

void judge_without(benchmark::State& state) {
  Trial trial(rows);
  const std::unique_ptr<ScorerScratch> scratch = trial.plain->make_scratch();
  for (auto _ : state) {
    trial.plain->score(trial.batch.events, trial.batch.features, trial.decisions, *scratch);
    benchmark::DoNotOptimize(trial.decisions.fired.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(rows) * state.iterations());
}
BENCHMARK(judge_without);

// One event a batch: what a wave of one event is compared with.
void judge_one_without(benchmark::State& state) {
  Trial trial(rows);
  const std::unique_ptr<ScorerScratch> scratch = trial.plain->make_scratch();
  trial.batch.events.active.assign(rows, false);
  trial.batch.events.active.set(0);
  for (auto _ : state) {
    trial.plain->score(trial.batch.events, trial.batch.features, trial.decisions, *scratch);
    benchmark::DoNotOptimize(trial.decisions.fired.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(judge_one_without);

}  // namespace
}  // namespace weir

BENCHMARK_MAIN();
