// Why a record is no event: a value with the reason, the field and the place, from which the dead letter is written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/event/event_schema.h"

namespace weir {

enum class RejectReason : std::uint8_t {
  tombstone,
  empty_value,
  too_large,
  invalid_utf8,
  not_json,
  not_an_object,
  cut_off,
  two_documents,
  too_deep,
  duplicate_key,
  field_missing,
  field_mistyped,
  number_out_of_range,
  too_many_digits,
  string_too_long,
  unknown_event_type,
};
constexpr std::size_t reject_reason_count = 16;

// "field_missing": stable, for headers, counters and filters.
std::string_view reject_code(RejectReason reason);
// A sentence for people: "A declared field that is not optional is absent or null."
std::string_view reject_sentence(RejectReason reason);

struct Reject {
  static constexpr std::uint32_t no_field = 0xffff'ffff;
  static constexpr std::uint32_t no_position = 0xffff'ffff;

  std::uint32_t record = 0;  // index into RecordBatch::records
  RejectReason reason = RejectReason::not_json;
  std::uint32_t field = no_field;             // index into EventSchema::fields
  std::uint32_t byte_position = no_position;  // in the record's value
  std::string_view detail = {};               // static text; never a part of the record, which may hold card numbers
};

// "field `amount`: expected decimal, found string at byte 83"
std::string reject_message(const Reject& reject, const EventSchema& schema);

}  // namespace weir
