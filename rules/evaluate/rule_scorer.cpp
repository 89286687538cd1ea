#include "rules/evaluate/rule_scorer.h"

#include <utility>

#include "engine/base/check.h"
#include "rules/evaluate/decision_filler.h"

namespace weir::evaluate {

namespace {

class RuleScorerScratch final : public ScorerScratch {
 public:
  explicit RuleScorerScratch(const CompiledRules& rules)
      : prepare(rules.prepare.make_memory()),
        judge(rules.judge.make_memory()),
        route(rules.route.make_memory()),
        after(rules.after.make_memory()) {
    score.type = ValueType::decimal;
    score.scale = score_scale;
  }

  ProgramMemory prepare;
  ProgramMemory judge;
  ProgramMemory route;
  ProgramMemory after;
  std::vector<const Column*> columns;
  std::vector<const Column*> route_columns;
  std::vector<const Column*> after_columns;
  DecisionFiller filler;
  Column score;    // of the batch, for routes
  Column outcome;  // outcome indexes as integers
  Arena text;
};

void bind(const Program& program, const EventBatch& batch, const FeatureColumns* features, const RuleScorerScratch& scratch,
          std::vector<const Column*>& columns) {
  columns.clear();
  for (const Input& input : program.inputs()) {
    switch (input.source) {
      case InputSource::field:
        columns.push_back(&batch.columns[input.index]);
        break;
      case InputSource::feature:
        WEIR_CHECK(features != nullptr);
        columns.push_back(&features->columns[input.index]);
        break;
      case InputSource::event_type:
        columns.push_back(&batch.of_type[input.index]);
        break;
      case InputSource::score:
        columns.push_back(&scratch.score);
        break;
      case InputSource::outcome:
        columns.push_back(&scratch.outcome);
        break;
    }
  }
}

// Rows of a derived column that are not computed stay missing.
void store(const ResultReader& reader, const ProgramMemory& memory, std::size_t block, std::uint64_t judged, Column& column) {
  const std::size_t first = block * block_rows;
  const std::uint64_t present = memory.mask(reader.present) & judged;
  column.present.words()[block] |= present;
  if (reader.type == ValueType::boolean) {
    column.bits.words()[block] |= memory.mask(reader.place) & present;
    return;
  }
  for_each_row(present, [&](std::size_t row) {
    const ScalarValue value = reader.read(memory, row);
    if (reader.type == ValueType::floating)
      column.floats[first + row] = value.floating;
    else if (reader.type == ValueType::string)
      column.strings[first + row] = value.text;
    else if (reader.type == ValueType::geo)
      column.points[first + row] = value.point;
    else if (reader.type == ValueType::ip)
      column.addresses[first + row] = value.address;
    else
      column.integers[first + row] = value.integer;
  });
}

void observe(const CompiledRules& rules, const std::vector<ResultReader>& watched, std::size_t first_number, const ProgramMemory& memory,
             const EventBatch& batch, std::size_t block, std::uint64_t judged) {
  const std::size_t first = block * block_rows;
  for_each_row(judged, [&](std::size_t row) {
    for (std::size_t index = 0; index < watched.size(); ++index)
      rules.observer->observed(batch.offsets[first + row], first_number + index, watched[index].read(memory, row));
  });
}

void make_room(std::size_t rows, RuleScorerScratch& scratch) {
  for (Column* column : {&scratch.score, &scratch.outcome}) {
    column->integers.resize(rows);
    column->present.assign(rows, true);
  }
}

void publish_block(const DecisionBatch& decisions, std::size_t block, RuleScorerScratch& scratch) {
  const std::size_t first = block * block_rows;
  const std::size_t end = std::min(first + block_rows, decisions.rows);
  for (std::size_t row = first; row < end; ++row) {
    scratch.score.integers[row] = decisions.scores[row];
    scratch.outcome.integers[row] = decisions.outcomes[row];
  }
}

}  // namespace

RuleScorer::RuleScorer(std::unique_ptr<const CompiledRules> rules) : rules_(std::move(rules)) {}

std::unique_ptr<ScorerScratch> RuleScorer::make_scratch() const {
  return std::make_unique<RuleScorerScratch>(*rules_);
}

void RuleScorer::prepare(EventBatch& batch, ScorerScratch& scratch) const {
  auto& own = static_cast<RuleScorerScratch&>(scratch);
  const std::size_t fields = rules_->event.fields.size();
  WEIR_CHECK(batch.columns.size() >= fields);
  const std::size_t derived = rules_->derived_specs.size();
  if (derived == 0 && !rules_->filter) return;
  batch.columns.resize(fields + derived);
  for (std::size_t index = 0; index < derived; ++index) {
    Column& column = batch.columns[fields + index];
    column.type = rules_->derived_specs[index].type;
    column.scale = rules_->derived_specs[index].scale;
    column.resize(batch.rows);
  }
  bind(rules_->prepare, batch, nullptr, own, own.columns);
  for (std::size_t block = 0; block < batch.active.word_count(); ++block) {
    std::uint64_t& active = batch.active.words()[block];
    if (active == 0) continue;
    // Strings made here are read by the features stage, so they live as long as the batch.
    rules_->prepare.run(own.columns, batch.rows, block, active, batch.arena, own.prepare);
    if (rules_->filter) active &= own.prepare.mask(*rules_->filter);
    for (const DerivedResult& result : rules_->derived)
      store(result.reader, own.prepare, block, active, batch.columns[fields + result.column]);
  }
}

void RuleScorer::score(const EventBatch& batch, const FeatureColumns& features, DecisionBatch& decisions, ScorerScratch& scratch) const {
  auto& own = static_cast<RuleScorerScratch&>(scratch);
  WEIR_CHECK(features.columns.size() >= rules_->features.size());
  own.text.clear();
  own.filler.begin(*rules_, batch.rows, decisions);
  bind(rules_->judge, batch, &features, own, own.columns);
  const bool routed = !rules_->routes.empty() || !rules_->watched_decided.empty();
  if (routed) {
    make_room(batch.rows, own);
    bind(rules_->route, batch, &features, own, own.route_columns);
  }
  for (std::size_t block = 0; block < batch.active.word_count(); ++block) {
    const std::uint64_t judged = batch.active.words()[block];
    if (judged == 0) {
      own.filler.skip_block(block, decisions);
      continue;
    }
    rules_->judge.run(own.columns, batch.rows, block, judged, own.text, own.judge);
    own.filler.fill_block(*rules_, own.judge, block, judged, decisions);
    count_undecided(*rules_, own.judge, batch, block, judged, decisions);
    if (rules_->observer != nullptr) observe(*rules_, rules_->watched_judged, 0, own.judge, batch, block, judged);
    if (!routed) continue;
    publish_block(decisions, block, own);
    rules_->route.run(own.route_columns, batch.rows, block, judged, own.text, own.route);
    for (std::size_t index = 0; index < rules_->routes.size(); ++index)
      decisions.routes[index].words()[block] = own.route.mask(rules_->routes[index]);
    if (rules_->observer != nullptr)
      observe(*rules_, rules_->watched_decided, rules_->watched_judged.size(), own.route, batch, block, judged);
  }
}

void RuleScorer::begin_waves(const EventBatch& batch, const FeatureColumns& features, DecisionBatch& decisions,
                             ScorerScratch& scratch) const {
  auto& own = static_cast<RuleScorerScratch&>(scratch);
  WEIR_CHECK(features.columns.size() >= rules_->vocabulary.features.size());
  own.text.clear();
  own.filler.begin(*rules_, batch.rows, decisions);
  own.filler.begin_waves(batch.rows);
  make_room(batch.rows, own);
  bind(rules_->judge, batch, &features, own, own.columns);
  bind(rules_->route, batch, &features, own, own.route_columns);
  bind(rules_->after, batch, &features, own, own.after_columns);
}

void RuleScorer::score_wave(EventBatch& batch, const FeatureColumns&, std::span<const RowBlock> wave, DecisionBatch& decisions,
                            FeedbackWrites& writes, ScorerScratch& scratch) const {
  auto& own = static_cast<RuleScorerScratch&>(scratch);
  const std::size_t fields = rules_->event.fields.size();
  for (const auto& [block, rows] : wave) {
    rules_->judge.run(own.columns, batch.rows, block, rows, own.text, own.judge);
    own.filler.fill_wave_block(*rules_, own.judge, block, rows, decisions, writes);
    count_undecided(*rules_, own.judge, batch, block, rows, decisions);
    if (rules_->observer != nullptr) observe(*rules_, rules_->watched_judged, 0, own.judge, batch, block, rows);
    const bool routed = !rules_->routes.empty() || !rules_->watched_decided.empty();
    if (!routed && rules_->decided.empty()) continue;
    publish_block(decisions, block, own);
    if (routed) rules_->route.run(own.route_columns, batch.rows, block, rows, own.text, own.route);
    if (rules_->observer != nullptr)
      observe(*rules_, rules_->watched_decided, rules_->watched_judged.size(), own.route, batch, block, rows);
    for (std::size_t index = 0; index < rules_->routes.size(); ++index)
      decisions.routes[index].words()[block] |= own.route.mask(rules_->routes[index]);
    if (rules_->decided.empty()) continue;
    rules_->after.run(own.after_columns, batch.rows, block, rows, batch.arena, own.after);
    for (const DerivedResult& result : rules_->decided) store(result.reader, own.after, block, rows, batch.columns[fields + result.column]);
  }
}

void RuleScorer::end_waves(DecisionBatch& decisions, ScorerScratch& scratch) const {
  static_cast<RuleScorerScratch&>(scratch).filler.end_waves(decisions);
}

}  // namespace weir::evaluate
