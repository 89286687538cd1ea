// One record's JSON object, read once from front to back into one row of the columns.
#pragma once

#include <cstdint>
#include <optional>
#include <simdjson.h>
#include <string_view>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/record.h"
#include "engine/parse/field_table.h"
#include "engine/parse/json_parser.h"
#include "engine/parse/reject.h"

namespace weir {

// Keeps simdjson's parser and its memory. One thread.
class DocumentReader {
 public:
  // `schema` outlives the reader.
  DocumentReader(const EventSchema& schema, const ParseLimits& limits, const RecordTypes& types);

  // Fills row `row` of the schema's columns, which are sized and empty there. On a reject they are empty again.
  std::optional<Reject> read(const RecordView& record, EventBatch& into, std::size_t row);

  // Of the record that was read last: its event type.
  std::size_t type() const { return static_cast<std::size_t>(shape_ - shapes_.data()); }

 private:
  using Object = simdjson::ondemand::object;
  using Value = simdjson::ondemand::value;
  using Pair = simdjson::ondemand::field;

  // All of these return false once `reject_` says why the record is none of ours.
  bool read_document(EventBatch& into, std::size_t row);
  bool tell_type(Object& object);
  bool choose_type(std::string_view said, const char* at);
  template <bool told>
  bool read_members(Object& object, EventBatch& into, std::size_t row);
  bool read_token(std::uint32_t field, std::string_view token, EventBatch& into, std::size_t row);
  bool read_compound(std::uint32_t field, Value value, std::string_view token, EventBatch& into, std::size_t row);
  bool read_escaped_string(std::uint32_t field, Value& value, std::string_view token, EventBatch& into, std::size_t row);
  bool read_escaped_scalar(std::uint32_t field, Value& value, std::string_view token, Column& column, std::size_t row);
  bool read_geo(std::uint32_t field, Value& value, std::string_view token, Column& column, std::size_t row);
  bool read_coordinate(std::uint32_t field, std::string_view token, double limit, std::string_view beyond, double& into);
  bool unescape_key(Pair pair, std::string_view& name);
  bool needs_unescaping(std::string_view token) const {
    return has_escapes_ && token.front() == '"' && token.find('\\') != std::string_view::npos;
  }
  bool is_required(std::uint32_t field) const { return (shape_->required[field / 64] >> (field % 64) & 1U) != 0; }
  bool all_required_met();

  // Values that no field wants. `depth` is the container's own.
  bool skip_scalar(std::string_view token);
  bool skip_container(Value value, std::string_view token, std::size_t depth);
  bool skip_object(Value& value, std::string_view token, std::size_t depth);
  bool skip_array(Value& value, std::string_view token, std::size_t depth);

  bool mark(std::uint32_t field, const char* key);
  void erase(EventBatch& into, std::size_t row) const;

  bool fail(const Reject& reject);
  bool fail(RejectReason reason, const char* at, std::string_view detail = {}, std::uint32_t field = Reject::no_field);
  bool fail_mistyped(std::uint32_t field, std::string_view token);

  // What records of one event type have.
  struct Shape {
    FieldTable table;
    std::vector<std::uint64_t> required;  // a bit a field
  };
  Shape shape_of(const std::vector<std::size_t>& fields, const std::vector<std::size_t>& required) const;

  const EventSchema& schema_;
  ParseLimits limits_;
  RecordTypes types_;
  std::vector<Shape> shapes_;  // by event type
  FieldTable table_;  // that of all records, where no member tells the type; beside the loop over members, which has no register for it
  simdjson::ondemand::parser parser_;

  // Of the record in hand.
  const Shape* shape_ = nullptr;
  std::string_view text_;
  bool has_escapes_ = false;  // a backslash stands in it somewhere
  std::vector<std::uint64_t> met_;
  Reject reject_;
};

}  // namespace weir
