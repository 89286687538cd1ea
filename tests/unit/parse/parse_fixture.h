// Records from literals, with hostile bytes behind every value, and their parse.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "engine/parse/json_parser.h"

namespace weir {

// One field of every type, required and optional.
inline EventSchema torture_schema() {
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
      {.name = "device_id", .type = ValueType::string, .optional = true},
      {.name = "seen_s", .type = ValueType::timestamp, .unit = TimestampUnit::seconds, .optional = true},
      {.name = "seen_us", .type = ValueType::timestamp, .unit = TimestampUnit::microseconds, .optional = true},
      {.name = "a_field_with_a_name_longer_than_sixteen", .type = ValueType::integer, .optional = true},
      {.name = "address", .type = ValueType::ip, .optional = true},
  };
  schema.id_field = 0;
  schema.time_field = 1;
  schema.key_field = 0;
  return schema;
}

enum Field : std::size_t { id, created_at, amount, mcc, approved, ratio, geo, device_id, seen_s, seen_us, long_name, address };

// Owns the bytes of a batch: each value is followed by 64 bytes that look like JSON going on.
class RecordTexts {
 public:
  explicit RecordTexts(const std::vector<std::string>& values, std::string_view behind = "}}}},\"\",1}") {
    std::string padding;
    while (padding.size() < 64) padding += behind;
    for (const std::string& value : values) padded_.push_back(value + padding);
    for (std::size_t index = 0; index < values.size(); ++index) {
      RecordView record;
      record.value = std::string_view(padded_[index]).substr(0, values[index].size());
      record.has_value = true;
      record.offset = static_cast<std::int64_t>(100 + index);
      batch.records.push_back(record);
    }
  }

  RecordBatch batch;

 private:
  std::vector<std::string> padded_;
};

class ParseTest : public testing::Test {
 protected:
  void parse(const std::vector<std::string>& values) {
    texts_ = std::make_unique<RecordTexts>(values);
    rejects.clear();
    JsonParser parser(schema, limits);
    parser.parse(texts_->batch, events, rejects);
  }

  // A record with the required fields and `members` besides.
  static std::string with(std::string_view members) {
    return R"({"id":"p1","created_at":1767225600123,"amount":12.34)" + std::string(members.empty() ? "" : ",") + std::string(members) + "}";
  }

  // The only reject of one record: "code: message"; "accepted" where there is none.
  std::string verdict(const std::string& value) {
    parse({value});
    if (rejects.empty()) return events.rows == 1 ? "accepted" : "lost";
    if (rejects.size() != 1 || events.rows != 0) return "counted wrongly";
    return std::string(reject_code(rejects[0].reason)) + ": " + reject_message(rejects[0], schema);
  }

  EventSchema schema = torture_schema();
  ParseLimits limits;
  EventBatch events;
  std::vector<Reject> rejects;

 private:
  std::unique_ptr<RecordTexts> texts_;
};

}  // namespace weir
