// A rules file as written: the parser's output, before names and types mean anything.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/event/rule_mode.h"

namespace weir {

// A word or literal and where it stands. `text` is a view into the file.
struct SyntaxName {
  std::string_view text;
  SourceSpan span;
};

struct SyntaxString {
  std::string value;  // escapes resolved
  SourceSpan span;    // quotes included
};

struct SyntaxDuration {
  std::int64_t ms = 0;
  SourceSpan span;
};

// over last 10 events
struct SyntaxEventCount {
  std::uint64_t events = 0;  // 0: not a whole number of 18 digits at most
  SourceSpan span;
};

enum class SyntaxKind : std::uint8_t {
  bad,        // already complained about: says nothing more
  name,       // `text`
  number,     // `text`: digits, at most one point, no sign, underscores removed
  string,     // `text`
  boolean,    // `flag`
  duration,   // `integer` in milliseconds
  timestamp,  // `integer` in milliseconds since 1970
  list_name,  // `text` without "@"
  set,        // [a, b, ...]: operands
  unary,      // `text`: "-" or "not"
  binary,     // `text`: canonical spelling of the operator
  between,    // three operands; `flag`: not
  in,         // left and a list_name or set; `flag`: not
  matches,    // left and string; `flag`: not
  presence,   // `flag`: true for "is present", false for "is missing"
  call,       // `text`(operands)
  aggregate,  // `aggregate`
  lookup,     // lookup(`text`, operand).column: `names`
  profile,    // profile(card_id).level: `names`, the field first
  member,     // small.amount in a pattern: `names`
  matched,    // `text`: the pattern's name
};

struct SyntaxAggregate;

struct SyntaxExpression {
  SyntaxKind kind = SyntaxKind::bad;
  SourceSpan span;       // of the whole
  SourceSpan head_span;  // of the operator or the function's name
  std::string text;
  std::int64_t integer = 0;
  bool flag = false;
  std::uint32_t height = 1;                                 // of the tree below, at most limits::nesting_depth_max
  std::vector<std::unique_ptr<SyntaxExpression>> operands;  // two or more of `and` and `or`
  std::unique_ptr<SyntaxAggregate> aggregate;
  std::vector<SyntaxName> names;
};
using SyntaxExpressionPointer = std::unique_ptr<SyntaxExpression>;

// sum(amount) from payment by card_id over 24h inclusive where approved excluding this event
struct SyntaxAggregate {
  SyntaxName function;
  std::vector<SyntaxExpressionPointer> arguments;
  std::vector<SyntaxName> from;  // event types; none: those that have the fields
  std::vector<SyntaxName> by;
  std::optional<SyntaxDuration> over;    // of a count window: `within`
  std::optional<SyntaxEventCount> last;  // a count window
  std::optional<SyntaxDuration> delay;
  bool inclusive = false;
  SyntaxExpressionPointer where;
  bool exclude_this_event = false;
};

struct SyntaxField {
  SyntaxName name;
  SyntaxName type;                      // empty: broken, and already complained about
  std::optional<SyntaxName> parameter;  // decimal(2), timestamp(ms)
  bool optional = false;
  std::vector<SyntaxName> roles;  // id, time, key
};

struct SyntaxEvent {
  SyntaxName name;
  std::vector<SyntaxField> fields;
};

struct SyntaxList {
  SyntaxName name;
  SyntaxName type;  // empty: broken, and already complained about
  std::optional<SyntaxName> parameter;
  std::optional<SyntaxString> path;
  std::optional<SyntaxName> column;
  std::vector<SyntaxExpressionPointer> values;
};

// lookup bins from "bins.csv" key bin of int { country string }, or key from first to last of int
struct SyntaxLookup {
  bool broken = false;
  SyntaxName name;
  SyntaxString path;
  SyntaxName key;  // a column of the file
  std::optional<SyntaxName> last;
  SyntaxName type;
  std::optional<SyntaxName> parameter;
  std::vector<SyntaxField> columns;
};

struct SyntaxFeature {
  SyntaxName name;
  SyntaxExpressionPointer value;  // an aggregate, or bad
};

struct SyntaxLet {
  SyntaxName name;
  SyntaxExpressionPointer value;
};

struct SyntaxUpdate {
  std::vector<SyntaxName> key;
  SyntaxName field;
  SyntaxExpressionPointer value;  // none: unset
  std::optional<SyntaxDuration> duration;
};

struct SyntaxPatternStep {
  SyntaxName label;  // may be empty
  std::uint32_t times = 1;
  SyntaxExpressionPointer condition;
};

// pattern probe by card_id within 15m { small: amount < 2.00 then big: amount > 500.00 }
struct SyntaxPattern {
  SyntaxName name;
  std::vector<SyntaxName> by;
  std::optional<SyntaxDuration> within;
  std::vector<SyntaxPatternStep> steps;
  bool broken = false;
};

struct SyntaxScore {
  std::string text;  // of the number, with its sign
  SourceSpan span;
};

// mode canary 5% by account_id
struct SyntaxMode {
  RuleMode mode = RuleMode::live;
  SourceSpan span;               // of the word behind `mode`
  std::string percent;           // of a canary: the number as written
  SourceSpan percent_span;       // its sign included
  std::optional<SyntaxName> by;  // of a canary
};

struct SyntaxDate {
  std::int64_t ms = 0;  // since 1970
  SourceSpan span;
};

struct SyntaxRule {
  bool broken = false;  // something in it was not understood: nothing is said about what is missing
  SyntaxName name;
  SyntaxString title;
  std::vector<SyntaxName> on;  // event types; none: those that have the fields
  std::optional<SyntaxMode> mode;
  std::optional<SyntaxDate> expires;
  SyntaxExpressionPointer when;
  std::optional<SyntaxName> then;
  std::optional<SyntaxScore> score;
  std::optional<SyntaxString> reason;
  std::vector<SyntaxName> tags;
  std::optional<SyntaxString> owner;
  std::vector<SyntaxUpdate> updates;
  std::vector<SyntaxName> resets;
};

struct SyntaxBand {
  SyntaxScore score;
  SyntaxName outcome;
};

struct SyntaxPolicy {
  bool broken = false;
  SourceSpan span;  // of the word "policy"
  std::vector<SyntaxName> precedence;
  std::vector<SyntaxBand> bands;
  std::optional<SyntaxName> otherwise;
};

// `card_id: "c1"`, `device_id: missing`, `place: { lat: 52.5, lon: 13.4 }` in a test.
struct SyntaxTestField {
  SyntaxName name;
  SyntaxExpressionPointer value;      // none: missing, or a place
  SyntaxExpressionPointer longitude;  // of a place, whose latitude is `value`
  SourceSpan span;                    // of the value
};

enum class SyntaxStepKind : std::uint8_t { given, when, with_list, outcome, rule, no_rule, no_decision, condition };

// One line of a test.
struct SyntaxStep {
  SyntaxStepKind kind = SyntaxStepKind::given;
  SourceSpan span;  // of the whole
  SyntaxName name;  // of the event, list, outcome or rule
  std::optional<SyntaxName> count;
  std::optional<SyntaxDuration> every;
  std::optional<SyntaxDuration> after;
  std::vector<SyntaxTestField> fields;
  std::vector<SyntaxExpressionPointer> values;  // of a list
  SyntaxExpressionPointer condition;
};

struct SyntaxTest {
  SyntaxString title;
  bool broken = false;  // something in it was not understood
  std::vector<SyntaxStep> steps;
};

struct SyntaxFile {
  const SourceFile* file = nullptr;
  std::vector<SyntaxEvent> events;
  std::vector<SyntaxList> lists;
  std::vector<SyntaxLookup> lookups;
  std::vector<SyntaxFeature> features;
  std::vector<SyntaxLet> lets;
  std::vector<SyntaxPattern> patterns;
  std::vector<SyntaxRule> rules;
  std::vector<SyntaxPolicy> policies;
  std::vector<SyntaxTest> tests;
  std::string canonical_text;  // the tokens but for tests, one blank between two, `=` in conditions as `==`
};

// The expression as its author would have written it in the canonical layout: names of aggregates written in place.
std::string canonical_text(const SyntaxExpression& expression);

}  // namespace weir
