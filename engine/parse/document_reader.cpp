#include "engine/parse/document_reader.h"

#include <cstring>

#include "engine/base/check.h"
#include "engine/parse/json_token.h"
#include "engine/parse/scalar_reader.h"

namespace weir {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t mask_bits = 64;
constexpr std::size_t escape_bytes_max = 6;  // of one character: \u0041

bool contains_escape(std::string_view text) {
  return std::memchr(text.data(), '\\', text.size()) != nullptr;
}

}  // namespace

DocumentReader::DocumentReader(const EventSchema& schema, const ParseLimits& limits) : schema_(schema), limits_(limits), table_(schema) {
  const std::size_t masks = (schema.fields.size() + mask_bits - 1) / mask_bits;
  met_.assign(masks, 0);
  required_.assign(masks, 0);
  for (std::size_t field = 0; field < schema.fields.size(); ++field)
    if (!schema.fields[field].optional) required_[field / mask_bits] |= std::uint64_t{1} << (field % mask_bits);
  // The memory is only reserved; pages that no record needs are never touched.
  const simdjson::error_code error = parser_.allocate(limits.record_bytes_max, limits.depth_max + 2);
  WEIR_CHECK(error == simdjson::SUCCESS);
}

std::optional<Reject> DocumentReader::read(const RecordView& record, EventBatch& into, std::size_t row) {
  text_ = record.value;
  if (!record.has_value) return Reject{.reason = RejectReason::tombstone};
  if (text_.empty()) return Reject{.reason = RejectReason::empty_value};
  if (text_.size() > limits_.record_bytes_max) return Reject{.reason = RejectReason::too_large};
  for (std::uint64_t& mask : met_) mask = 0;
  has_escapes_ = contains_escape(text_);
  Failure failure = read_document(text_, into, row);
  if (failure) erase(into, row);
  return failure;
}

DocumentReader::Failure DocumentReader::read_document(std::string_view text, EventBatch& into, std::size_t row) {
  ondemand::document document;
  const simdjson::padded_string_view padded(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING);
  if (const simdjson::error_code error = parser_.iterate(padded).get(document)) return classify_start(error);
  ondemand::object object;
  if (const simdjson::error_code error = document.get_object().get(object)) return classify_start(error);
  if (Failure failure = read_fields(object, into, row)) return failure;

  const char* rest = nullptr;
  if (document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS) return classify_rest(rest);
  return missing_field();
}

DocumentReader::Failure DocumentReader::read_fields(ondemand::object& object, EventBatch& into, std::size_t row) {
  const char* last = text_.data();
  for (auto member : object) {
    ondemand::field pair;
    if (const simdjson::error_code error = std::move(member).get(pair)) return failed(error, last);
    const char* key = pair.key().raw();
    std::uint32_t field = FieldTable::none;
    if (has_escapes_) {
      std::string_view name;
      if (const simdjson::error_code error = pair.unescaped_key().get(name)) return failed(error, key);
      field = table_.find(name.data(), name.size());
    } else {
      field = table_.find_quoted(key);
    }
    ondemand::value& value = pair.value();
    if (field == FieldTable::none) {
      if (Failure failure = skip(value, 2)) return failure;
    } else {
      if (!mark(field)) return reject(RejectReason::duplicate_key, key - 1, "the key stands twice in the object", field);
      if (Failure failure = read_field(field, value, into, row)) return failure;
    }
    last = key;
  }
  return std::nullopt;
}

DocumentReader::Failure DocumentReader::read_field(std::uint32_t field, ondemand::value& value, EventBatch& into, std::size_t row) {
  const FieldSpec& spec = schema_.fields[field];
  Column& column = into.columns[field];
  std::string_view token = trim_token(value.raw_json_token());
  if (token.front() == 'n') {
    if (token != "null") return reject(RejectReason::not_json, token.data(), "a malformed literal", field);
    if (spec.optional) return std::nullopt;
    return reject(RejectReason::field_missing, token.data(), "null, but not optional", field);
  }
  if (spec.type == ValueType::string) return read_string(field, value, token, column, into.arena, row);
  if (spec.type == ValueType::geo) return read_geo(field, value, token, column, row);

  std::string unescaped;
  if (has_escapes_ && token.front() == '"' && contains_escape(token)) {
    std::string_view text;
    if (const simdjson::error_code error = value.get_string().get(text)) return failed(error, token.data());
    unescaped.append(1, '"').append(text).append(1, '"');
  }
  const std::optional<Complaint> complaint = read_scalar(spec, unescaped.empty() ? token : std::string_view(unescaped), column, row);
  if (complaint) return reject(complaint->reason, token.data(), complaint->detail, field);
  return std::nullopt;
}

