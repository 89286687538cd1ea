#include "engine/parse/document_fault.h"

#include "engine/parse/json_token.h"

namespace weir {
namespace {

constexpr std::string_view white_space = " \t\r\n";

Reject fault(RejectReason reason, std::string_view text, const char* at, std::string_view detail = {}) {
  return {.reason = reason, .byte_position = static_cast<std::uint32_t>(at - text.data()), .detail = detail};
}

}  // namespace

Reject fault_at_start(std::string_view text, simdjson::error_code error) {
  if (error == simdjson::UTF8_ERROR) return {.reason = RejectReason::invalid_utf8};
  const std::size_t begin = text.find_first_not_of(white_space);
  if (begin == std::string_view::npos) return {.reason = RejectReason::empty_value};
  const char* const first = text.data() + begin;
  if (*first == '[' || is_json_scalar(trim_token(text.substr(begin)))) return fault(RejectReason::not_an_object, text, first);
  if (*first != '{') return fault(RejectReason::not_json, text, first);
  if (error == simdjson::UNESCAPED_CHARS) return {.reason = RejectReason::not_json, .detail = "a control character in a string"};
  const std::size_t end = end_of_first_document(text);
  if (end == std::string_view::npos) return fault(RejectReason::cut_off, text, text.data() + text.size());
  return fault_behind(text, text.data() + end);
}

Reject fault_inside(std::string_view text, simdjson::error_code error, const char* at) {
  if (error == simdjson::STRING_ERROR) return fault(RejectReason::not_json, text, at, "a malformed escape");
  if (end_of_first_document(text) == std::string_view::npos) return fault(RejectReason::cut_off, text, text.data() + text.size());
  return fault(RejectReason::not_json, text, at, "a bracket, comma, colon or quote is out of place behind what begins");
}

Reject fault_behind(std::string_view text, const char* at) {
  const std::string_view rest = text.substr(static_cast<std::size_t>(at - text.data()));
  const std::size_t begin = rest.find_first_not_of(white_space);
  if (begin == std::string_view::npos) return fault(RejectReason::not_json, text, at, "brackets that do not match");
  if (begins_value(rest[begin])) return fault(RejectReason::two_documents, text, rest.data() + begin);
  return fault(RejectReason::not_json, text, rest.data() + begin, "text behind the document");
}

}  // namespace weir
