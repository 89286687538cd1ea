// A `test` block that passed all checks: what happens in which order, and what must come of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/event/batch.h"
#include "engine/event/decision.h"
#include "rules/language/expression.h"
#include "rules/language/value_set.h"

namespace weir {

// A field's value in an event of a test. A place is (literal.floating, longitude).
struct TestField {
  ColumnIndex column = 0;
  bool missing = false;
  LiteralValue value;  // of the field's type and scale
  double longitude = 0;
};

// `given` (one or more events) or `when` (one).
struct TestEvents {
  std::string type;
  std::size_t event_type = 0;  // its place among the schema's event types
  bool judged = false;         // `when`: expectations are about it
  std::int64_t count = 1;
  std::int64_t every_ms = 1'000;  // from each of these events to the next one, whichever that is
  std::int64_t after_ms = 0;      // more time that passes before the first
  std::vector<TestField> fields;  // the others have the default of their type
};

struct TestExpectation {
  enum class Kind : std::uint8_t { outcome, rule, no_rule, no_decision, condition } kind = Kind::condition;
  std::uint32_t index = 0;                    // OutcomeIndex, or into CheckedRules::rules
  ExpressionIndex condition = no_expression;  // bool, never missing; ExpressionScope::decision
  std::size_t step = 0;                       // the `when` that it is about: index into CheckedTest::events
  SourceSpan span;
};

struct TestList {
  std::uint32_t list = 0;  // index into CheckedRules::lists
  ValueSet values;         // stand in for the list's own
};

struct CheckedTest {
  std::string title;
  const SourceFile* file = nullptr;
  SourceSpan span;  // of the title
  std::vector<TestEvents> events;
  std::vector<TestExpectation> expectations;
  std::vector<TestList> lists;
};

// The member of a test's records that tells the event type where there are several; no field can have this name.
constexpr std::string_view test_type_member = "event type";

// When the clock of every test starts: 2027-01-01T12:00:00Z, a Friday.
constexpr std::int64_t test_clock_start_ms = 1'798'804'800'000;

}  // namespace weir