DocumentReader::Failure DocumentReader::read_string(std::uint32_t field, ondemand::value& value, std::string_view token, Column& column,
                                                    Arena& arena, std::size_t row) {
  if (token.front() != '"') return mistyped(field, token);
  std::string_view text = token.substr(1, token.size() - 2);
  if (has_escapes_ && contains_escape(text)) {
    if (text.size() / escape_bytes_max > limits_.string_bytes_max) return reject(RejectReason::string_too_long, token.data(), {}, field);
    std::string_view unescaped;
    if (value.get_string().get(unescaped) != simdjson::SUCCESS)
      return reject(RejectReason::not_json, token.data(), "a malformed escape", field);
    // An escape can spell half of a surrogate pair, which no UTF-8 can hold.
    if (!simdjson::validate_utf8(unescaped)) return reject(RejectReason::invalid_utf8, token.data(), "half a surrogate pair", field);
    text = arena.copy(unescaped);
  }
  if (text.size() > limits_.string_bytes_max) return reject(RejectReason::string_too_long, token.data(), {}, field);
  column.strings[row] = text;
  column.present.set(row);
  return std::nullopt;
}

DocumentReader::Failure DocumentReader::read_geo(std::uint32_t field, ondemand::value& value, std::string_view token, Column& column,
                                                 std::size_t row) {
  if (token.front() != '{') return mistyped(field, token);
  ondemand::object object;
  if (const simdjson::error_code error = value.get_object().get(object)) return failed(error, token.data());
  bool has_latitude = false;
  bool has_longitude = false;
  GeoPoint point;
  for (auto member : object) {
    ondemand::field pair;
    if (const simdjson::error_code error = std::move(member).get(pair)) return failed(error, token.data());
    const char* const raw_key = pair.key().raw();
    std::string_view name;
    if (!short_name(pair, name)) return reject(RejectReason::not_json, raw_key, "a malformed escape", field);
    ondemand::value& coordinate = pair.value();
    const bool is_latitude = name == "lat";
    if (!is_latitude && name != "lon") {
      if (Failure failure = skip(coordinate, 3)) return failure;
      continue;
    }
    bool& met = is_latitude ? has_latitude : has_longitude;
    if (met) return reject(RejectReason::duplicate_key, raw_key - 1, is_latitude ? "`lat` stands twice" : "`lon` stands twice", field);
    met = true;
    const std::string_view number = trim_token(coordinate.raw_json_token());
    const Failure failure = is_latitude ? read_coordinate(field, number, 90, "a latitude beyond 90 degrees", point.latitude)
                                        : read_coordinate(field, number, 180, "a longitude beyond 180 degrees", point.longitude);
    if (failure) return failure;
  }
  if (!has_latitude || !has_longitude)
    return reject(RejectReason::field_mistyped, token.data(), has_latitude ? "an object without `lon`" : "an object without `lat`", field);
  column.points[row] = point;
  column.present.set(row);
  return std::nullopt;
}

// The key of a member, where it has three letters; otherwise empty. False: a malformed escape.
bool DocumentReader::short_name(ondemand::field& pair, std::string_view& name) const {
  constexpr std::size_t letters = 3;
  if (has_escapes_) return pair.unescaped_key().get(name) == simdjson::SUCCESS;
  const char* const key = pair.key().raw();
  if (std::memchr(key, '"', letters) == nullptr && key[letters] == '"') name = {key, letters};
  return true;
}

DocumentReader::Failure DocumentReader::read_coordinate(std::uint32_t field, std::string_view token, double limit, std::string_view range,
                                                        double& into) const {
  if (const std::optional<Complaint> complaint = read_double(token, into)) {
    if (complaint->reason != RejectReason::field_mistyped) return reject(complaint->reason, token.data(), complaint->detail, field);
    return reject(RejectReason::field_mistyped, token.data(), "a coordinate that is no number", field);
  }
  if (into < -limit || into > limit) return reject(RejectReason::number_out_of_range, token.data(), range, field);
  return std::nullopt;
}

DocumentReader::Failure DocumentReader::skip(ondemand::value& value, std::size_t depth) {
  const std::string_view token = value.raw_json_token();
  const char first = token.front();
  if (first == '{' || first == '[') {
    if (depth > limits_.depth_max) return reject(RejectReason::too_deep, token.data());
    return first == '{' ? skip_object(value, depth) : skip_array(value, depth);
  }
  if (!begins_value(first)) return reject(RejectReason::not_json, token.data(), "no value where one must stand");
  if (limits_.strict && !is_json_scalar(trim_token(token)))
    return reject(RejectReason::not_json, token.data(), "a malformed number, string or literal");
  return std::nullopt;
}

