#include "tests/unit/parse/parse_oracle.h"

#include <map>
#include <simdjson.h>

#include "engine/base/decimal.h"
#include "engine/base/timestamp.h"

namespace weir {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

bool is_number(element value) {
  return value.type() == element_type::DOUBLE || value.type() == element_type::INT64 || value.type() == element_type::UINT64;
}

std::string compare(const FieldSpec& field, const Column& column, element value) {
  if (value.is_null()) return column.present.test(0) ? "a value where the document has null" : "";
  if (!column.present.test(0)) return "no value where the document has one";
  switch (field.type) {
    case ValueType::string:
      return std::string_view(value) == column.strings[0] ? "" : "another string";
    case ValueType::boolean:
      return bool(value) == column.bits.test(0) ? "" : "another bool";
    case ValueType::integer:
      return std::int64_t(value) == column.integers[0] ? "" : "another integer";
    case ValueType::floating:
      return double(value) == column.floats[0] ? "" : "another float";
    case ValueType::decimal:
      return is_number(value) && double(value) == decimal_to_double(column.integers[0], field.scale) ? "" : "another decimal";
    case ValueType::geo:
      return double(value["lat"]) == column.points[0].latitude && double(value["lon"]) == column.points[0].longitude ? "" : "another place";
    case ValueType::ip: {
      IpAddress expected;
      return parse_ip(std::string_view(value), expected) && expected == column.addresses[0] ? "" : "another address";
    }
    case ValueType::timestamp:
      if (value.is_string()) return parse_timestamp(std::string_view(value)) == column.integers[0] ? "" : "another time";
      if (field.unit == TimestampUnit::automatic) return std::int64_t(value) == column.integers[0] ? "" : "another time";
      return is_number(value) ? "" : "a time from something else";
    default:
      return "an unexpected type";
  }
}

}  // namespace

std::string differs_from_dom(const std::string& text, const EventSchema& schema, const EventBatch& events, bool accepted) {
  static simdjson::dom::parser parser;
  element document;
  // (An accepted document that the DOM refuses is one whose skipped parts are wrong; strict parsing excludes it.)
  if (parser.parse(text).get(document) != simdjson::SUCCESS) return accepted ? "accepted, but not JSON" : "";
  simdjson::dom::object object;
  if (document.get(object) != simdjson::SUCCESS) return accepted ? "accepted, but not an object" : "";
  std::map<std::string, std::vector<element>> members;
  for (const auto& [key, value] : object) members[std::string(key)].push_back(value);
  if (!accepted) return "";
  for (std::size_t index = 0; index < schema.fields.size(); ++index) {
    const FieldSpec& field = schema.fields[index];
    const auto found = members.find(field.name);
    if (found == members.end()) {
      if (!field.optional) return field.name + ": missing, and accepted";
      if (events.columns[index].present.test(0)) return field.name + ": a value from nowhere";
      continue;
    }
    if (found->second.size() > 1) return field.name + ": twice, and accepted";
    try {
      const std::string difference = compare(field, events.columns[index], found->second.front());
      if (!difference.empty()) return field.name + ": " + difference;
    } catch (const simdjson::simdjson_error& error) {
      return field.name + ": the DOM says " + error.what();
    }
  }
  return "";
}

}  // namespace weir
