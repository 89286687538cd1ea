#include "tests/support/brute_force_windows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "engine/base/decimal.h"
#include "engine/base/int128.h"

namespace weir {

BruteForceWindows::BruteForceWindows(std::span<const FeatureSpec> features, std::int64_t late_allowed_ms, std::size_t distinct_values_max)
    : features_(features.begin(), features.end()), late_allowed_ms_(late_allowed_ms), distinct_values_max_(distinct_values_max) {
  for (const FeatureSpec& feature : features) {
    longest_ms_[feature.by] = std::max(longest_ms_[feature.by], feature.window_ms);
    reach_ms_[feature.by] = std::max(reach_ms_[feature.by], feature.window_ms + (feature.inclusive ? 1 : 0));
  }
}

BruteForceWindows::Value BruteForceWindows::value_at(const Column& column, std::size_t row) {
  Value value;
  value.present = column.present.test(row);
  if (!value.present) return value;
  switch (column.type) {
    case ValueType::boolean:
      value.integer = column.bits.test(row) ? 1 : 0;
      value.text = std::to_string(value.integer);
      break;
    case ValueType::floating:
      value.number = column.floats[row];
      value.text = std::to_string(value.number);
      break;
    case ValueType::string:
      value.text = column.strings[row];
      break;
    case ValueType::geo:
      value.point = column.points[row];
      value.text = std::to_string(value.point.latitude) + "/" + std::to_string(value.point.longitude);
      break;
    default:
      value.integer = column.integers[row];
      value.text = std::to_string(value.integer);
  }
  return value;
}

bool BruteForceWindows::before(const Value& left, const Value& right, ValueType type) {
  return type == ValueType::floating ? left.number < right.number : left.integer < right.integer;
}

void BruteForceWindows::apply(const EventBatch& batch, FeatureColumns& out) {
  out.columns.resize(features_.size());
  for (std::size_t index = 0; index < features_.size(); ++index) {
    out.columns[index].type = features_[index].type;
    out.columns[index].scale = features_[index].scale;
    out.columns[index].resize(batch.rows);
  }
  for (std::size_t row = 0; row < batch.rows; ++row) {
    if (!batch.active.test(row)) continue;
    Event own;
    own.time = batch.time().integers[row];
    for (const Column& column : batch.columns) own.values.push_back(value_at(column, row));
    for (const auto& [by, longest_ms] : longest_ms_) {
      std::string name;
      bool whole = true;
      for (const ColumnIndex part : by) {
        whole = whole && own.values[part].present;
        name += std::to_string(own.values[part].text.size()) + ":" + own.values[part].text;
      }
      if (!whole) continue;
      auto known = keys_[by].find(name);
      const Key* key = known == keys_[by].end() ? nullptr : &known->second;
      for (std::size_t index = 0; index < features_.size(); ++index)
        if (features_[index].by == by)
          answer(features_[index], batch, seen_by(features_[index], key, own), row, out.columns[index], out.arena);
      if (key != nullptr && key->newest - own.time > longest_ms + late_allowed_ms_) continue;
      Key& kept = keys_[by][name];
      kept.newest = kept.events.empty() ? own.time : std::max(kept.newest, own.time);
      kept.events.push_back(own);
    }
  }
}

std::vector<const BruteForceWindows::Event*> BruteForceWindows::seen_by(const FeatureSpec& feature, const Key* key,
                                                                        const Event& own) const {
  const std::int64_t begin = own.time - feature.window_ms;
  std::vector<const Event*> seen;
  const auto look_at = [&](const Event& event) {
    const bool inside = event.time <= own.time && (feature.inclusive ? event.time >= begin : event.time > begin);
    const bool wanted = !feature.where || (event.values[*feature.where].present && event.values[*feature.where].integer != 0);
    const bool valued = !feature.input || event.values[*feature.input].present;
    if (inside && wanted && valued) seen.push_back(&event);
  };
  // Only an event that is too late can notice that a key forgets what is older than this.
  const std::int64_t kept_ms = 2 * reach_ms_.at(feature.by) + late_allowed_ms_;
  if (key != nullptr)
    for (const Event& event : key->events)
      if (key->newest - event.time < kept_ms) look_at(event);
  if (!feature.exclude_this_event) look_at(own);
  return seen;
}

void BruteForceWindows::answer(const FeatureSpec& feature, const EventBatch& batch, std::vector<const Event*> seen, std::size_t row,
                               Column& column, Arena& arena) const {
  std::stable_sort(seen.begin(), seen.end(), [](const Event* left, const Event* right) { return left->time < right->time; });
  const ValueType input = feature.input ? batch.columns[*feature.input].type : ValueType::integer;
  const double unit = input == ValueType::decimal ? static_cast<double>(power_of_ten(batch.columns[*feature.input].scale)) : 1.0;
  std::vector<Value> values;
  for (const Event* event : seen) values.push_back(feature.input ? event->values[*feature.input] : Value{});
  const double count = static_cast<double>(values.size());
  Int128 sum = 0;
  Int128 squares = 0;
  double number_sum = 0;
  for (const Value& value : values) {
    sum += value.integer;
    squares += static_cast<Int128>(value.integer) * value.integer;
    number_sum += value.number;
  }
  const auto put = [&](const Value& value) {
    column.present.set(row);
    if (column.type == ValueType::string)
      column.strings[row] = arena.copy(value.text);
    else if (column.type == ValueType::geo)
      column.points[row] = value.point;
    else if (column.type == ValueType::floating)
      column.floats[row] = value.number;
    else if (column.type == ValueType::boolean && value.integer != 0)
      column.bits.set(row);
    else if (column.type != ValueType::boolean)
      column.integers[row] = value.integer;
  };
  const auto put_integer = [&](Int128 integer) {
    if (integer >= std::numeric_limits<std::int64_t>::min() && integer <= std::numeric_limits<std::int64_t>::max())
      put({true, static_cast<std::int64_t>(integer), 0, {}, {}});
  };
  const auto put_number = [&](double number) { put({true, 0, number, {}, {}}); };
  const auto less = [&](const Value& left, const Value& right) { return before(left, right, input); };
  std::set<std::string> texts;
  for (const Value& value : values) texts.insert(value.text);
  switch (feature.aggregate) {
    case Aggregate::count:
      return put_integer(static_cast<Int128>(values.size()));
    case Aggregate::distinct:
      return put_integer(static_cast<Int128>(std::min(texts.size(), distinct_values_max_)));
    case Aggregate::sum:
      return input == ValueType::floating ? put_number(number_sum) : put_integer(sum);
    default:
      break;
  }
  if (values.empty()) return;
  switch (feature.aggregate) {
    case Aggregate::avg:
      return put_number(input == ValueType::floating ? number_sum / count : static_cast<double>(sum) / (count * unit));
    case Aggregate::min:
      return put(*std::min_element(values.begin(), values.end(), less));
    case Aggregate::max:
      return put(*std::max_element(values.begin(), values.end(), less));
    case Aggregate::first:
      return put(values.front());
    case Aggregate::last:
      return put(values.back());
    default:
      break;
  }
  if (values.size() < 2) return;
  if (input == ValueType::floating) {
    double spread = 0;
    for (const Value& value : values) spread += (value.number - number_sum / count) * (value.number - number_sum / count);
    return put_number(std::sqrt(spread / (count - 1)));
  }
  const Int128 spread = static_cast<Int128>(values.size()) * squares - sum * sum;
  put_number(std::sqrt(static_cast<double>(spread) / (count * (count - 1))) / unit);
}

}  // namespace weir
