// Events as columns: what flows between the stages of a lane. Each stage fills its own columns, a virtual call happens once a batch.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/arena.h"
#include "engine/base/bit_mask.h"
#include "engine/base/ip_address.h"
#include "engine/event/event_schema.h"
#include "engine/event/record.h"
#include "engine/event/value_type.h"

namespace weir {

// Values of one type, one a row. Which vector is in use follows from `type`; a row whose `present` bit is 0 has no value and the
// slot holds zero or empty. Vectors are sized for `rows` by `resize` and keep their memory.
struct Column {
  ValueType type = ValueType::integer;
  int scale = 0;
  std::vector<std::int64_t> integers;     // integer, decimal, timestamp, duration
  std::vector<double> floats;             // floating
  std::vector<std::string_view> strings;  // string
  std::vector<GeoPoint> points;           // geo
  std::vector<IpAddress> addresses;       // ip
  BitMask bits;                           // boolean
  BitMask present;

  void resize(std::size_t rows) {
    switch (type) {
      case ValueType::boolean:
        bits.assign(rows, false);
        break;
      case ValueType::floating:
        floats.assign(rows, 0.0);
        break;
      case ValueType::string:
        strings.assign(rows, {});
        break;
      case ValueType::geo:
        points.assign(rows, {});
        break;
      case ValueType::ip:
        addresses.assign(rows, {});
        break;
      default:
        integers.assign(rows, 0);
        break;
    }
    present.assign(rows, false);
  }

  // Back to no value.
  void erase(std::size_t row) {
    switch (type) {
      case ValueType::boolean:
        bits.reset(row);
        break;
      case ValueType::floating:
        floats[row] = 0;
        break;
      case ValueType::string:
        strings[row] = {};
        break;
      case ValueType::geo:
        points[row] = {};
        break;
      case ValueType::ip:
        addresses[row] = {};
        break;
      default:
        integers[row] = 0;
        break;
    }
    present.reset(row);
  }

  // Forgets the rows from `rows` on.
  void truncate(std::size_t rows) {
    switch (type) {
      case ValueType::boolean:
        bits.truncate(rows);
        break;
      case ValueType::floating:
        floats.resize(rows);
        break;
      case ValueType::string:
        strings.resize(rows);
        break;
      case ValueType::geo:
        points.resize(rows);
        break;
      case ValueType::ip:
        addresses.resize(rows);
        break;
      default:
        integers.resize(rows);
        break;
    }
    present.truncate(rows);
  }
};

using ColumnIndex = std::uint32_t;

// The parsed events of one RecordBatch, in offset order, rejects left out.
// Columns: first the schema's fields in declaration order, then derived columns that the scorer computes before features are applied
// (`where` conditions as booleans, aggregate arguments that are expressions).
struct EventBatch {
  const EventSchema* schema = nullptr;
  ShardIndex shard = 0;
  std::size_t rows = 0;
  std::vector<Column> columns;
  std::vector<std::uint32_t> record_index;  // row -> index into RecordBatch::records
  std::vector<std::int64_t> offsets;        // row -> offset
  std::vector<std::uint8_t> types;          // row -> index into schema->types; empty where there is one type
  std::vector<Column> of_type;              // by type: a boolean that says which rows are of it; empty where there is one type
  BitMask active;  // rows that take part; the mapping's filter clears the others, which touch no state and give no output
  Arena arena;     // unescaped strings and the like; strings without escapes point into the record itself

  const Column& time() const { return columns[schema->time_field]; }
  std::size_t type_of(std::size_t row) const { return types.empty() ? 0 : types[row]; }

  // The rows of one word of the masks whose type is in the set.
  std::uint64_t rows_of(EventTypeSet set, std::size_t word) const {
    if (of_type.empty()) return ~std::uint64_t{0};
    std::uint64_t found = 0;
    for (; set != 0; set &= set - 1) found |= of_type[static_cast<std::size_t>(std::countr_zero(set))].bits.words()[word];
    return found;
  }

  // Makes `of_type` say what `types` does.
  void index_types() {
    of_type.resize(schema->types.size());
    for (Column& column : of_type) {
      column.type = ValueType::boolean;
      column.bits.assign(rows, false);
      column.present.assign(rows, true);
    }
    for (std::size_t row = 0; row < rows && !of_type.empty(); ++row) of_type[types[row]].bits.set(row);
  }
};

// What the features stage fills: one column per feature, rows as in the EventBatch. Strings point into `arena`.
struct FeatureColumns {
  std::vector<Column> columns;
  Arena arena;
};

}  // namespace weir
