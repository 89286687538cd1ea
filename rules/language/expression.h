// Typed expressions: what the type checker hands to the compiler. Conversions are explicit, equal expressions are one node.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/event/value_type.h"
#include "rules/language/functions.h"

namespace weir {

// Into CheckedRules::expressions. Operands and the values of lets always stand before the nodes that use them.
using ExpressionIndex = std::uint32_t;
constexpr ExpressionIndex no_expression = 0xffffffff;

// Missing values: a value node is missing when an operand is, unless said otherwise. A node that answers with a bool (comparison, in,
// between, matches, functions with a bool result, and, or, not) is never missing: with a missing operand it is false, also when `negated`.
enum class ExpressionKind : std::uint8_t {
  literal,
  event_column,  // `index`: ColumnIndex into EventBatch::columns (schema's fields only)
  feature,       // `index` into CheckedRules::features
  let,           // `index` into CheckedRules::lets; same type as its value
  score,         // the decision's score, decimal(score_scale); only in ExpressionScope::decision
  outcome_is,    // bool; `index`: OutcomeIndex; `negated` for `!=`; only in ExpressionScope::decision
  fact,          // `index` into CheckedRules::facts; what an earlier event's update wrote, missing until then
  matched,       // bool; `index` into CheckedRules::sequences: the pattern holds at this event
  event_is,      // bool; `index`: event type; `negated` for `!=`
  convert,       // operand's number as this node's type and scale: int -> decimal, int -> float, decimal -> decimal with a larger scale,
                 // decimal -> float (nearest double)
  truth,         // bool: the operand, with missing as false; stands wherever a bool that may be missing is used as a condition
  logical_not,   // operand is never missing (`truth` stands in between where needed)
  logical_and,   // two or more operands, never missing
  logical_or,
  negate,  // int, decimal, float, duration
  // A result that does not fit into 64 bits (of arithmetic, conversions, abs, round) is missing, and the rule that asked for it has failed
  // on that event; a float that is not finite is missing. Both operands have the node's type and scale unless said otherwise.
  add,        // also timestamp + duration
  subtract,   // also timestamp - duration, and timestamp - timestamp -> duration
  multiply,   // int, float; decimal * int, decimal * decimal literal and duration * int: the stored integers are multiplied, the node's
              // scale is the sum of the operands' scales
  divide,     // float / float only; missing when the divisor is 0
  remainder,  // int % int, sign of the dividend; missing when the divisor is 0
  // Both operands have the same type and scale: int, decimal, float, timestamp, duration; equal and not_equal also string, bool and ip.
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  between,  // three operands of one type and scale: low <= x <= high; `negated`: present and not so
  in_list,  // `index` into CheckedRules::lists; operand has the list's type and scale; `negated` for `not in`
  lookup,   // `index` into CheckedRules::lookups, `literal.integer` into its columns; the operand has the key's type; missing when the key
            // is not there, or the cell is empty
  in_set,   // `index` into CheckedRules::sets, likewise
  is_present,  // any type; never missing itself
  is_missing,
  matches,  // string; `index` into CheckedRules::patterns: true when RE2 finds the pattern anywhere in it; `negated`
  call,     // `function`
};

struct LiteralValue {
  bool boolean = false;
  std::int64_t integer = 0;  // integer; decimal scaled by the node's scale; timestamp and duration in milliseconds
  double floating = 0;
  std::string text;  // string; ip: its 16 bytes
};

struct Expression {
  ExpressionKind kind = ExpressionKind::literal;
  ValueType type = ValueType::boolean;
  int scale = 0;                // of a decimal
  bool may_be_missing = false;  // false is a promise
  bool event_only = true;       // reads neither features nor score nor outcome
  bool negated = false;
  Function function = Function::age;  // of a call
  std::uint32_t index = 0;
  std::vector<ExpressionIndex> operands;
  LiteralValue literal;
  const SourceFile* file = nullptr;  // where it was written first; lives as long as the files given to check_rules
  SourceSpan span;
};

}  // namespace weir
