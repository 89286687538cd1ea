// Parsing FD-1 records into columns, by batch size. The columns are compared with the workload's own reader before anything is timed.
#include <cstring>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/fd1/workload.h"
#include "engine/base/check.h"
#include "engine/parse/json_parser.h"

namespace weir {
namespace {

// The fields of FD-1 that its features and rules read.
EventSchema payment_schema() {
  EventSchema schema;
  schema.name = "payment";
  schema.fields = {
      {.name = "id", .type = ValueType::string},
      {.name = "created_at", .type = ValueType::timestamp},
      {.name = "card_id", .type = ValueType::string},
      {.name = "device_id", .type = ValueType::string},
      {.name = "merchant_id", .type = ValueType::string},
      {.name = "account_id", .type = ValueType::string, .optional = true},
      {.name = "amount", .type = ValueType::decimal, .scale = 4},
      {.name = "currency", .type = ValueType::string, .optional = true},
      {.name = "mcc", .type = ValueType::integer, .optional = true},
      {.name = "approved", .type = ValueType::boolean, .optional = true},
  };
  schema.id_field = 0;
  schema.time_field = 1;
  schema.key_field = 2;
  return schema;
}

// Records lie behind one another as in a message set, each followed by the next.
struct Records {
  explicit Records(std::size_t count) {
    fd1::Workload workload(*fd1::workload_size("S"), 1);
    fd1::WorkloadRecord record;
    std::vector<std::size_t> begins;
    while (begins.size() < count && workload.next(record)) {
      if (record.malformed) continue;
      begins.push_back(bytes.size());
      bytes += record.value;
      bytes += std::string(8, '\0');
    }
    bytes += std::string(64, '\0');
    for (std::size_t index = 0; index < begins.size(); ++index) {
      const std::size_t end = (index + 1 < begins.size() ? begins[index + 1] : bytes.size() - 64) - 8;
      RecordView view;
      view.value = std::string_view(bytes).substr(begins[index], end - begins[index]);
      view.has_value = true;
      view.offset = static_cast<std::int64_t>(index);
      all.push_back(view);
    }
  }

  std::string bytes;
  std::vector<RecordView> all;
};

// The text of a member's value, by the plainest search there is.
std::string_view member(std::string_view record, const std::string& name) {
  const std::size_t key = record.find("\"" + name + "\"");
  WEIR_CHECK(key != std::string_view::npos);
  std::size_t begin = record.find(':', key) + 1;
  while (record[begin] == ' ') ++begin;
  if (record[begin] == '"') return record.substr(begin + 1, record.find('"', begin + 1) - begin - 1);
  return record.substr(begin, record.find_first_of(",} ", begin) - begin);
}

void check(const EventBatch& events, const RecordBatch& records) {
  WEIR_CHECK(events.rows == records.records.size());
  for (std::size_t row = 0; row < events.rows; ++row) {
    const std::string_view text = records.records[row].value;
    for (const std::size_t field : {0U, 2U, 3U, 4U})
      WEIR_CHECK(events.columns[field].strings[row] == member(text, events.schema->fields[field].name));
    WEIR_CHECK(events.columns[1].integers[row] == std::stoll(std::string(member(text, "created_at"))));
    const double cents = std::stod(std::string(member(text, "amount"))) * 100;
    WEIR_CHECK(events.columns[6].integers[row] == static_cast<std::int64_t>(cents + 0.5) * 100);
  }
}

void parse_records(benchmark::State& state) {
  constexpr std::size_t record_count = 65'536;
  static const Records records(record_count);
  const auto batch_size = static_cast<std::size_t>(state.range(0));
  const EventSchema schema = payment_schema();
  JsonParser parser(schema, ParseLimits{});
  std::vector<RecordBatch> batches;
  for (std::size_t begin = 0; begin < records.all.size(); begin += batch_size) {
    batches.emplace_back();
    const std::size_t end = std::min(begin + batch_size, records.all.size());
    batches.back().records.assign(records.all.begin() + static_cast<std::ptrdiff_t>(begin),
                                  records.all.begin() + static_cast<std::ptrdiff_t>(end));
  }
  EventBatch events;
  std::vector<Reject> rejects;
  for (const RecordBatch& batch : batches) {
    parser.parse(batch, events, rejects);
    check(events, batch);
  }
  WEIR_CHECK(rejects.empty());

  std::size_t index = 0;
  for (auto _ : state) {
    parser.parse(batches[index], events, rejects);
    benchmark::DoNotOptimize(events.rows);
    index = (index + 1) % batches.size();
  }
  const auto parsed = static_cast<double>(state.iterations()) * static_cast<double>(batch_size);
  state.counters["ns_per_event"] = benchmark::Counter(parsed * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes_per_event"] = static_cast<double>(records.bytes.size()) / static_cast<double>(records.all.size());
}
BENCHMARK(parse_records)->Arg(1)->Arg(16)->Arg(256)->Arg(4096);

}  // namespace
}  // namespace weir

BENCHMARK_MAIN();
