#include "tests/unit/features/random_stream.h"

#include <algorithm>
#include <bit>

namespace weir {

RandomStream::RandomStream(std::uint64_t seed, const StreamShape& shape) : shape_(shape), random_(seed) {
  schema_.name = "payment";
  schema_.fields = {{"card", ValueType::string, 0, TimestampUnit::automatic, false},
                    {"device", ValueType::string, 0, TimestampUnit::automatic, true},
                    {"merchant", ValueType::string, 0, TimestampUnit::automatic, false},
                    {"amount", ValueType::decimal, 4, TimestampUnit::automatic, false},
                    {"points", ValueType::integer, 0, TimestampUnit::automatic, true},
                    {"ratio", ValueType::floating, 0, TimestampUnit::automatic, true},
                    {"approved", ValueType::boolean, 0, TimestampUnit::automatic, true},
                    {"place", ValueType::geo, 0, TimestampUnit::automatic, true},
                    {"address", ValueType::ip, 0, TimestampUnit::automatic, true},
                    {"moment", ValueType::timestamp, 0, TimestampUnit::milliseconds, false}};
  schema_.time_field = moment;
  schema_.key_field = card;
  if (shape.several_types) {
    const auto without = [](std::vector<std::size_t> missing) {
      std::vector<std::size_t> fields;
      for (std::size_t field = 0; field <= moment; ++field)
        if (std::find(missing.begin(), missing.end(), field) == missing.end()) fields.push_back(field);
      return fields;
    };
    for (const auto& [name, missing] :
         std::vector<std::pair<std::string, std::vector<std::size_t>>>{{"payment", {}}, {"login", {points, amount}}, {"note", {device}}})
      schema_.types.push_back({name, without(missing), {card, moment}, std::nullopt, moment, card});
    schema_.fields[amount].optional = true;
  }
  derived_ = {{ValueType::boolean, 0}, {ValueType::boolean, 0}, {ValueType::decimal, 2}};
  for (std::size_t index = 0; index < shape.features; ++index) features_.push_back(random_feature());
  std::int64_t now = 1'767'225'600'000;
  for (std::size_t index = 0; index < shape.events; ++index) rows_.push_back(random_row(now));
}

FeatureSpec RandomStream::random_feature() {
  static const std::vector<std::vector<ColumnIndex>> keys = {
      {card}, {card}, {card}, {device}, {card, device}, {points}, {ratio, approved}, {address}};
  static const std::vector<std::int64_t> windows = {1, 2, 5, 10, 50, 200};
  FeatureSpec feature;
  feature.aggregate = static_cast<Aggregate>(pick(0, static_cast<std::int64_t>(Aggregate::last)));
  feature.by = keys[static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(keys.size()) - 1))];
  feature.window_ms = windows[static_cast<std::size_t>(pick(0, 5))] * shape_.unit_ms;
  feature.inclusive = chance(0.2);
  feature.exclude_this_event = chance(0.3);
  if (shape_.several_types) feature.from = static_cast<EventTypeSet>(pick(0, 6));  // 0: of all three
  if (chance(0.4)) feature.where = chance(0.5) ? where_a : where_b;
  std::vector<ColumnIndex> inputs = {amount, points, ratio, argument};
  if (shape_.span_share > 0 && chance(shape_.span_share)) make_span(feature);
  if (feature.aggregate == Aggregate::mode) inputs = {amount, points, argument, merchant, device, approved, address, moment};
  if (feature.aggregate == Aggregate::min || feature.aggregate == Aggregate::max) inputs.push_back(moment);
  if (feature.aggregate == Aggregate::distinct || feature.aggregate == Aggregate::first || feature.aggregate == Aggregate::last)
    inputs.insert(inputs.end(), {merchant, device, approved, place, address, moment});
  if (feature.aggregate != Aggregate::count || chance(0.3))
    feature.input = inputs[static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(inputs.size()) - 1))];
  switch (feature.aggregate) {
    case Aggregate::count:
    case Aggregate::distinct:
      break;
    case Aggregate::avg:
    case Aggregate::stddev:
    case Aggregate::percentile:
      feature.type = ValueType::floating;
      break;
    default: {
      const ColumnIndex input = *feature.input;
      const bool field = input < schema_.fields.size();
      feature.type = field ? schema_.fields[input].type : derived_[input - schema_.fields.size()].type;
      feature.scale = field ? schema_.fields[input].scale : derived_[input - schema_.fields.size()].scale;
    }
  }
  return feature;
}

