#include "engine/parse/json_parser.h"

#include <algorithm>
#include <cstring>

#include "engine/base/check.h"
#include "engine/parse/document_reader.h"

namespace weir {

class JsonParser::Engine {
 public:
  Engine(const EventSchema& schema, const ParseLimits& limits, const RecordTypes& types)
      : schema_(schema), skip_unknown_(types.skip_unknown), reader_(schema, limits, types) {}

  void parse(const RecordBatch& records, EventBatch& into, std::vector<Reject>& rejects) {
    begin(records, into);
    std::size_t row = 0;
    for (std::size_t index = 0; index < records.records.size(); ++index) {
      const RecordView& record = records.records[index];
      const std::optional<Reject> reject = reader_.read(record, into, row);
      if (reject) {
        if (skip_unknown_ && reject->reason == RejectReason::unknown_event_type) continue;
        rejects.push_back(*reject);
        rejects.back().record = static_cast<std::uint32_t>(index);
        continue;
      }
      into.record_index[row] = static_cast<std::uint32_t>(index);
      into.offsets[row] = record.offset;
      if (schema_.has_several_types()) set_type(into, row);
      ++row;
    }
    end(into, row);
  }

 private:
  void begin(const RecordBatch& records, EventBatch& into) {
    if (into.schema != &schema_ || into.columns.size() < schema_.fields.size()) {
      into.schema = &schema_;
      into.columns.clear();
      into.columns.resize(schema_.fields.size());
      for (std::size_t index = 0; index < schema_.fields.size(); ++index) {
        into.columns[index].type = schema_.fields[index].type;
        into.columns[index].scale = schema_.fields[index].scale;
      }
    }
    const std::size_t rows = records.records.size();
    into.shard = records.shard;
    into.arena.clear();
    for (std::size_t index = 0; index < schema_.fields.size(); ++index) into.columns[index].resize(rows);
    into.record_index.resize(rows);
    into.offsets.resize(rows);
    into.types.resize(schema_.has_several_types() ? rows : 0);
  }

  void set_type(EventBatch& into, std::size_t row) const {
    const std::size_t type = reader_.type();
    into.types[row] = static_cast<std::uint8_t>(type);
    const std::size_t time = schema_.types[type].time_field;
    if (time == schema_.time_field) return;
    into.columns[schema_.time_field].integers[row] = into.columns[time].integers[row];
    into.columns[schema_.time_field].present.set(row);
  }

  void end(EventBatch& into, std::size_t rows) const {
    into.rows = rows;
    into.active.assign(rows, true);
    into.types.resize(schema_.has_several_types() ? rows : 0);
    into.index_types();
    if (rows == into.offsets.size()) return;
    for (std::size_t index = 0; index < schema_.fields.size(); ++index) into.columns[index].truncate(rows);
    into.record_index.resize(rows);
    into.offsets.resize(rows);
  }

  const EventSchema& schema_;
  bool skip_unknown_;
  DocumentReader reader_;
};

JsonParser::JsonParser(const EventSchema& schema, const ParseLimits& limits, const RecordTypes& types)
    : engine_(std::make_unique<Engine>(schema, limits, types)) {}
JsonParser::~JsonParser() = default;

void JsonParser::parse(const RecordBatch& records, EventBatch& into, std::vector<Reject>& rejects) {
  engine_->parse(records, into, rejects);
}

}  // namespace weir
