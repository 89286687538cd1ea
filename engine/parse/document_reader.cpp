#include "engine/parse/document_reader.h"

#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "engine/base/check.h"
#include "engine/parse/document_fault.h"
#include "engine/parse/json_token.h"
#include "engine/parse/scalar_reader.h"

// simdjson's iterators live in registers only while no reference to them leaves the loop; otherwise each key costs some 10 ns in stalled
// loads. So the loops hand on tokens, and copies of a value where it takes more.

namespace weir {
namespace {

constexpr std::size_t mask_bits = 64;
constexpr std::size_t escape_bytes_max = 6;  // of one character: \u0041
constexpr double latitude_max = 90;
constexpr double longitude_max = 180;

bool contains_escape(std::string_view text) {
  return std::memchr(text.data(), '\\', text.size()) != nullptr;
}

bool is_container(std::string_view token) {
  return token.front() == '{' || token.front() == '[';
}

// Whether the key at `at`, which has no escapes, is `name`.
bool is_key(std::string_view text, const char* at, std::string_view name) {
  const std::size_t room = text.size() - static_cast<std::size_t>(at - text.data());
  return name.size() < room && std::memcmp(at, name.data(), name.size()) == 0 && at[name.size()] == '"';
}

// The key where it has three letters and no escapes; otherwise empty.
std::string_view short_name(const char* key) {
  constexpr std::size_t letters = 3;
  return std::memchr(key, '"', letters + 1) == key + letters ? std::string_view(key, letters) : std::string_view();
}

}  // namespace

DocumentReader::DocumentReader(const EventSchema& schema, const ParseLimits& limits, const RecordTypes& types)
    : schema_(schema),
      limits_(limits),
      types_(types),
      table_(schema.has_several_types() ? FieldTable(schema, schema.types[types.type].fields) : FieldTable(schema)),
      met_((schema.fields.size() + mask_bits - 1) / mask_bits, 0) {
  std::vector<std::size_t> fields;
  std::vector<std::size_t> required;
  for (std::size_t field = 0; field < schema.fields.size(); ++field) {
    fields.push_back(field);
    if (!schema.fields[field].optional) required.push_back(field);
  }
  if (!schema.has_several_types()) shapes_.push_back(shape_of(fields, required));
  for (const EventType& type : schema.types) shapes_.push_back(shape_of(type.fields, type.required));
  shape_ = &shapes_.at(types.type);
  // The memory is only reserved; pages that no record needs are never touched.
  const simdjson::error_code error = parser_.allocate(limits.record_bytes_max, limits.depth_max + 2);
  WEIR_CHECK(error == simdjson::SUCCESS);
}

DocumentReader::Shape DocumentReader::shape_of(const std::vector<std::size_t>& fields, const std::vector<std::size_t>& required) const {
  Shape shape{FieldTable(schema_, fields), std::vector<std::uint64_t>(met_.size(), 0)};
  for (const std::size_t field : required) shape.required[field / mask_bits] |= std::uint64_t{1} << (field % mask_bits);
  return shape;
}

std::optional<Reject> DocumentReader::read(const RecordView& record, EventBatch& into, std::size_t row) {
  text_ = record.value;
  if (!record.has_value) return Reject{.reason = RejectReason::tombstone};
  if (text_.empty()) return Reject{.reason = RejectReason::empty_value};
  if (text_.size() > limits_.record_bytes_max) return Reject{.reason = RejectReason::too_large};
  for (std::uint64_t& mask : met_) mask = 0;
  has_escapes_ = contains_escape(text_);
  if (read_document(into, row)) return std::nullopt;
  erase(into, row);
  return reject_;
}

bool DocumentReader::read_document(EventBatch& into, std::size_t row) {
  simdjson::ondemand::document document;
  const simdjson::padded_string_view padded(text_.data(), text_.size(), text_.size() + simdjson::SIMDJSON_PADDING);
  if (const simdjson::error_code error = parser_.iterate(padded).get(document)) return fail(fault_at_start(text_, error));
  Object object;
  if (const simdjson::error_code error = document.get_object().get(object)) return fail(fault_at_start(text_, error));
  if (types_.field.empty()) {
    if (!read_members<false>(object, into, row)) return false;
  } else {
    // Twice over a record's front, since nothing of it can be read before it is known what it is.
    if (!tell_type(object)) return false;
    document.rewind();
    if (const simdjson::error_code error = document.get_object().get(object)) return fail(fault_at_start(text_, error));
    if (!read_members<true>(object, into, row)) return false;
  }
  const char* behind = nullptr;
  if (document.current_location().get(behind) != simdjson::OUT_OF_BOUNDS) return fail(fault_behind(text_, behind));
  return all_required_met();
}

// Finds the member that tells the type; what stands behind it is not looked at.
bool DocumentReader::tell_type(Object& object) {
  const char* last = text_.data();
  for (auto member : object) {
    if (member.error() != simdjson::SUCCESS) return fail(fault_inside(text_, member.error(), last));
    Pair&& pair = std::move(member).value_unsafe();
    const char* const key = pair.key().raw();
    last = key;
    if (has_escapes_) {
      std::string_view name;
      if (!unescape_key(Pair(pair), name)) return false;
      if (name != types_.field) continue;
    } else if (!is_key(text_, key, types_.field)) {
      continue;
    }
    Value value(pair.value());
    const std::string_view token = value.raw_json_token();
    if (is_container(token)) break;
    std::string_view said = trim_token(token);
    if (said.front() != '"') return choose_type(said, token.data());
    if (!needs_unescaping(token)) return choose_type(said.substr(1, said.size() - 2), token.data());
    if (value.get_string().get(said) != simdjson::SUCCESS) return fail(RejectReason::not_json, token.data(), "a malformed escape");
    return choose_type(said, token.data());
  }
  return fail({.reason = RejectReason::unknown_event_type});
}

bool DocumentReader::choose_type(std::string_view said, const char* at) {
  for (const auto& [text, type] : types_.told) {
    if (text != said) continue;
    shape_ = &shapes_[type];
    return true;
  }
  return fail(RejectReason::unknown_event_type, at);
}

template <bool told>
bool DocumentReader::read_members(Object& object, EventBatch& into, std::size_t row) {
  const FieldTable& table = told ? shape_->table : table_;
  [[maybe_unused]] bool type_met = false;
  const char* last = text_.data();
  for (auto member : object) {
    if (member.error() != simdjson::SUCCESS) return fail(fault_inside(text_, member.error(), last));
    Pair&& pair = std::move(member).value_unsafe();
    const char* const key = pair.key().raw();
    last = key;
    const std::string_view token = pair.value().raw_json_token();
    std::uint32_t field = FieldTable::none;
    if (!has_escapes_) {
      // Mostly the value follows its key at once, which gives the key's length for nothing.
      const char* const value = token.data();
      field = value[-1] == ':' && value[-2] == '"' ? table.find(key, static_cast<std::size_t>(value - 2 - key)) : table.find_quoted(key);
    } else {
      std::string_view name;
      if (!unescape_key(Pair(pair), name)) return false;
      field = table.find(name.data(), name.size());
      if constexpr (told) {
        if (field == FieldTable::none && name == types_.field && std::exchange(type_met, true))
          return fail(RejectReason::duplicate_key, key - 1, "the field that tells the event's type stands twice");
      }
    }
    if (field == FieldTable::none) {
      if constexpr (told) {
        if (!has_escapes_ && is_key(text_, key, types_.field) && std::exchange(type_met, true))
          return fail(RejectReason::duplicate_key, key - 1, "the field that tells the event's type stands twice");
      }
      if (is_container(token) ? !skip_container(Value(pair.value()), token, 2) : !skip_scalar(token)) return false;
      continue;
    }
    if (!mark(field, key)) return false;
    const bool read = is_container(token) || needs_unescaping(token) ? read_compound(field, Value(pair.value()), token, into, row)
                                                                     : read_token(field, token, into, row);
    if (!read) return false;
  }
  return true;
}

bool DocumentReader::read_token(std::uint32_t field, std::string_view raw_token, EventBatch& into, std::size_t row) {
  const FieldSpec& spec = schema_.fields[field];
  const std::string_view token = trim_token(raw_token);
  Column& column = into.columns[field];
  if (spec.type == ValueType::string && token.front() == '"') {
    if (token.size() - 2 > limits_.string_bytes_max) return fail(RejectReason::string_too_long, token.data(), {}, field);
    column.strings[row] = token.substr(1, token.size() - 2);
    column.present.set(row);
    return true;
  }
  if (token.front() == 'n') {
    if (token != "null") return fail(RejectReason::not_json, token.data(), "a malformed literal", field);
    return !is_required(field) || fail(RejectReason::field_missing, token.data(), "null, but not optional", field);
  }
  if (spec.type == ValueType::string || spec.type == ValueType::geo) return fail_mistyped(field, token);
  const Complaint complaint = read_scalar(spec, token, column, row);
  return complaint.none() || fail(complaint.reason, token.data(), complaint.detail, field);
}

// What takes more than its token: an object, an array, a string with escapes.
bool DocumentReader::read_compound(std::uint32_t field, Value value, std::string_view token, EventBatch& into, std::size_t row) {
  const FieldSpec& spec = schema_.fields[field];
  Column& column = into.columns[field];
  if (token.front() == '"' && spec.type == ValueType::string) return read_escaped_string(field, value, token, into, row);
  if (token.front() == '"' && (spec.type == ValueType::timestamp || spec.type == ValueType::ip))
    return read_escaped_scalar(field, value, token, column, row);
  if (token.front() == '{' && spec.type == ValueType::geo) return read_geo(field, value, token, column, row);
  return fail_mistyped(field, token);
}

bool DocumentReader::read_escaped_string(std::uint32_t field, Value& value, std::string_view token, EventBatch& into, std::size_t row) {
  if (token.size() / escape_bytes_max > limits_.string_bytes_max) return fail(RejectReason::string_too_long, token.data(), {}, field);
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return fail(RejectReason::not_json, token.data(), "a malformed escape", field);
  if (text.size() > limits_.string_bytes_max) return fail(RejectReason::string_too_long, token.data(), {}, field);
  into.columns[field].strings[row] = into.arena.copy(text);
  into.columns[field].present.set(row);
  return true;
}

// A time or an address, spelled with escapes.
bool DocumentReader::read_escaped_scalar(std::uint32_t field, Value& value, std::string_view token, Column& column, std::size_t row) {
  std::string_view unescaped;
  if (value.get_string().get(unescaped) != simdjson::SUCCESS)
    return fail(RejectReason::not_json, token.data(), "a malformed escape", field);
  const std::string quoted = std::string(1, '"').append(unescaped).append(1, '"');
  const Complaint complaint = read_scalar(schema_.fields[field], quoted, column, row);
  return complaint.none() || fail(complaint.reason, token.data(), complaint.detail, field);
}

bool DocumentReader::read_geo(std::uint32_t field, Value& value, std::string_view token, Column& column, std::size_t row) {
  constexpr std::size_t depth = 2;
  if (depth > limits_.depth_max) return fail(RejectReason::too_deep, token.data());
  Object object;
  if (const simdjson::error_code error = value.get_object().get(object)) return fail(fault_inside(text_, error, token.data()));
  bool has_latitude = false;
  bool has_longitude = false;
  GeoPoint point;
  for (auto member : object) {
    if (member.error() != simdjson::SUCCESS) return fail(fault_inside(text_, member.error(), token.data()));
    Pair&& pair = std::move(member).value_unsafe();
    const char* const key = pair.key().raw();
    std::string_view name = short_name(key);
    if (has_escapes_ && !unescape_key(Pair(pair), name)) return false;
    const std::string_view coordinate = pair.value().raw_json_token();
    if (name == "lat") {
      if (std::exchange(has_latitude, true)) return fail(RejectReason::duplicate_key, key - 1, "`lat` stands twice in it", field);
      if (!read_coordinate(field, coordinate, latitude_max, "a latitude beyond 90 degrees", point.latitude)) return false;
    } else if (name == "lon") {
      if (std::exchange(has_longitude, true)) return fail(RejectReason::duplicate_key, key - 1, "`lon` stands twice in it", field);
      if (!read_coordinate(field, coordinate, longitude_max, "a longitude beyond 180 degrees", point.longitude)) return false;
    } else if (is_container(coordinate) ? !skip_container(Value(pair.value()), coordinate, depth + 1) : !skip_scalar(coordinate)) {
      return false;
    }
  }
  if (!has_latitude) return fail(RejectReason::field_mistyped, token.data(), "an object without `lat`", field);
  if (!has_longitude) return fail(RejectReason::field_mistyped, token.data(), "an object without `lon`", field);
  column.points[row] = point;
  column.present.set(row);
  return true;
}

bool DocumentReader::read_coordinate(std::uint32_t field, std::string_view token, double limit, std::string_view beyond, double& into) {
  const Complaint complaint = read_double(trim_token(token), into);
  if (complaint.none()) return (into >= -limit && into <= limit) || fail(RejectReason::number_out_of_range, token.data(), beyond, field);
  const bool mistyped = complaint.reason == RejectReason::field_mistyped;
  return fail(complaint.reason, token.data(), mistyped ? "a coordinate that is not a number" : complaint.detail, field);
}

bool DocumentReader::unescape_key(Pair pair, std::string_view& name) {
  const char* const key = pair.key().raw();
  const simdjson::error_code error = pair.unescaped_key().get(name);
  return error == simdjson::SUCCESS || fail(fault_inside(text_, error, key));
}

bool DocumentReader::all_required_met() {
  for (std::size_t index = 0; index < met_.size(); ++index) {
    const std::uint64_t missing = shape_->required[index] & ~met_[index];
    if (missing == 0) continue;
    const std::size_t field = index * mask_bits + static_cast<std::size_t>(std::countr_zero(missing));
    return fail({.reason = RejectReason::field_missing, .field = static_cast<std::uint32_t>(field), .detail = "missing"});
  }
  return true;
}

inline bool DocumentReader::skip_scalar(std::string_view token) {
  if (!begins_value(token.front())) return fail(RejectReason::not_json, token.data(), "no value where one must stand");
  if (!limits_.strict || is_json_scalar(trim_token(token))) return true;
  return fail(RejectReason::not_json, token.data(), "a malformed number, string or literal");
}

bool DocumentReader::skip_container(Value value, std::string_view token, std::size_t depth) {
  if (depth > limits_.depth_max) return fail(RejectReason::too_deep, token.data());
  return token.front() == '{' ? skip_object(value, token, depth) : skip_array(value, token, depth);
}

bool DocumentReader::skip_object(Value& value, std::string_view token, std::size_t depth) {
  Object object;
  if (const simdjson::error_code error = value.get_object().get(object)) return fail(fault_inside(text_, error, token.data()));
  for (auto member : object) {
    if (member.error() != simdjson::SUCCESS) return fail(fault_inside(text_, member.error(), token.data()));
    Pair&& pair = std::move(member).value_unsafe();
    std::string_view name;
    if (limits_.strict && has_escapes_ && !unescape_key(Pair(pair), name)) return false;
    const std::string_view inside = pair.value().raw_json_token();
    if (is_container(inside) ? !skip_container(Value(pair.value()), inside, depth + 1) : !skip_scalar(inside)) return false;
  }
  return true;
}

bool DocumentReader::skip_array(Value& value, std::string_view token, std::size_t depth) {
  simdjson::ondemand::array array;
  if (const simdjson::error_code error = value.get_array().get(array)) return fail(fault_inside(text_, error, token.data()));
  for (auto element : array) {
    if (element.error() != simdjson::SUCCESS) return fail(fault_inside(text_, element.error(), token.data()));
    Value&& item = std::move(element).value_unsafe();
    const std::string_view inside = item.raw_json_token();
    if (is_container(inside) ? !skip_container(Value(item), inside, depth + 1) : !skip_scalar(inside)) return false;
  }
  return true;
}

inline bool DocumentReader::mark(std::uint32_t field, const char* key) {
  std::uint64_t& mask = met_[field / mask_bits];
  const std::uint64_t bit = std::uint64_t{1} << (field % mask_bits);
  if ((mask & bit) != 0) return fail(RejectReason::duplicate_key, key - 1, {}, field);
  mask |= bit;
  return true;
}

void DocumentReader::erase(EventBatch& into, std::size_t row) const {
  for (std::size_t field = 0; field < schema_.fields.size(); ++field)
    if ((met_[field / mask_bits] >> (field % mask_bits) & 1U) != 0) into.columns[field].erase(row);
}

bool DocumentReader::fail(const Reject& reject) {
  reject_ = reject;
  return false;
}

bool DocumentReader::fail(RejectReason reason, const char* at, std::string_view detail, std::uint32_t field) {
  return fail({.reason = reason, .field = field, .byte_position = static_cast<std::uint32_t>(at - text_.data()), .detail = detail});
}

bool DocumentReader::fail_mistyped(std::uint32_t field, std::string_view token) {
  if (!begins_value(token.front())) return fail(RejectReason::not_json, token.data(), "no value where one must stand", field);
  return fail(RejectReason::field_mistyped, token.data(), kind_of(token.front()), field);
}

}  // namespace weir
