// The windows of all features with one `by`: a map from key to that key's events.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/event/batch.h"
#include "engine/features/feature_limits.h"
#include "engine/features/feature_plan.h"

namespace weir {

class KeyGroup {
 public:
  KeyGroup(KeyGroupPlan plan, const FeatureStoreLimits& limits);

  // `out` may be null: state only.
  void apply(const EventBatch& batch, FeatureColumns* out);

  std::int64_t retain_ms() const { return plan_.retain_ms; }
  void add_counters(FeatureStoreCounters& total) const;

 private:
  struct Value {
    std::int64_t word = 0;
    double number = 0;
    GeoPoint point;
    std::string text;
  };
  struct Entry {
    std::int64_t time = 0;
    std::uint64_t flags = 0;
    std::vector<Value> values;
  };
  using Ring = std::vector<Entry>;  // by time, ties by arrival

  bool encode_key(const EventBatch& batch, std::size_t row);
  Entry make_entry(const EventBatch& batch, std::size_t row) const;
  void answer(const Ring& ring, std::size_t own, std::size_t row, FeatureColumns& out);
  void answer_one(const GroupFeaturePlan& feature, const std::vector<const Value*>& seen, std::size_t row, FeatureColumns& out);

  KeyGroupPlan plan_;
  FeatureStoreLimits limits_;
  FeatureStoreCounters counters_;
  std::unordered_map<std::string, Ring> rings_;
  std::string key_;
};

}  // namespace weir
