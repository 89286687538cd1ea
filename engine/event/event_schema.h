// The events that the rules files declare: the fields that the parser fills and rules read. Immutable after load.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/value_type.h"

namespace weir {

enum class TimestampUnit : std::uint8_t {
  automatic,  // RFC 3339 text, or epoch milliseconds
  seconds,
  milliseconds,
  microseconds,  // cut off to milliseconds
};

struct FieldSpec {
  std::string name;
  ValueType type = ValueType::string;
  int scale = 0;                                  // decimal: digits after the point
  TimestampUnit unit = TimestampUnit::automatic;  // timestamp only
  bool optional = false;                          // declared with "?": may be absent or null
};

// A set of event types: bit t stands for type t.
using EventTypeSet = std::uint64_t;
constexpr std::size_t event_types_max = 64;

// One of several event types: what its records have of the union of all fields, and which of those have a part to play.
struct EventType {
  std::string name;
  std::vector<std::size_t> fields;    // into EventSchema::fields, ascending
  std::vector<std::size_t> required;  // those of them that always have a value
  std::optional<std::size_t> id_field;
  std::size_t time_field = 0;
  std::optional<std::size_t> key_field;
};

// With several event types, `fields` is the union of theirs: a name means the same in all of them, a field that some type lacks is
// optional, and where times have different names, a last field without a name holds each row's time, whatever its type calls it.
struct EventSchema {
  std::string name;  // empty where there are several types
  std::vector<FieldSpec> fields;
  std::optional<std::size_t> id_field;   // unique id; string or int; none where types differ in it
  std::size_t time_field = 0;            // event time; always present
  std::optional<std::size_t> key_field;  // the shard's key; none where types differ in it
  std::vector<EventType> types;          // empty where there is one type

  bool has_several_types() const { return !types.empty(); }
  std::size_t type_count() const { return types.empty() ? 1 : types.size(); }
  const std::string& type_name(std::size_t type) const { return types.empty() ? name : types[type].name; }
  std::optional<std::size_t> id_field_of(std::size_t type) const { return types.empty() ? id_field : types[type].id_field; }
  std::optional<std::size_t> key_field_of(std::size_t type) const { return types.empty() ? key_field : types[type].key_field; }
  EventTypeSet all_types() const { return ~EventTypeSet{0} >> (event_types_max - type_count()); }

  std::optional<std::size_t> find_type(std::string_view wanted) const {
    for (std::size_t type = 0; type < type_count(); ++type)
      if (type_name(type) == wanted) return type;
    return std::nullopt;
  }

  // The types that have the field; for a column behind the fields, all.
  EventTypeSet types_with(std::size_t field) const {
    if (types.empty() || field >= fields.size() || field == time_field) return all_types();
    EventTypeSet found = 0;
    for (std::size_t type = 0; type < types.size(); ++type)
      for (const std::size_t own : types[type].fields)
        if (own == field) found |= EventTypeSet{1} << type;
    return found;
  }

  std::optional<std::size_t> find(std::string_view wanted) const {
    for (std::size_t index = 0; index < fields.size(); ++index)
      if (fields[index].name == wanted) return index;
    return std::nullopt;
  }
};

}  // namespace weir