void RandomStream::make_span(FeatureSpec& feature) {
  static const std::vector<std::uint32_t> counts = {1, 2, 5, 20, 150};
  static const std::vector<std::int64_t> delays = {1, 3, 30, 150};
  static const std::vector<std::uint32_t> parts = {0, 5'000, 5'000, 9'500, 9'999, 10'000, 3'333};
  const auto any_of = [&](const auto& values) {
    return values[static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(values.size()) - 1))];
  };
  if (chance(0.4)) feature.aggregate = chance(0.5) ? Aggregate::percentile : Aggregate::mode;
  if (feature.aggregate == Aggregate::percentile) feature.percentile_parts = any_of(parts);
  if (chance(0.4)) feature.delay_ms = any_of(delays) * shape_.unit_ms;
  if (chance(0.4)) {
    feature.last_events = any_of(counts);
    feature.window_ms = (chance(0.3) ? 100 : 5'000) * shape_.unit_ms;
  }
}

StreamRow RandomStream::random_row(std::int64_t& now) {
  StreamRow row;
  now += pick(0, shape_.step_max) * shape_.unit_ms;
  if (chance(shape_.gap_share)) now += pick(100, 2000) * shape_.unit_ms;
  row.time = now;
  if (chance(shape_.late_share)) row.time -= (chance(0.7) ? pick(0, 8) : pick(0, 600)) * shape_.unit_ms;
  row.integers.assign(column_count, 0);
  row.texts.assign(column_count, "");
  row.present.assign(column_count, true);
  row.active = !chance(0.03);
  const auto key = [&](const char* prefix) { return prefix + std::to_string(pick(0, static_cast<std::int64_t>(shape_.keys) - 1)); };
  row.texts[card] = key("card ");
  row.texts[device] = key("");
  row.texts[merchant] = std::string(static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(shape_.merchants))), 'm');
  row.integers[amount] = pick(-shape_.value_max, shape_.value_max);
  row.integers[points] = pick(0, 3);
  row.integers[ratio] = pick(-2, 2);
  row.integers[approved] = pick(0, 1);
  row.integers[place] = pick(0, 5);
  row.integers[address] = pick(0, (static_cast<std::int64_t>(shape_.keys) - 1) / 2);
  row.integers[moment] = row.time;
  row.integers[where_a] = pick(0, 1);
  row.integers[where_b] = chance(0.05) ? 1 : 0;
  row.integers[argument] = pick(0, 9);
  for (const ColumnIndex optional : {device, points, ratio, approved, place, address, where_a, where_b, argument})
    if (chance(0.15)) row.present[optional] = false;
  if (!shape_.several_types) return row;
  row.type = static_cast<std::uint8_t>(pick(0, 2));
  for (std::size_t field = 0; field <= moment; ++field)
    if ((schema_.types_with(field) >> row.type & 1U) == 0) row.present[field] = false;
  return row;
}

std::vector<FeatureIndex> RandomStream::all_features() const {
  std::vector<FeatureIndex> all;
  for (FeatureIndex index = 0; index < features_.size(); ++index) all.push_back(index);
  return all;
}

FeatureStoreLimits RandomStream::limits() const {
  FeatureStoreLimits limits;
  limits.late_allowed_ms = shape_.late_allowed_ms * shape_.unit_ms;
  return limits;
}

EventBatch RandomStream::batch(std::size_t begin, std::size_t end) const {
  EventBatch batch;
  batch.schema = &schema_;
  batch.rows = end - begin;
  batch.active.assign(batch.rows, false);
  for (ColumnIndex index = 0; index < column_count; ++index) {
    Column column;
    const bool field = index < schema_.fields.size();
    column.type = field ? schema_.fields[index].type : derived_[index - schema_.fields.size()].type;
    column.scale = field ? schema_.fields[index].scale : derived_[index - schema_.fields.size()].scale;
    column.resize(batch.rows);
    for (std::size_t row = 0; row < batch.rows; ++row) {
      const StreamRow& from = rows_[begin + row];
      if (from.active) batch.active.set(row);
      if (!from.present[index]) continue;
      column.present.set(row);
      const std::int64_t integer = from.integers[index];
      if (column.type == ValueType::string) {
        column.strings[row] = from.texts[index];
      } else if (column.type == ValueType::floating) {
        column.floats[row] = 0.1 * static_cast<double>(integer);
      } else if (column.type == ValueType::geo) {
        column.points[row] = {static_cast<double>(integer), -0.5 * static_cast<double>(integer + 1)};
      } else if (column.type == ValueType::ip) {  // of both kinds
        const auto low = static_cast<std::uint32_t>(integer);
        column.addresses[row] =
            integer % 3 == 0 ? IpAddress::of_words(0x2001'0db8'0000'0000, low) : IpAddress::of_ipv4(low * 2'654'435'761U);
      } else if (column.type == ValueType::boolean) {
        if (integer != 0) column.bits.set(row);
      } else {
        column.integers[row] = integer;
      }
    }
    batch.columns.push_back(std::move(column));
  }
  for (std::size_t row = begin; shape_.several_types && row < end; ++row) batch.types.push_back(rows_[row].type);
  batch.index_types();
  return batch;
}

