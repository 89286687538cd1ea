// Dead letters: a record that could not be processed, whole, with what happened and where.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/byte_buffer.h"
#include "engine/event/output.h"
#include "engine/event/record.h"

namespace weir {

struct DeadLetter {
  std::string_view stage;    // "parse"
  std::string_view reason;   // code, "field_missing"
  std::string_view message;  // one sentence; never a part of the record, which may hold card numbers
  std::string_view ruleset;  // hash of the rule set in force; may be empty
  std::uint64_t ack_sequence = 0;
};

// Appends the record to `to` (a batch of kind dead_letter): key, value, headers and timestamp as they were, and behind its own headers
// those that tell what happened, named as Kafka Connect names them: `__connect.errors.topic`, `.partition`, `.offset`, `.stage`,
// `.class.name`,
// `.exception.message`, and `weir-error-code`, `weir-ruleset`. The same record gives the same bytes, whenever it is read.
void append_dead_letter(OutputBatch& to, const RecordBatch& records, const RecordView& record, const ShardName& shard,
                        const DeadLetter& letter);

// For sinks without headers: the same as one JSON line (no line break at its end):
// {"topic":..,"partition":..,"offset":..,"timestamp":ms or null,"key":base64 or null,"value":base64 or null,
//  "headers":[{"name":..,"value":base64 or null}],"stage":..,"reason":..,"message":..,"ruleset":..}
// A header's name that is not UTF-8 stands as "name_base64". `output` was made by append_dead_letter.
void append_dead_letter_json(ByteBuffer& out, const OutputBatch& batch, const Output& output);

}  // namespace weir
