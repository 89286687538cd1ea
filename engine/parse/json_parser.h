// From records to columns: JSON objects parsed in place by the declared event, or a reject each.
//
// What counts as an event:
// - One JSON object a record. Keys in any order, spelled with or without escapes; fields that are not declared are skipped.
// - A declared field that stands twice is a reject (`duplicate_key`): neither value wins. Undeclared ones may repeat.
// - Decimals are read from the digits themselves, never through a double: `12.30`, `1e2`, `-0.0` are fine, a digit too many behind the
// point
//   is a reject. Integers have no fraction and no exponent. Numbers and booleans in quotes are mistyped.
// - Timestamps are RFC 3339 text, or a number in the declared unit (milliseconds unless declared): a whole one, but seconds may have a
//   fraction. What is finer than a millisecond is cut off. A leap second is the second behind it.
// - geo is an object with the numbers `lat` (-90 to 90) and `lon` (-180 to 180); other members are skipped.
// - An optional field may be absent or null; a required one must have a value.
// - Where several event types come through one source, a member of the object tells which it is. It stands anywhere, once; what it says is
//   a text, or a number or bool as written. Absent, null or saying something else: a reject (`unknown_event_type`), or passed over.
//   Then only the fields of that type are read.
// - The whole value must be UTF-8 without control characters in strings, its brackets balanced, one document, no deeper than `depth_max`.
//   What is skipped is checked no further, unless `strict`: then every number, string and literal in it is checked as well.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/record.h"
#include "engine/parse/reject.h"

namespace weir {

struct ParseLimits {
  std::size_t record_bytes_max = std::size_t{1024} * 1024;
  std::size_t depth_max = 64;                             // the record's own object is depth 1
  std::size_t string_bytes_max = std::size_t{64} * 1024;  // of a declared string field, unescaped
  bool strict = false;
};

// Which of the schema's event types the records of a source are.
struct RecordTypes {
  std::size_t type = 0;                                     // of all records, where no member tells
  std::string field = {};                                   // the member that tells; empty: none does
  std::vector<std::pair<std::string, std::size_t>> told{};  // what it says -> type
  bool skip_unknown = false;                                // records that say something else are passed over instead of rejected
};

// One a lane, on its thread. Allocates in its constructor; later only where a batch is larger than all before it.
class JsonParser {
 public:
  // `schema` outlives the parser.
  JsonParser(const EventSchema& schema, const ParseLimits& limits, const RecordTypes& types = {});
  ~JsonParser();
  JsonParser(const JsonParser&) = delete;
  JsonParser& operator=(const JsonParser&) = delete;

  // Overwrites `into` (its derived columns keep their place and are left alone) and appends to `rejects`, in record order. Strings point
  // into the records, or into the batch's arena where they had escapes. A reject leaves no trace in the columns,
  // a record that is passed over none at all.
  void parse(const RecordBatch& records, EventBatch& into, std::vector<Reject>& rejects);

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace weir
