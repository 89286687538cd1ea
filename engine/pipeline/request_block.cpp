#include "engine/pipeline/request_block.h"

namespace weir {
namespace {

// The values of one column; `visit` is called with the two vectors that are in use, or, for booleans, with the two masks.
template <typename From, typename To, typename Visit, typename VisitBits>
void visit_values(From& from, To& to, Visit visit, VisitBits visit_bits) {
  switch (from.type) {
    case ValueType::boolean:
      return visit_bits(from.bits, to.bits);
    case ValueType::floating:
      return visit(from.floats, to.floats);
    case ValueType::string:
      return visit(from.strings, to.strings);
    case ValueType::geo:
      return visit(from.points, to.points);
    case ValueType::ip:
      return visit(from.addresses, to.addresses);
    default:
      return visit(from.integers, to.integers);
  }
}

void gather(const Column& from, std::span<const std::uint32_t> rows, Column& to) {
  to.type = from.type;
  to.scale = from.scale;
  to.resize(rows.size());
  for (std::size_t at = 0; at < rows.size(); ++at)
    if (from.present.test(rows[at])) to.present.set(at);
  visit_values(
      from, to,
      [&](const auto& values, auto& copied) {
        for (std::size_t at = 0; at < rows.size(); ++at) copied[at] = values[rows[at]];
      },
      [&](const BitMask& bits, BitMask& copied) {
        for (std::size_t at = 0; at < rows.size(); ++at)
          if (bits.test(rows[at])) copied.set(at);
      });
}

void scatter(const Column& from, std::span<const std::uint32_t> rows, Column& to) {
  for (std::size_t at = 0; at < rows.size(); ++at)
    if (from.present.test(at)) to.present.set(rows[at]);
  visit_values(
      from, to,
      [&](const auto& values, auto& copied) {
        for (std::size_t at = 0; at < rows.size(); ++at) copied[rows[at]] = values[at];
      },
      [&](const BitMask& bits, BitMask& copied) {
        for (std::size_t at = 0; at < rows.size(); ++at)
          if (bits.test(at)) copied.set(rows[at]);
      });
}

}  // namespace

void RequestBlock::start(LaneIndex home_lane, BatchInFlight& in_flight) {
  home = home_lane;
  batch = &in_flight;
  stages = in_flight.stages.get();
  source = in_flight.source;
  shard = in_flight.shard->start.shard;
  mute = !in_flight.judged;
  answered = false;
  used = 0;
}

RequestSection& RequestBlock::section(std::size_t route) {
  if (used > 0 && sections[used - 1]->route == route) return *sections[used - 1];
  if (used == sections.size()) sections.push_back(std::make_unique<RequestSection>());
  RequestSection& opened = *sections[used++];
  opened.route = route;
  opened.rows.clear();
  opened.answers.arena.clear();
  return opened;
}

void copy_rows(const EventBatch& from, std::span<const ColumnIndex> columns, RequestSection& to) {
  EventBatch& events = to.events;
  events.schema = from.schema;
  events.shard = from.shard;
  events.rows = to.rows.size();
  events.columns.resize(from.columns.size());
  for (const ColumnIndex column : columns) gather(from.columns[column], to.rows, events.columns[column]);
  events.offsets.resize(events.rows);
  for (std::size_t at = 0; at < events.rows; ++at) events.offsets[at] = from.offsets[to.rows[at]];
  events.types.resize(from.types.empty() ? 0 : events.rows);
  for (std::size_t at = 0; at < events.types.size(); ++at) events.types[at] = from.types[to.rows[at]];
  events.index_types();
  events.active.assign(events.rows, true);
}

void fill_in(const RequestSection& from, std::span<const FeatureIndex> features, FeatureColumns& to) {
  for (const FeatureIndex feature : features) {
    Column& column = to.columns[feature];
    scatter(from.answers.columns[feature], from.rows, column);
    if (column.type != ValueType::string) continue;
    for (const std::uint32_t row : from.rows)
      if (column.present.test(row)) column.strings[row] = to.arena.copy(column.strings[row]);
  }
}

}  // namespace weir
