#include "engine/features/feature_store.h"

#include <algorithm>

#include "engine/features/key_group.h"

namespace weir {

FeatureStore::FeatureStore(std::span<const FeatureSpec> features, std::span<const FeatureIndex> held, const EventSchema& schema,
                           std::span<const DerivedColumnSpec> derived, const FeatureStoreLimits& limits)
    : feature_count_(features.size()), limits_(limits) {
  for (KeyGroupPlan& plan : plan_features(features, held, schema, derived, limits.late_allowed_ms))
    groups_.push_back(std::make_unique<KeyGroup>(std::move(plan), limits));
}

FeatureStore::~FeatureStore() = default;
FeatureStore::FeatureStore(FeatureStore&&) noexcept = default;
FeatureStore& FeatureStore::operator=(FeatureStore&&) noexcept = default;

void FeatureStore::apply(const EventBatch& batch, FeatureColumns& out) {
  if (out.columns.size() < feature_count_) out.columns.resize(feature_count_);
  apply_groups(batch, &out);
}

void FeatureStore::apply(const EventBatch& batch) {
  apply_groups(batch, nullptr);
}

void FeatureStore::apply_groups(const EventBatch& batch, FeatureColumns* out) {
  too_late_rows_.clear();
  for (const std::unique_ptr<KeyGroup>& group : groups_) {
    group->apply(batch, out);
    if (group->too_late_rows().empty()) continue;
    // A key with very many features has several groups, which all say the same.
    const auto same_key = [&](const std::unique_ptr<KeyGroup>& other) {
      return other->by() == group->by() && other->from() == group->from();
    };
    if (std::find_if(groups_.begin(), groups_.end(), same_key)->get() != group.get()) continue;
    too_late_rows_.insert(too_late_rows_.end(), group->too_late_rows().begin(), group->too_late_rows().end());
  }
}

std::vector<ColumnIndex> FeatureStore::columns_read(const EventSchema& schema) const {
  std::vector<ColumnIndex> columns{static_cast<ColumnIndex>(schema.time_field)};
  for (const std::unique_ptr<KeyGroup>& group : groups_) group->add_columns_read(columns);
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

void FeatureStore::begin_waves(const EventBatch& batch, FeatureColumns& out) {
  if (out.columns.size() < feature_count_) out.columns.resize(feature_count_);
  for (const std::unique_ptr<KeyGroup>& group : groups_) group->begin_waves(batch, out);
}

void FeatureStore::apply(const EventBatch& batch, const RowBlock& rows, RowUse use) {
  for (const std::unique_ptr<KeyGroup>& group : groups_) group->apply(batch, rows, use);
}

void FeatureStore::empty_windows(const EventBatch& batch, std::size_t row) {
  for (const std::unique_ptr<KeyGroup>& group : groups_) group->empty_windows(batch, row);
}

std::int64_t FeatureStore::history_reach_ms() const {
  std::int64_t reach = 0;
  for (const std::unique_ptr<KeyGroup>& group : groups_) reach = std::max(reach, group->retain_ms());
  return reach;
}

FeatureStoreCounters FeatureStore::counters() const {
  FeatureStoreCounters total;
  for (const std::unique_ptr<KeyGroup>& group : groups_) group->add_counters(total);
  return total;
}

FeatureStoreCounters FeatureStore::totals() const {
  FeatureStoreCounters total;
  for (const std::unique_ptr<KeyGroup>& group : groups_) group->add_totals(total);
  return total;
}

}  // namespace weir
