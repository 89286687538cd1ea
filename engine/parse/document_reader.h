// One record's JSON object, read once from front to back into one row of the columns. The only place that knows simdjson.
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
  DocumentReader(const EventSchema& schema, const ParseLimits& limits);

  // Fills row `row` of the schema's columns, which are sized and empty there. On a reject they are empty again.
  std::optional<Reject> read(const RecordView& record, EventBatch& into, std::size_t row);

 private:
  using Failure = std::optional<Reject>;

  Failure read_document(std::string_view text, EventBatch& into, std::size_t row);
  Failure read_fields(simdjson::ondemand::object& object, EventBatch& into, std::size_t row);
  Failure read_field(std::uint32_t field, simdjson::ondemand::value& value, EventBatch& into, std::size_t row);
  Failure read_string(std::uint32_t field, simdjson::ondemand::value& value, std::string_view token, Column& column, Arena& arena,
                      std::size_t row);
  Failure read_geo(std::uint32_t field, simdjson::ondemand::value& value, std::string_view token, Column& column, std::size_t row);
  bool short_name(simdjson::ondemand::field& pair, std::string_view& name) const;
  Failure read_coordinate(std::uint32_t field, std::string_view token, double limit, std::string_view range, double& into) const;
  Failure skip(simdjson::ondemand::value& value, std::size_t depth);
  Failure skip_object(simdjson::ondemand::value& value, std::size_t depth);
  Failure skip_array(simdjson::ondemand::value& value, std::size_t depth);
  Failure missing_field() const;
  void erase(EventBatch& into, std::size_t row) const;

  Reject reject(RejectReason reason, const char* at, std::string_view detail = {}, std::uint32_t field = Reject::no_field) const;
  Reject mistyped(std::uint32_t field, std::string_view token) const;
  Reject failed(simdjson::error_code error, const char* at) const;
  Reject classify_start(simdjson::error_code error) const;
  Reject classify_rest(const char* at) const;

  // Marks `field` as met; false if it was before.
  bool mark(std::uint32_t field);

  const EventSchema& schema_;
  ParseLimits limits_;
  FieldTable table_;
  simdjson::ondemand::parser parser_;
  std::string_view text_;     // of the record in hand
  bool has_escapes_ = false;  // it holds a backslash somewhere
  std::vector<std::uint64_t> met_;
  std::vector<std::uint64_t> required_;
};

}  // namespace weir
