#include "engine/parse/reject.h"

#include <array>

#include "engine/base/check.h"

namespace weir {
namespace {

struct Row {
  RejectReason reason;
  std::string_view code;
  std::string_view sentence;
};

constexpr std::array<Row, reject_reason_count> table{{
    {RejectReason::tombstone, "tombstone", "The record has no value (a tombstone)."},
    {RejectReason::empty_value, "empty_value", "The value is empty or white space."},
    {RejectReason::too_large, "too_large", "The value is larger than the limit on a record's bytes."},
    {RejectReason::invalid_utf8, "invalid_utf8", "The value is not valid UTF-8."},
    {RejectReason::not_json, "not_json", "The value is not valid JSON."},
    {RejectReason::not_an_object, "not_an_object", "The value is JSON, but not an object."},
    {RejectReason::cut_off, "cut_off", "The JSON document ends too early."},
    {RejectReason::two_documents, "two_documents", "The value holds more than one JSON document."},
    {RejectReason::too_deep, "too_deep", "Objects and arrays are nested deeper than the limit."},
    {RejectReason::duplicate_key, "duplicate_key", "A declared field stands twice in the object."},
    {RejectReason::field_missing, "field_missing", "A declared field that is not optional is absent or null."},
    {RejectReason::field_mistyped, "field_mistyped", "A field's value is not of its declared type."},
    {RejectReason::number_out_of_range, "number_out_of_range", "A number does not fit its declared type."},
    {RejectReason::too_many_digits, "too_many_digits", "A decimal has more digits after the point than declared."},
    {RejectReason::string_too_long, "string_too_long", "A string is longer than the limit."},
    {RejectReason::unknown_event_type, "unknown_event_type", "The field that tells the event's type is absent or names none."},
}};

constexpr bool is_in_order() {
  for (std::size_t index = 0; index < table.size(); ++index)
    if (static_cast<std::size_t>(table[index].reason) != index) return false;
  return true;
}
static_assert(is_in_order());

const Row& row_of(RejectReason reason) {
  const auto index = static_cast<std::size_t>(reason);
  WEIR_CHECK(index < table.size());
  return table[index];
}

}  // namespace

std::string_view reject_code(RejectReason reason) {
  return row_of(reason).code;
}

std::string_view reject_sentence(RejectReason reason) {
  return row_of(reason).sentence;
}

std::string reject_message(const Reject& reject, const EventSchema& schema) {
  std::string text;
  if (reject.field != Reject::no_field) text.append("field `").append(schema.fields[reject.field].name).append("`: ");
  if (reject.reason == RejectReason::field_mistyped && reject.field != Reject::no_field)
    text.append("expected ").append(to_string(schema.fields[reject.field].type)).append(", found ");
  if (!reject.detail.empty()) {
    text.append(reject.detail);
  } else {
    std::string_view sentence = reject_sentence(reject.reason);
    sentence.remove_suffix(1);
    text.append(sentence);
  }
  if (reject.byte_position != Reject::no_position) text.append(" at byte ").append(std::to_string(reject.byte_position));
  return text;
}

}  // namespace weir
