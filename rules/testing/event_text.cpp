#include "rules/testing/event_text.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>

#include "engine/base/decimal.h"
#include "engine/base/ip_address.h"
#include "engine/base/json_text.h"
#include "engine/base/timestamp.h"
#include "engine/event/value_json.h"

namespace weir {

namespace {

const TestField* find(const TestEvents& events, std::size_t column) {
  const auto found =
      std::find_if(events.fields.begin(), events.fields.end(), [&](const TestField& field) { return field.column == column; });
  return found == events.fields.end() ? nullptr : &*found;
}

void append_time(ByteBuffer& out, TimestampUnit unit, std::int64_t ms) {
  // Where a test's clock has gone so far, the event is refused, in any unit.
  if (!is_writable_time(ms)) return append_integer(out, std::numeric_limits<std::int64_t>::max());
  if (unit == TimestampUnit::automatic) return append_json_time(out, ms);  // as people read it
  if (unit == TimestampUnit::seconds) return append_decimal(out, ms, 3);
  append_integer(out, unit == TimestampUnit::microseconds ? ms * 1000 : ms);
}

// The unspecified one where a test gives none.
void append_address(ByteBuffer& out, std::string_view bytes) {
  IpAddress address = IpAddress::of_ipv4(0);
  if (bytes.size() == sizeof address) std::memcpy(&address, bytes.data(), sizeof address);
  append_json_ip(out, address);
}

void append_value(ByteBuffer& out, const FieldSpec& field, const TestField& given) {
  switch (field.type) {
    case ValueType::boolean:
      out.append(given.value.boolean ? "true" : "false");
      break;
    case ValueType::decimal:
      append_decimal(out, given.value.integer, field.scale);
      break;
    case ValueType::floating:
      append_double(out, given.value.floating);
      break;
    case ValueType::string:
      append_json_string(out, given.value.text);
      break;
    case ValueType::timestamp:
      append_time(out, field.unit, given.value.integer);
      break;
    case ValueType::ip:
      append_address(out, given.value.text);
      break;
    case ValueType::geo:
      append_json_point(out, {given.value.floating, given.longitude});
      break;
    default:
      append_integer(out, given.value.integer);
      break;
  }
}

void append_default(ByteBuffer& out, const FieldSpec& field, bool is_id, std::int64_t number, std::int64_t time_ms) {
  if (is_id && field.type == ValueType::string) return append_json_string(out, "test-" + std::to_string(number));
  if (is_id) return append_integer(out, number);
  if (field.type == ValueType::string) return append_json_string(out, field.name);
  if (field.type == ValueType::timestamp) return append_time(out, field.unit, time_ms);
  append_value(out, field, {});
}

bool has_value_by_itself(const EventSchema& schema, const TestEvents& events, std::size_t column) {
  if (!schema.has_several_types()) return !schema.fields[column].optional;
  const std::vector<std::size_t>& required = schema.types[events.event_type].required;
  return std::find(required.begin(), required.end(), column) != required.end();
}

}  // namespace

std::vector<std::size_t> fields_of(const EventSchema& schema, std::size_t type) {
  if (schema.has_several_types()) return schema.types[type].fields;
  std::vector<std::size_t> all(schema.fields.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

std::size_t time_field_of(const EventSchema& schema, std::size_t type) {
  return schema.has_several_types() ? schema.types[type].time_field : schema.time_field;
}

std::optional<std::int64_t> own_time_ms(const EventSchema& schema, const TestEvents& events) {
  const TestField* given = find(events, time_field_of(schema, events.event_type));
  return given == nullptr ? std::nullopt : std::optional(given->value.integer);
}

void append_event(ByteBuffer& out, const EventSchema& schema, const TestEvents& events, std::int64_t number, std::int64_t time_ms) {
  const std::size_t begin = out.size();
  if (schema.has_several_types()) {
    out.append('{');
    append_json_string(out, test_type_member);
    out.append(':');
    append_json_string(out, events.type);
  }
  const std::optional<std::size_t> id_field = schema.id_field_of(events.event_type);
  for (std::size_t column = 0; column < schema.fields.size(); ++column) {
    const FieldSpec& field = schema.fields[column];
    const bool is_time = column == time_field_of(schema, events.event_type);
    const TestField* given = is_time ? nullptr : find(events, column);
    if (given == nullptr && !has_value_by_itself(schema, events, column)) continue;
    if (given != nullptr && given->missing) continue;
    out.append(out.size() == begin ? '{' : ',');
    append_json_string(out, field.name);
    out.append(':');
    if (given != nullptr)
      append_value(out, field, *given);
    else
      append_default(out, field, id_field == column, number, time_ms);
  }
  out.append(out.size() == begin ? "{}" : "}");
}

}  // namespace weir
