// An event type as the rules file declares it: the fields that the parser fills and rules read. Immutable after load.
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

struct EventSchema {
  std::string name;
  std::vector<FieldSpec> fields;
  std::optional<std::size_t> id_field;   // unique id; string or int
  std::size_t time_field = 0;            // event time; always present
  std::optional<std::size_t> key_field;  // the shard's key

  std::optional<std::size_t> find(std::string_view wanted) const {
    for (std::size_t index = 0; index < fields.size(); ++index)
      if (fields[index].name == wanted) return index;
    return std::nullopt;
  }
};

}  // namespace weir
