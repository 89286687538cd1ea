// The window contract, word for word and slowly: the oracle that feature stores are compared with.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/feature_spec.h"

namespace weir {

// Keeps the events of every key by time and then by arrival and judges each feature by walking over all of them.
class BruteForceWindows {
 public:
  BruteForceWindows(std::span<const FeatureSpec> features, std::int64_t late_allowed_ms, std::size_t distinct_values_max);

  void apply(const EventBatch& batch, FeatureColumns& out);

 private:
  struct Value {
    bool present = false;
    std::int64_t integer = 0;
    double number = 0;
    GeoPoint point;
    std::string text;
  };
  struct Event {
    std::int64_t time = 0;
    std::vector<Value> values;  // one a column of the batch
  };
  struct Key {
    std::int64_t newest = 0;
    std::vector<Event> events;  // by time, those of one time by arrival
  };

  using Group = std::pair<std::vector<ColumnIndex>, EventTypeSet>;  // `by` and `from`

  static Value value_at(const Column& column, std::size_t row);
  static bool before(const Value& left, const Value& right, ValueType type);
  static bool wanted_by(const FeatureSpec& feature, const Event& event);
  void forget(const Group& group, Key& key) const;
  bool needed(const Group& group, const Key& key, std::size_t index) const;
  static double percentile(const std::vector<Value>& sorted, std::uint32_t parts, bool floating, double unit);
  std::vector<const Event*> seen_by(const FeatureSpec& feature, const Key* key, const Event& own, bool added) const;
  void answer(const FeatureSpec& feature, const EventBatch& batch, std::vector<const Event*> seen, std::size_t row, Column& column,
              Arena& arena) const;

  std::vector<FeatureSpec> features_;
  std::int64_t late_allowed_ms_;
  std::size_t distinct_values_max_;
  static Group group_of(const FeatureSpec& feature) { return {feature.by, feature.from}; }

  std::map<Group, std::int64_t> longest_ms_;  // windows of time, delay included
  std::map<Group, std::int64_t> reach_ms_;    // likewise, the closed lower end counted
  std::map<Group, std::map<std::string, Key>> keys_;
};

}  // namespace weir
