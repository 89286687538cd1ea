// Writing decisions as JSON: rows without a fired rule, which most are, and rows with two. Checked against a whole decision before it is
// timed.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <benchmark/benchmark.h>

#include "engine/pipeline/decision_writer.h"

namespace weir {
namespace {

constexpr std::size_t rows = 256;

// A decided batch of 256 payments with three features; with `fired`, every row was hit by both rules.
struct DecidedBatch {
  explicit DecidedBatch(bool fired) {
    schema.name = "payment";
    schema.fields = {{"id", ValueType::string, 0, TimestampUnit::automatic, false}};
    schema.id_field = 0;
    vocabulary.outcomes = {"block", "allow"};
    vocabulary.rules = {{"card_testing", "Many small payments", 0, 800'000, {}, "", {0, 1}},
                        {"spread", "Many shops", no_outcome, 450'000, {}, "", {2}}};
    vocabulary.features = {"payments_10m", "spend_24h", "average_24h"};
    vocabulary.hash = "0123456789abcdef0123456789abcdef";
    events.schema = &schema;
    events.rows = rows;
    events.columns.resize(1);
    events.columns[0].type = ValueType::string;
    events.columns[0].resize(rows);
    features.columns.resize(3);
    features.columns[1].type = ValueType::decimal;
    features.columns[1].scale = 4;
    features.columns[2].type = ValueType::floating;
    for (Column& column : features.columns) column.resize(rows);
    decisions.rows = rows;
    decisions.fired_begin.push_back(0);
    for (std::uint32_t row = 0; row < rows; ++row) {
      ids.push_back("p" + std::to_string(100'000'000'000 + row));
      events.offsets.push_back(88'123 + row);
      features.columns[0].integers[row] = 6;
      features.columns[1].integers[row] = 1'234'500;
      features.columns[2].floats[row] = 20.575;
      for (Column& column : features.columns) column.present.set(row);
      decisions.scores.push_back(fired ? 1'250'000 : 0);
      decisions.outcomes.push_back(fired ? 0 : 1);
      if (fired) {
        for (std::uint32_t rule = 0; rule < 2; ++rule) {
          const auto begin = static_cast<std::uint32_t>(decisions.text.size());
          decisions.text.append("6 payments on this card in 10 minutes");
          decisions.fired.push_back({row, rule, begin, static_cast<std::uint32_t>(decisions.text.size()) - begin});
        }
      }
      decisions.fired_begin.push_back(static_cast<std::uint32_t>(decisions.fired.size()));
    }
    for (std::uint32_t row = 0; row < rows; ++row) {
      events.columns[0].strings[row] = ids[row];
      events.columns[0].present.set(row);
    }
  }

  EventSchema schema;
  DecisionVocabulary vocabulary;
  EventBatch events;
  FeatureColumns features;
  DecisionBatch decisions;
  std::vector<std::string> ids;
};

std::string expected_tail(bool fired) {
  const std::string reason = R"(","text":"6 payments on this card in 10 minutes","score":)";
  return std::string(R"(","event_id":"p100000000000","outcome":)") +
         (fired ? R"("block","score":125,"reasons":[{"rule":"card_testing)" + reason + R"(80,"outcome":"block"},{"rule":"spread)" + reason +
                      R"(45}],"features":{"payments_10m":6,"spend_24h":123.45,"average_24h":20.575},)"
                : R"("allow","score":0,"reasons":[],"features":{},)") +
         R"("ruleset":{"version":1,"hash":"0123456789abcdef0123456789abcdef"},"source":{"topic":"payments","partition":3,"offset":88123}})";
}

void decisions(benchmark::State& state) {
  const bool fired = state.range(0) != 0;
  const DecidedBatch batch(fired);
  DecisionWriter writer(batch.vocabulary, batch.schema);
  const ShardIdentity shard({"payments", "payments", 3});
  ByteBuffer out;
  writer.write_decision(out, {batch.events, batch.features, batch.decisions, 0}, shard, FeatureSelection::fired);
  constexpr std::size_t id_bytes = 7 + 32;
  if (out.view().substr(id_bytes) != expected_tail(fired)) {
    std::fprintf(stderr, "wrong decision: %.*s\n", static_cast<int>(out.size()), out.data());
    std::exit(70);
  }
  std::size_t bytes = 0;
  for (auto _ : state) {
    out.clear();
    for (std::size_t row = 0; row < rows; ++row)
      writer.write_decision(out, {batch.events, batch.features, batch.decisions, row}, shard, FeatureSelection::fired);
    bytes += out.size();
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * rows));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

BENCHMARK(decisions)->ArgName("fired")->Arg(0)->Arg(1);

}  // namespace
}  // namespace weir

BENCHMARK_MAIN();
