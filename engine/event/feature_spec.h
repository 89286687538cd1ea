// What a feature is, independent of the syntax that declares it. The contract of a window is in engine/features/README.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/value_type.h"

namespace weir {

enum class Aggregate : std::uint8_t { count, sum, avg, min, max, stddev, distinct, first, last };

// A column that the scorer computes from the event alone, before features: a `where` condition or an aggregate's argument.
struct DerivedColumnSpec {
  ValueType type = ValueType::boolean;
  int scale = 0;
};

struct FeatureSpec {
  std::string name;
  Aggregate aggregate = Aggregate::count;
  std::optional<ColumnIndex> input;  // the argument; none only for count()
  std::vector<ColumnIndex> by;       // key parts, in order; a missing part means: no key, the feature is missing
  std::int64_t window_ms = 0;        // length W > 0
  bool inclusive = false;            // [t - W, t] instead of (t - W, t]
  bool exclude_this_event = false;
  std::optional<ColumnIndex> where;  // boolean column; judged when the event is added
  // Result: count and distinct integer; sum as the input (integer, decimal, floating); avg and stddev floating;
  // min, max, first, last as the input.
  ValueType type = ValueType::integer;
  int scale = 0;                      // of a decimal result
  bool by_includes_shard_key = true;  // false: the key is not tied to a shard
};

}  // namespace weir
