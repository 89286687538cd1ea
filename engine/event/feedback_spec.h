// What rules write and later events read, independent of the syntax: profile facts, features over own decisions, resets, sequences of
// events.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/feature_spec.h"
#include "engine/event/value_type.h"

namespace weir {

// `profile(card_id).compromised`: one value a key, written by rules, read by the events of that key that arrive afterwards.
struct FactSpec {
  std::string name;             // as it is read: "profile(card_id).compromised"
  std::string field;            // "compromised"
  std::vector<ColumnIndex> by;  // key parts, in order
  ValueType type = ValueType::boolean;
  int scale = 0;                       // of a decimal
  std::int64_t longest_ms = 0;         // that some update lets it live; 0: one lets it live without end
  std::vector<std::uint32_t> sources;  // facts that the rules read which write this one, by their place among the facts
  bool by_includes_shard_key = true;
  // Events of these types read it; 0: all that have its key. Where types differ in the shard's key, those for which no rule asks would read
  // another shard's.
  EventTypeSet read_by = 0;
  bool spans_sources = false;  // events of several sources write and read it; then the key is not tied to a shard either
};

enum class Comparison : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };

// `merchant_id != small.merchant_id`: a value of the step's event against one of an earlier step's event. False when one is missing.
struct StepComparison {
  ColumnIndex own = 0;
  Comparison comparison = Comparison::equal;
  std::uint32_t step = 0;  // the earlier one
  ColumnIndex earlier = 0;
  ValueType type = ValueType::integer;  // of both columns; not geo
};

struct PatternStep {
  ColumnIndex condition = 0;  // boolean: what the step asks of its event alone
  std::vector<StepComparison> comparisons;
};

// Holds at an event that fits the last step when earlier events of its key fit the others in their order, all in (t - within, t].
struct PatternSpec {
  std::string name;
  std::vector<ColumnIndex> by;
  std::int64_t within_ms = 0;
  std::vector<PatternStep> steps;
  bool by_includes_shard_key = true;
  bool spans_sources = false;  // as of a fact
  // Equal in two versions of a rule set: what the steps ask and compare is the same, so the events that are remembered go on. Empty: like
  // no other.
  std::string identity{};
};

// Facts and patterns have columns of FeatureColumns behind those of the features: first the facts, then the patterns.
struct FeedbackSpec {
  std::vector<FactSpec> facts;  // those that somebody reads
  std::vector<PatternSpec> patterns;
};

// A value as the state keeps it: numbers and times as they are, floats by their bits, booleans as 0 and 1.
struct FactValue {
  std::int64_t word = 0;
  std::string_view text;  // of a string
  IpAddress address;      // of an ip
};

struct FactWrite {
  std::uint32_t row = 0;
  std::uint32_t fact = 0;   // index into FeedbackSpec::facts
  bool removes = false;     // `unset`, or a value that is missing
  std::int64_t for_ms = 0;  // 0: without end
  FactValue value;
};

struct FeatureReset {
  std::uint32_t row = 0;
  std::uint32_t feature = 0;
};

// What the rules that fired on some rows ask the state to do, by row in the order of the rules and their clauses.
struct FeedbackWrites {
  std::vector<FactWrite> facts;
  std::vector<FeatureReset> resets;

  void clear() {
    facts.clear();
    resets.clear();
  }
};

// Rows [64 * block, 64 * block + 63] that are judged together, as bits.
struct RowBlock {
  std::size_t block = 0;
  std::uint64_t rows = 0;
};

}  // namespace weir
