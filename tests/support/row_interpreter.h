// The meaning of typed expressions, one row at a time and as plainly as possible: the oracle for the programs over columns.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/int128.h"
#include "engine/event/batch.h"
#include "rules/language/checked_rules.h"

namespace weir::test {

struct RowValue {
  bool present = false;
  bool failed = false;  // a number did not fit on the way
  bool boolean = false;
  std::int64_t integer = 0;
  Int128 compared = 0;  // of operands of comparisons: what `integer` would be if it could be larger
  double floating = 0;
  std::string text;
  GeoPoint point;
};

// What expressions may read.
struct RowSource {
  const CheckedRules& rules;
  const EventBatch& events;
  const FeatureColumns& features;
  std::size_t row = 0;
  std::int64_t score = 0;
  std::uint32_t outcome = 0;
};

RowValue interpret(const RowSource& source, ExpressionIndex index);

}  // namespace weir::test
