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
    std::int64_t& longest_ms = longest_ms_[group_of(feature)];
    std::int64_t& reach_ms = reach_ms_[group_of(feature)];
    if (feature.last_events > 0) continue;
    longest_ms = std::max(longest_ms, feature.delay_ms + feature.window_ms);
    reach_ms = std::max(reach_ms, feature.delay_ms + feature.window_ms + (feature.inclusive ? 1 : 0));
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
    case ValueType::ip:
      value.text.assign(reinterpret_cast<const char*>(column.addresses[row].bytes.data()), column.addresses[row].bytes.size());
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
  if (type == ValueType::string || type == ValueType::ip) return left.text < right.text;
  return type == ValueType::floating ? left.number < right.number : left.integer < right.integer;
}

bool BruteForceWindows::wanted_by(const FeatureSpec& feature, const Event& event) {
  return !feature.where || (event.values[*feature.where].present && event.values[*feature.where].integer != 0);
}

// Whether an event that is still admitted could see this one.
bool BruteForceWindows::needed(const Group& group, const Key& key, std::size_t index) const {
  const std::int64_t age = key.newest - key.events[index].time;
  if (age < 2 * reach_ms_.at(group) + late_allowed_ms_) return true;
  const std::int64_t latest = longest_ms_.at(group) + late_allowed_ms_;
  for (const FeatureSpec& feature : features_) {
    if (group_of(feature) != group || feature.last_events == 0) continue;
    const std::int64_t settled = latest + feature.delay_ms;
    if (age >= settled + feature.window_ms + (feature.inclusive ? 1 : 0)) continue;
    if (age < settled) return true;
    std::size_t newer = 0;
    for (std::size_t other = index + 1; other < key.events.size(); ++other)
      if (key.newest - key.events[other].time >= settled && wanted_by(feature, key.events[other])) ++newer;
    if (wanted_by(feature, key.events[index]) && newer < feature.last_events) return true;
  }
  return false;
}

void BruteForceWindows::forget(const Group& group, Key& key) const {
  std::size_t first = 0;
  while (first < key.events.size() && !needed(group, key, first)) ++first;
  key.events.erase(key.events.begin(), key.events.begin() + static_cast<std::ptrdiff_t>(first));
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
    for (const auto& [group, longest_ms] : longest_ms_) {
      std::string name;
      bool whole = true;
      const bool added = group.second == 0 || (group.second >> batch.type_of(row) & 1U) != 0;
      for (const ColumnIndex part : group.first) {
        whole = whole && own.values[part].present;
        name += std::to_string(own.values[part].text.size()) + ":" + own.values[part].text;
      }
      if (!whole) continue;
      const bool is_new = !keys_[group].contains(name);
      if (is_new && !added) {
        const Key nobody;
        for (std::size_t index = 0; index < features_.size(); ++index)
          if (group_of(features_[index]) == group)
            answer(features_[index], batch, seen_by(features_[index], &nobody, own, added), row, out.columns[index], out.arena);
        continue;
      }
      Key& key = keys_[group][name];
      if (added && (is_new || own.time >= key.newest)) {
        key.newest = own.time;
        forget(group, key);
      }
      for (std::size_t index = 0; index < features_.size(); ++index)
        if (group_of(features_[index]) == group)
          answer(features_[index], batch, seen_by(features_[index], &key, own, added), row, out.columns[index], out.arena);
      if (!added || key.newest - own.time > longest_ms + late_allowed_ms_) continue;
      const auto is_later = [&](const Event& event) { return event.time > own.time; };
      key.events.insert(std::find_if(key.events.begin(), key.events.end(), is_later), own);
    }
  }
}

std::vector<const BruteForceWindows::Event*> BruteForceWindows::seen_by(const FeatureSpec& feature, const Key* key, const Event& own,
                                                                        bool added) const {
  const std::int64_t end = own.time - feature.delay_ms;
  const std::int64_t begin = end - feature.window_ms;
  std::vector<const Event*> seen;
  const auto look_at = [&](const Event& event) {
    const bool inside = event.time <= end && (feature.inclusive ? event.time >= begin : event.time > begin);
    if (inside && wanted_by(feature, event)) seen.push_back(&event);
  };
  for (const Event& event : key->events) look_at(event);
  if (added && !feature.exclude_this_event) look_at(own);
  if (feature.last_events > 0 && seen.size() > feature.last_events)
    seen.erase(seen.begin(), seen.end() - static_cast<std::ptrdiff_t>(feature.last_events));
  if (feature.input) std::erase_if(seen, [&](const Event* event) { return !event->values[*feature.input].present; });
  return seen;
}

// Rank p * (n - 1) from 0, between two values in proportion; the fraction in lowest terms, integers weighed exactly and divided once.
double BruteForceWindows::percentile(const std::vector<Value>& sorted, std::uint32_t parts, bool floating, double unit) {
  std::uint64_t above = (sorted.size() - 1) * parts;
  std::uint64_t whole = 10'000;
  const std::size_t place = above / whole;
  above %= whole;
  for (const std::uint64_t factor : {std::uint64_t{2}, std::uint64_t{5}})
    while (above % factor == 0 && whole % factor == 0 && whole > 1) {
      above /= factor;
      whole /= factor;
    }
  const Value& low = sorted[place];
  const Value& high = sorted[above == 0 ? place : place + 1];
  if (floating && above == 0) return low.number;
  if (floating) return low.number + (high.number - low.number) * (static_cast<double>(above) / static_cast<double>(whole));
  const Int128 weighed = static_cast<Int128>(low.integer) * static_cast<Int128>(whole - above) +
                         static_cast<Int128>(high.integer) * static_cast<Int128>(above);
  return static_cast<double>(weighed) / (static_cast<double>(whole) * unit);
}

void BruteForceWindows::answer(const FeatureSpec& feature, const EventBatch& batch, std::vector<const Event*> seen, std::size_t row,
                               Column& column, Arena& arena) const {
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
    else if (column.type == ValueType::ip)
      std::copy(value.text.begin(), value.text.end(), column.addresses[row].bytes.begin());
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
    case Aggregate::percentile:
      std::stable_sort(values.begin(), values.end(), less);
      return put_number(percentile(values, feature.percentile_parts, input == ValueType::floating, unit));
    case Aggregate::mode: {
      const Value* best = nullptr;
      std::map<std::string, std::size_t> times;
      for (const Value& value : values) ++times[value.text];
      for (const Value& value : values)
        if (best == nullptr || times[value.text] > times[best->text] || (times[value.text] == times[best->text] && less(value, *best)))
          best = &value;
      return put(*best);
    }
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
