#include "engine/features/key_group.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>

#include "engine/base/int128.h"

namespace weir {
namespace {

void append_word(std::string& key, std::uint64_t word) {
  key.append(reinterpret_cast<const char*>(&word), sizeof word);
}

bool fits_int64(Int128 value) {
  return value >= std::numeric_limits<std::int64_t>::min() && value <= std::numeric_limits<std::int64_t>::max();
}

}  // namespace

KeyGroup::KeyGroup(KeyGroupPlan plan, const FeatureStoreLimits& limits) : plan_(std::move(plan)), limits_(limits) {}

bool KeyGroup::encode_key(const EventBatch& batch, std::size_t row) {
  key_.clear();
  for (const ColumnIndex part : plan_.by) {
    const Column& column = batch.columns[part];
    if (!column.present.test(row)) return false;
    switch (column.type) {
      case ValueType::string:
        append_word(key_, column.strings[row].size());
        key_.append(column.strings[row]);
        break;
      case ValueType::geo:
        key_.append(reinterpret_cast<const char*>(&column.points[row]), sizeof(GeoPoint));
        break;
      case ValueType::floating:
        append_word(key_, std::bit_cast<std::uint64_t>(column.floats[row] + 0.0));
        break;
      case ValueType::boolean:
        append_word(key_, column.bits.test(row) ? 1 : 0);
        break;
      default:
        append_word(key_, static_cast<std::uint64_t>(column.integers[row]));
    }
  }
  return true;
}

KeyGroup::Entry KeyGroup::make_entry(const EventBatch& batch, std::size_t row) const {
  Entry entry;
  entry.time = batch.time().integers[row];
  for (const ConditionPlan& condition : plan_.conditions) {
    const Column& column = batch.columns[condition.source];
    if (column.present.test(row) && column.bits.test(row)) entry.flags |= condition.flag;
  }
  for (const RingColumnPlan& planned : plan_.columns) {
    const Column& column = batch.columns[planned.source];
    Value value;
    if (column.present.test(row)) {
      entry.flags |= planned.present_flag;
      switch (column.type) {
        case ValueType::string:
          value.text = column.strings[row];
          break;
        case ValueType::geo:
          value.point = column.points[row];
          value.text.assign(reinterpret_cast<const char*>(&value.point), sizeof(GeoPoint));
          break;
        case ValueType::floating:
          value.number = column.floats[row] + 0.0;
          value.word = std::bit_cast<std::int64_t>(value.number);
          break;
        case ValueType::boolean:
          value.word = column.bits.test(row) ? 1 : 0;
          break;
        default:
          value.word = column.integers[row];
      }
    }
    entry.values.push_back(std::move(value));
  }
  return entry;
}

void KeyGroup::apply(const EventBatch& batch, FeatureColumns* out) {
  if (out != nullptr) {
    for (const GroupFeaturePlan& feature : plan_.features) {
      Column& column = out->columns[feature.index];
      column.type = feature.type;
      column.scale = feature.scale;
      column.resize(batch.rows);
    }
  }
  for (std::size_t row = 0; row < batch.rows; ++row) {
    if (!batch.active.test(row)) continue;
    if (!encode_key(batch, row)) {
      ++counters_.missing_keys;
      continue;
    }
    Entry entry = make_entry(batch, row);
    Ring& ring = rings_[key_];
    const bool late = !ring.empty() && entry.time < ring.back().time;
    const bool too_late = late && ring.back().time - entry.time > plan_.admit_ms;
    const auto behind = [](std::int64_t time, const Entry& other) { return time < other.time; };
    const auto at = std::upper_bound(ring.begin(), ring.end(), entry.time, behind);
    const std::size_t own = static_cast<std::size_t>(at - ring.begin());
    ring.insert(at, std::move(entry));
    if (out != nullptr) answer(ring, own, row, *out);
    if (too_late) {
      ++counters_.too_late_events;
      ring.erase(ring.begin() + static_cast<std::ptrdiff_t>(own));
      continue;
    }
    if (late) ++counters_.late_events;
    std::size_t expired = 0;
    while (ring.back().time - ring[expired].time >= plan_.retain_ms) ++expired;
    ring.erase(ring.begin(), ring.begin() + static_cast<std::ptrdiff_t>(expired));
  }
}

void KeyGroup::answer(const Ring& ring, std::size_t own, std::size_t row, FeatureColumns& out) {
  for (const GroupFeaturePlan& feature : plan_.features) {
    const TrackPlan& track = plan_.tracks[feature.track];
    std::vector<const Value*> seen;
    for (std::size_t index = 0; index <= own; ++index) {
      const Entry& entry = ring[index];
      if (ring[own].time - entry.time >= plan_.reaches_ms[feature.window]) continue;
      if ((entry.flags & track.flags) != track.flags) continue;
      if (index == own && track.excludes_this_event) continue;
      seen.push_back(track.column == no_ring_column ? nullptr : &entry.values[track.column]);
    }
    answer_one(feature, seen, row, out);
  }
}

void KeyGroup::answer_one(const GroupFeaturePlan& feature, const std::vector<const Value*>& seen, std::size_t row, FeatureColumns& out) {
  Column& column = out.columns[feature.index];
  const TrackPlan& track = plan_.tracks[feature.track];
  const double count = static_cast<double>(seen.size());
  const auto put_word = [&](std::int64_t word) {
    if (column.type == ValueType::boolean) {
      if (word != 0) column.bits.set(row);
    } else {
      column.integers[row] = word;
    }
    column.present.set(row);
  };
  const auto put_number = [&](double number) {
    if (!std::isfinite(number)) {
      ++counters_.out_of_range;
      return;
    }
    column.floats[row] = number;
    column.present.set(row);
  };
  const auto put = [&](const Value& value) {
    if (column.type == ValueType::string) {
      column.strings[row] = out.arena.copy(value.text);
    } else if (column.type == ValueType::geo) {
      column.points[row] = value.point;
    } else if (column.type == ValueType::floating) {
      column.floats[row] = value.number;
    } else {
      put_word(value.word);
    }
    column.present.set(row);
  };
  Int128 sum = 0;
  double number_sum = 0;
  if (track.needs_sum) {
    for (const Value* value : seen) {
      sum += value->word;
      number_sum += value->number;
    }
  }
  const auto ahead = [&](const Value* left, const Value* right) {
    return track.floating ? left->number < right->number : left->word < right->word;
  };
  switch (feature.aggregate) {
    case Aggregate::count:
      put_word(static_cast<std::int64_t>(seen.size()));
      break;
    case Aggregate::sum:
      if (track.floating) {
        put_number(number_sum);
      } else if (fits_int64(sum)) {
        put_word(static_cast<std::int64_t>(sum));
      } else {
        ++counters_.out_of_range;
      }
      break;
    case Aggregate::avg:
      if (!seen.empty()) put_number((track.floating ? number_sum : static_cast<double>(sum)) / (count * feature.unit));
      break;
    case Aggregate::stddev:
      if (seen.size() < 2) break;
      if (track.floating) {
        double squares = 0;
        for (const Value* value : seen) squares += (value->number - number_sum / count) * (value->number - number_sum / count);
        put_number(std::sqrt(squares / (count - 1)));
      } else {
        Int128 squares = 0;
        for (const Value* value : seen) squares += static_cast<Int128>(value->word) * value->word;
        put_number(std::sqrt(static_cast<double>(static_cast<Int128>(seen.size()) * squares - sum * sum) / (count * (count - 1))) /
                   feature.unit);
      }
      break;
    case Aggregate::min:
      if (!seen.empty()) put(**std::min_element(seen.begin(), seen.end(), ahead));
      break;
    case Aggregate::max:
      if (!seen.empty()) put(**std::max_element(seen.begin(), seen.end(), ahead));
      break;
    case Aggregate::distinct: {
      std::set<std::pair<std::int64_t, std::string>> values;
      for (const Value* value : seen) values.insert({value->word, value->text});
      if (values.size() > limits_.distinct_values_max) ++counters_.distinct_bound_reached;
      put_word(static_cast<std::int64_t>(std::min<std::size_t>(values.size(), limits_.distinct_values_max)));
      break;
    }
    case Aggregate::first:
      if (!seen.empty()) put(*seen.front());
      break;
    case Aggregate::last:
      if (!seen.empty()) put(*seen.back());
      break;
  }
}

void KeyGroup::add_counters(FeatureStoreCounters& total) const {
  total.keys += rings_.size();
  for (const auto& [key, ring] : rings_) total.events += ring.size();
  total.late_events += counters_.late_events;
  total.too_late_events += counters_.too_late_events;
  total.missing_keys += counters_.missing_keys;
  total.distinct_bound_reached += counters_.distinct_bound_reached;
  total.out_of_range += counters_.out_of_range;
}

}  // namespace weir