DocumentReader::Failure DocumentReader::skip_object(ondemand::value& value, std::size_t depth) {
  const char* const begin = value.raw_json_token().data();
  ondemand::object object;
  if (const simdjson::error_code error = value.get_object().get(object)) return failed(error, begin);
  for (auto member : object) {
    ondemand::field pair;
    if (const simdjson::error_code error = std::move(member).get(pair)) return failed(error, begin);
    if (limits_.strict && has_escapes_) {
      const char* const key = pair.key().raw();
      std::string_view name;
      if (const simdjson::error_code error = pair.unescaped_key().get(name)) return failed(error, key);
    }
    if (Failure failure = skip(pair.value(), depth + 1)) return failure;
  }
  return std::nullopt;
}

DocumentReader::Failure DocumentReader::skip_array(ondemand::value& value, std::size_t depth) {
  const char* const begin = value.raw_json_token().data();
  ondemand::array array;
  if (const simdjson::error_code error = value.get_array().get(array)) return failed(error, begin);
  for (auto element : array) {
    ondemand::value item;
    if (const simdjson::error_code error = std::move(element).get(item)) return failed(error, begin);
    if (Failure failure = skip(item, depth + 1)) return failure;
  }
  return std::nullopt;
}

DocumentReader::Failure DocumentReader::missing_field() const {
  for (std::size_t index = 0; index < required_.size(); ++index) {
    const std::uint64_t missing = required_[index] & ~met_[index];
    if (missing == 0) continue;
    const std::size_t field = index * mask_bits + static_cast<std::size_t>(std::countr_zero(missing));
    return Reject{.reason = RejectReason::field_missing, .field = static_cast<std::uint32_t>(field), .detail = "missing"};
  }
  return std::nullopt;
}

void DocumentReader::erase(EventBatch& into, std::size_t row) const {
  for (std::size_t field = 0; field < schema_.fields.size(); ++field) {
    if ((met_[field / mask_bits] >> (field % mask_bits) & 1U) == 0) continue;
    Column& column = into.columns[field];
    column.present.reset(row);
    switch (column.type) {
      case ValueType::boolean:
        column.bits.reset(row);
        break;
      case ValueType::floating:
        column.floats[row] = 0;
        break;
      case ValueType::string:
        column.strings[row] = {};
        break;
      case ValueType::geo:
        column.points[row] = {};
        break;
      default:
        column.integers[row] = 0;
        break;
    }
  }
}

bool DocumentReader::mark(std::uint32_t field) {
  std::uint64_t& mask = met_[field / mask_bits];
  const std::uint64_t bit = std::uint64_t{1} << (field % mask_bits);
  if ((mask & bit) != 0) return false;
  mask |= bit;
  return true;
}

Reject DocumentReader::reject(RejectReason reason, const char* at, std::string_view detail, std::uint32_t field) const {
  return {.reason = reason, .field = field, .byte_position = static_cast<std::uint32_t>(at - text_.data()), .detail = detail};
}

Reject DocumentReader::mistyped(std::uint32_t field, std::string_view token) const {
  if (!begins_value(token.front())) return reject(RejectReason::not_json, token.data(), "no value where one must stand", field);
  return reject(RejectReason::field_mistyped, token.data(), kind_of(token.front()), field);
}

// An error of simdjson's somewhere inside the object. `at`: the last place known to be right.
Reject DocumentReader::failed(simdjson::error_code error, const char* at) const {
  if (error == simdjson::STRING_ERROR) return reject(RejectReason::not_json, at, "a malformed escape");
  if (end_of_first_document(text_) == std::string_view::npos) return reject(RejectReason::cut_off, at);
  return reject(RejectReason::not_json, at, "a bracket, comma, colon or quote is out of place behind this");
}

Reject DocumentReader::classify_start(simdjson::error_code error) const {
  const std::size_t begin = text_.find_first_not_of(" \t\r\n");
  switch (error) {
    case simdjson::UTF8_ERROR:
      return {.reason = RejectReason::invalid_utf8};
    case simdjson::EMPTY:
      return {.reason = RejectReason::empty_value};
    case simdjson::UNESCAPED_CHARS:
      return {.reason = RejectReason::not_json, .detail = "a control character in a string"};
    default:
      break;
  }
  if (begin == std::string_view::npos) return {.reason = RejectReason::empty_value};
  const char* const first = text_.data() + begin;
  if (*first != '{') return reject(begins_value(*first) ? RejectReason::not_an_object : RejectReason::not_json, first);
  const std::size_t end = end_of_first_document(text_);
  if (end == std::string_view::npos) return reject(RejectReason::cut_off, text_.data() + text_.size());
  return classify_rest(text_.data() + end);
}

// The first document is whole; something follows it.
Reject DocumentReader::classify_rest(const char* at) const {
  const std::string_view rest = text_.substr(static_cast<std::size_t>(at - text_.data()));
  const std::size_t begin = rest.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && begins_value(rest[begin])) return reject(RejectReason::two_documents, rest.data() + begin);
  return reject(RejectReason::not_json, at, "text behind the document");
}

}  // namespace weir
