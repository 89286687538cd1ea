// Any bytes as a record between two valid ones, loose and strict: the neighbours stay, the count is right, strict takes no more than loose.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/check.h"
#include "engine/parse/json_parser.h"

namespace {

using namespace weir;

EventSchema fuzz_schema() {
  EventSchema schema;
  schema.name = "payment";
  schema.fields = {
      {.name = "id", .type = ValueType::string},
      {.name = "created_at", .type = ValueType::timestamp},
      {.name = "amount", .type = ValueType::decimal, .scale = 4},
      {.name = "mcc", .type = ValueType::integer, .optional = true},
      {.name = "approved", .type = ValueType::boolean, .optional = true},
      {.name = "ratio", .type = ValueType::floating, .optional = true},
      {.name = "geo", .type = ValueType::geo, .optional = true},
      {.name = "seen_s", .type = ValueType::timestamp, .unit = TimestampUnit::seconds, .optional = true},
      {.name = "address", .type = ValueType::ip, .optional = true},
  };
  schema.time_field = 1;
  return schema;
}

constexpr std::string_view neighbour = R"({"id":"neighbour","created_at":1,"amount":1})";

RecordView record_of(const std::string& padded, std::size_t size) {
  RecordView record;
  record.value = std::string_view(padded).substr(0, size);
  record.has_value = true;
  return record;
}

// Whether the bytes were taken for an event.
bool parse(std::string_view bytes, const ParseLimits& limits) {
  static const EventSchema schema = fuzz_schema();
  JsonParser parser(schema, limits);
  const std::string padding(64, '}');
  const std::string before = std::string(neighbour) + padding;
  const std::string text = std::string(bytes) + padding;
  RecordBatch records;
  records.records = {record_of(before, neighbour.size()), record_of(text, bytes.size()), record_of(before, neighbour.size())};
  EventBatch events;
  std::vector<Reject> rejects;
  parser.parse(records, events, rejects);
  WEIR_CHECK(events.rows + rejects.size() == 3);
  WEIR_CHECK(events.columns[0].strings.front() == "neighbour" && events.columns[0].strings.back() == "neighbour");
  for (const Reject& reject : rejects) WEIR_CHECK(!reject_message(reject, schema).empty() && reject.record == 1);
  return rejects.empty();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ParseLimits limits;
  limits.record_bytes_max = 4096;
  limits.string_bytes_max = 256;
  limits.depth_max = 16;
  const bool loose = parse(bytes, limits);
  limits.strict = true;
  const bool strict = parse(bytes, limits);
  WEIR_CHECK(loose || !strict);
  return 0;
}