std::string RandomStream::describe(std::size_t row) const {
  return "row " + std::to_string(row) + " at " + std::to_string(rows_[row].time) + ", card " + rows_[row].texts[card] + ", of type " +
         std::to_string(rows_[row].type);
}

std::string RandomStream::describe(const FeatureSpec& feature) const {
  return "aggregate " + std::to_string(static_cast<int>(feature.aggregate)) + " of column " +
         (feature.input ? std::to_string(*feature.input) : std::string("none")) + " by " + std::to_string(feature.by[0]) + " (" +
         std::to_string(feature.by.size()) + " parts) over " + std::to_string(feature.window_ms) + (feature.inclusive ? " inclusive" : "") +
         (feature.exclude_this_event ? " excluding this event" : "") +
         (feature.delay_ms > 0 ? " delay " + std::to_string(feature.delay_ms) : std::string()) +
         (feature.last_events > 0 ? " last " + std::to_string(feature.last_events) + " events" : std::string()) +
         (feature.aggregate == Aggregate::percentile ? " parts " + std::to_string(feature.percentile_parts) : std::string()) +
         (feature.from != 0 ? " from types " + std::to_string(feature.from) : "") +
         (feature.where ? " where column " + std::to_string(*feature.where) : std::string());
}

std::vector<FeatureSpec> with_demands(std::vector<FeatureSpec> features, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (std::size_t index = features.size(); index-- > 0;) {
    FeatureSpec count;
    count.by = features[index].by;
    count.from = features[index].from;
    count.window_ms = features[index].window_ms;
    count.exclude_this_event = random() % 2 == 0;
    if (random() % 2 == 0) count.where = where_a;
    if (random() % 4 == 0) features.push_back(count);
  }
  for (FeatureSpec& feature : features) {
    std::vector<std::uint32_t> counts;
    for (std::uint32_t index = 0; index < features.size(); ++index)
      if (const FeatureSpec& count = features[index];
          count.aggregate == Aggregate::count && !count.is_span() && count.by == feature.by && count.from == feature.from)
        counts.push_back(index);
    feature.demand.reset();
    if (random() % 8 == 0) continue;
    feature.demand.emplace();
    for (std::uint64_t floors = random() % 4; floors > 0 && !counts.empty(); --floors)
      feature.demand->push_back({counts[random() % counts.size()], static_cast<std::int64_t>(random() % (random() % 2 == 0 ? 6 : 60))});
  }
  return features;
}

bool is_read(const FeatureSpec& feature, const std::function<const std::int64_t*(std::uint32_t)>& counts) {
  if (!feature.demand) return true;
  return std::any_of(feature.demand->begin(), feature.demand->end(), [&](const CountFloor& floor) {
    const std::int64_t* count = counts(floor.feature);
    return count != nullptr && *count >= floor.at_least;
  });
}

std::vector<std::string> texts_of(const FeatureColumns& columns, std::size_t feature, std::size_t rows) {
  const Column& column = columns.columns[feature];
  std::vector<std::string> texts;
  for (std::size_t row = 0; row < rows; ++row) {
    if (!column.present.test(row)) {
      texts.push_back("-");
    } else if (column.type == ValueType::string) {
      texts.push_back("'" + std::string(column.strings[row]) + "'");
    } else if (column.type == ValueType::floating) {
      texts.push_back(std::to_string(column.floats[row]) + " bits " + std::to_string(std::bit_cast<std::uint64_t>(column.floats[row])));
    } else if (column.type == ValueType::geo) {
      texts.push_back(std::to_string(column.points[row].latitude) + "/" + std::to_string(column.points[row].longitude));
    } else if (column.type == ValueType::ip) {
      texts.push_back(std::to_string(column.addresses[row].high()) + ":" + std::to_string(column.addresses[row].low()));
    } else if (column.type == ValueType::boolean) {
      texts.push_back(column.bits.test(row) ? "true" : "false");
    } else {
      texts.push_back(std::to_string(column.integers[row]));
    }
  }
  return texts;
}

}  // namespace weir
