// The programs over columns against the row interpreter: random rule sets, random batches, every instruction set, all sizes of blocks.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>
#include <xxhash.h>

#include <gtest/gtest.h>

#include "engine/base/int128.h"
#include "rules/evaluate/rule_set.h"
#include "rules/evaluate/value_text.h"
#include "tests/support/random_rules.h"
#include "tests/support/row_interpreter.h"

namespace weir::test {
namespace {

constexpr std::size_t sizes[] = {1, 7, 63, 64, 65, 256};

std::string rendered(const CheckedRules& rules, ExpressionIndex index, const RowValue& value, bool json) {
  const Expression& expression = rules.expressions[index];
  evaluate::ScalarValue scalar{.type = expression.type,
                               .scale = expression.scale,
                               .present = value.present,
                               .boolean = value.boolean,
                               .integer = value.integer,
                               .floating = value.floating,
                               .text = value.text,
                               .point = value.point};
  if (expression.type == ValueType::ip && value.present) std::memcpy(&scalar.address, value.text.data(), sizeof scalar.address);
  ByteBuffer out;
  json ? append_json(out, scalar) : append_text(out, scalar);
  return std::string(out.view());
}

struct ExpectedRow {
  std::vector<std::string> fired;  // "rule: reason"
  std::vector<std::uint32_t> errors;
  std::vector<std::pair<std::uint32_t, OutcomeIndex>> shadows;  // rule, and the outcome had it been live
  std::vector<std::string> updates;                             // "rule: value"
  std::int64_t score = 0;
  OutcomeIndex outcome = no_outcome;
};

OutcomeIndex outcome_of(const CheckedPolicy& policy, OutcomeIndex forced, std::int64_t score) {
  if (forced != no_outcome) return forced;
  OutcomeIndex outcome = policy.otherwise;
  for (auto band = policy.bands.rbegin(); band != policy.bands.rend(); ++band)
    if (score >= band->at_least) outcome = band->outcome;
  return outcome;
}

bool is_chosen(const CheckedRule& rule, const RowSource& source) {
  const Column& key = source.events.columns[rule.canary_key];
  if (!key.present.test(source.row)) return false;
  const std::string text = key.type == ValueType::string ? std::string(key.strings[source.row]) : std::to_string(key.integers[source.row]);
  const std::uint64_t hash = XXH3_64bits_withSeed(text.data(), text.size(), XXH3_64bits(rule.name.data(), rule.name.size()));
  return UInt128{hash} * 10'000 < (static_cast<UInt128>(rule.canary_share) << 64);
}

ExpectedRow expect_row(const CheckedRules& rules, const RowSource& source) {
  ExpectedRow expected;
  for (std::uint32_t index = 0; index < rules.rules.size(); ++index) {
    const CheckedRule& rule = rules.rules[index];
    if (rule.mode == RuleMode::off || source.events.time().integers[source.row] >= rule.expires_ms) continue;
    const RowValue when = interpret(source, rule.when);
    if (when.failed) expected.errors.push_back(index);
    if (when.failed || !when.boolean) continue;
    if (rule.mode == RuleMode::shadow || (rule.mode == RuleMode::canary && !is_chosen(rule, source))) {
      expected.shadows.emplace_back(index, no_outcome);
      continue;
    }
    std::string text = std::to_string(index) + ": ";
    for (const ReasonPart& part : rule.reason)
      text += part.value == no_expression ? part.text : rendered(rules, part.value, interpret(source, part.value), false);
    if (rule.reason.empty()) text += rule.title;
    expected.fired.push_back(text);
    for (const CheckedUpdate& update : rule.updates) {
      const bool named = std::all_of(update.key.begin(), update.key.end(),
                                     [&](ColumnIndex column) { return source.events.columns[column].present.test(source.row); });
      if (!named) continue;
      expected.updates.push_back(std::to_string(index) + (update.value == no_expression
                                                              ? " unset"
                                                              : rendered(rules, update.value, interpret(source, update.value), true)));
    }
    expected.score += rule.score;
    expected.outcome = std::min(expected.outcome, rule.then);
  }
  for (auto& [index, outcome] : expected.shadows) {
    const CheckedRule& rule = rules.rules[index];
    outcome = outcome_of(rules.policy, std::min(expected.outcome, rule.then), expected.score + rule.score);
  }
  expected.outcome = outcome_of(rules.policy, expected.outcome, expected.score);
  return expected;
}

// Bit by bit, so that a negative zero is not taken for zero.
void expect_same(const Column& column, std::size_t row, const RowValue& expected) {
  ASSERT_EQ(column.present.test(row), expected.present);
  if (column.type == ValueType::boolean) {
    EXPECT_EQ(column.bits.test(row), expected.present && expected.boolean);
  } else if (column.type == ValueType::floating) {
    EXPECT_EQ(std::memcmp(&column.floats[row], &expected.floating, sizeof(double)), 0) << column.floats[row] << " " << expected.floating;
  } else if (column.type == ValueType::string) {
    EXPECT_EQ(column.strings[row], expected.text);
  } else if (column.type == ValueType::ip) {
    EXPECT_EQ(bytes_of(column.addresses[row]), expected.present ? expected.text : bytes_of(IpAddress()));
  } else if (column.type == ValueType::geo) {
    EXPECT_EQ(column.points[row].latitude, expected.point.latitude);
    EXPECT_EQ(column.points[row].longitude, expected.point.longitude);
  } else {
    EXPECT_EQ(column.integers[row], expected.integer);
  }
}

void check_batch(const RandomRuleSet& set, const Scorer& scorer, std::uint64_t seed, std::size_t rows, RandomBatch& batch,
                 ScorerScratch& scratch, DecisionBatch& decisions) {
  const CheckedRules& rules = set.rules;
  fill_random_batch(rules, seed, rows, batch);
  const BitMask offered = batch.events.active;
  scorer.prepare(batch.events, scratch);
  scorer.score(batch.events, batch.features, decisions, scratch);
  ASSERT_EQ(decisions.rows, rows);
  ASSERT_EQ(decisions.fired_begin.size(), rows + 1);
  std::size_t next_error = 0;
  std::size_t next_update = 0;
  std::size_t next_shadow = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    SCOPED_TRACE("row " + std::to_string(row));
    RowSource source{rules, batch.events, batch.features, row};
    const bool kept = offered.test(row) && (!set.options.filter || interpret(source, *set.options.filter).boolean);
    ASSERT_EQ(batch.events.active.test(row), kept);
    for (std::size_t index = 0; index < rules.derived.size(); ++index) {
      const RowValue expected = kept ? interpret(source, rules.derived[index].value) : RowValue{};
      expect_same(batch.events.columns[rules.event.fields.size() + index], row, expected);
    }
    const ExpectedRow expected = kept ? expect_row(rules, source) : ExpectedRow{{}, {}, {}, {}, 0, rules.policy.otherwise};
    std::vector<std::string> fired;
    for (std::uint32_t at = decisions.fired_begin[row]; at < decisions.fired_begin[row + 1]; ++at) {
      const FiredRule& rule = decisions.fired[at];
      EXPECT_EQ(rule.row, row);
      fired.push_back(std::to_string(rule.rule) + ": " + std::string(decisions.text.view(rule.text_begin, rule.text_size)));
    }
    ASSERT_EQ(fired, expected.fired);
    ASSERT_EQ(decisions.scores[row], expected.score);
    ASSERT_EQ(decisions.outcomes[row], expected.outcome);
    for (const std::uint32_t rule : expected.errors) {
      ASSERT_LT(next_error, decisions.errors.size());
      EXPECT_EQ(decisions.errors[next_error].row, row);
      EXPECT_EQ(decisions.errors[next_error++].rule, rule);
    }
    for (const auto& [rule, outcome] : expected.shadows) {
      ASSERT_LT(next_shadow, decisions.shadows.size());
      EXPECT_EQ(decisions.shadows[next_shadow].row, row);
      EXPECT_EQ(decisions.shadows[next_shadow].rule, rule);
      EXPECT_EQ(decisions.shadows[next_shadow++].outcome_if_live, outcome);
    }
    for (const std::string& update : expected.updates) {
      ASSERT_LT(next_update, decisions.updates.size());
      const ProfileUpdate& made = decisions.updates[next_update++];
      EXPECT_EQ(made.row, row);
      const std::string body(decisions.update_text.view(made.body_begin, made.body_size));
      const std::size_t set_at = body.find("\"set\":{\"fact\":");
      const std::string value = set_at == std::string::npos ? " unset" : body.substr(set_at + 14, body.rfind("},\"for_ms\"") - set_at - 14);
      EXPECT_EQ(std::to_string(made.rule) + value, update);
    }
    source.score = expected.score;
    source.outcome = expected.outcome;
    for (std::size_t route = 0; route < set.options.routes.size(); ++route)
      ASSERT_EQ(decisions.routes[route].test(row), kept && interpret(source, set.options.routes[route]).boolean) << "route " << route;
  }
  EXPECT_EQ(next_error, decisions.errors.size());
  EXPECT_EQ(next_update, decisions.updates.size());
  EXPECT_EQ(next_shadow, decisions.shadows.size());
}

class Differential : public testing::TestWithParam<evaluate::InstructionSet> {};

TEST_P(Differential, ProgramsAgreeWithTheRowInterpreter) {
  constexpr std::uint64_t rule_sets = 150;
  std::size_t fired = 0;
  std::size_t failed = 0;
  std::size_t shadows = 0;
  for (std::uint64_t seed = 1; seed <= rule_sets; ++seed) {
    SCOPED_TRACE("rule set " + std::to_string(seed));
    RandomRuleSet set = make_random_rules(seed, 1 + seed % 24);
    set.options.instructions = GetParam();
    const std::shared_ptr<const Scorer> scorer = RuleSet::compile(set.rules, set.options).take();
    const std::unique_ptr<ScorerScratch> scratch = scorer->make_scratch();
    RandomBatch batch;
    DecisionBatch decisions;
    for (const std::size_t rows : sizes) {
      SCOPED_TRACE(std::to_string(rows) + " rows");
      check_batch(set, *scorer, seed * 1000 + rows, rows, batch, *scratch, decisions);
      if (HasFatalFailure()) return;
      fired += decisions.fired.size();
      failed += decisions.errors.size();
      shadows += decisions.shadows.size();
    }
  }
  // The draw is worth something only if rules do fire and numbers do overflow.
  EXPECT_GT(fired, 10'000U);
  EXPECT_GT(failed, 1'000U);
  EXPECT_GT(shadows, 2'000U);
}

INSTANTIATE_TEST_SUITE_P(AllInstructionSets, Differential, testing::ValuesIn(evaluate::available_instruction_sets()),
                         [](const auto& set) { return std::string(evaluate::to_string(set.param)); });

}  // namespace
}  // namespace weir::test
