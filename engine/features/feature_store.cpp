#include "engine/features/feature_store.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/features/key_group.h"

namespace weir {

FeatureStore::FeatureStore(std::span<const FeatureSpec> features, std::span<const FeatureIndex> held, const EventSchema& schema,
                           std::span<const DerivedColumnSpec> derived, const FeatureStoreLimits& limits)
    : limits_(limits), feature_counts_{{0, features.size()}} {
  for (KeyGroupPlan& plan : plan_features(features, held, schema, derived, limits.late_allowed_ms)) {
    groups_.push_back({std::make_unique<KeyGroup>(std::move(plan), limits), {}});
    served_.push_back(groups_.back().windows.get());
  }
}

FeatureStore::~FeatureStore() = default;
FeatureStore::FeatureStore(FeatureStore&&) noexcept = default;
FeatureStore& FeatureStore::operator=(FeatureStore&&) noexcept = default;

void FeatureStore::apply(const EventBatch& batch, FeatureColumns& out) {
  const std::size_t features = feature_counts_.at(version_);
  if (out.columns.size() < features) out.columns.resize(features);
  apply_groups(batch, &out);
}

void FeatureStore::apply(const EventBatch& batch) {
  apply_groups(batch, nullptr);
}

void FeatureStore::apply_groups(const EventBatch& batch, FeatureColumns* out) {
  too_late_rows_.clear();
  for (KeyGroup* group : served_) {
    group->apply(batch, out);
    if (group->too_late_rows().empty()) continue;
    // A key with very many features has several groups, which all say the same; one that came with a later rule set knows less.
    const auto same_key = [&](const KeyGroup* other) { return other->by() == group->by() && other->from() == group->from(); };
    if (*std::find_if(served_.begin(), served_.end(), same_key) != group) continue;
    too_late_rows_.insert(too_late_rows_.end(), group->too_late_rows().begin(), group->too_late_rows().end());
  }
}

std::vector<ColumnIndex> FeatureStore::columns_read(const EventSchema& schema) const {
  std::vector<ColumnIndex> columns{static_cast<ColumnIndex>(schema.time_field)};
  for (const KeyGroup* group : served_) group->add_columns_read(columns);
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

void FeatureStore::begin_waves(const EventBatch& batch, FeatureColumns& out) {
  const std::size_t features = feature_counts_.at(version_);
  if (out.columns.size() < features) out.columns.resize(features);
  for (KeyGroup* group : served_) group->begin_waves(batch, out);
}

void FeatureStore::apply(const EventBatch& batch, const RowBlock& rows, RowUse use) {
  for (KeyGroup* group : served_) group->apply(batch, rows, use);
}

void FeatureStore::empty_windows(const EventBatch& batch, std::size_t row) {
  for (KeyGroup* group : served_) group->empty_windows(batch, row);
}

void FeatureStore::keep_view(Group& group, std::uint64_t version, KeyGroupPlan view) {
  group.views[version] = std::make_unique<const KeyGroupPlan>(std::move(view));
}

void FeatureStore::also_serve(std::uint64_t version, std::uint64_t from, std::span<const FeatureSpec> before,
                              std::span<const FeatureSpec> features, std::span<const FeatureIndex> held, const EventSchema& schema,
                              std::span<const DerivedColumnSpec> derived) {
  WEIR_CHECK(knows(from) && !knows(version));
  for (Group& group : groups_)
    if (group.views.empty()) keep_view(group, version_, group.windows->plan());
  std::vector<FeatureIndex> before_held;
  for (const Group& group : groups_)
    if (const auto view = group.views.find(from); view != group.views.end())
      for (const GroupFeaturePlan& feature : view->second->features)
        if (feature.index != no_feature) before_held.push_back(feature.index);
  std::sort(before_held.begin(), before_held.end());
  const FeatureMapping mapping = map_features(before, before_held, features, held);
  for (Group& group : groups_) {
    const auto view = group.views.find(from);
    if (view == group.views.end()) continue;
    KeyGroupPlan next = *view->second;
    if (remap_plan(next, mapping, features, schema, limits_.late_allowed_ms)) keep_view(group, version, std::move(next));
  }
  std::vector<FeatureIndex> fresh(held.begin(), held.end());
  for (const auto& [old_index, new_index] : mapping.features) std::erase(fresh, new_index);
  for (KeyGroupPlan& plan : plan_features(features, fresh, schema, derived, limits_.late_allowed_ms)) {
    Group& group = groups_.emplace_back();
    keep_view(group, version, plan);
    group.windows = std::make_unique<KeyGroup>(std::move(plan), limits_);
  }
  feature_counts_[version] = features.size();
}

void FeatureStore::serve(std::uint64_t version) {
  if (version == version_) return;
  WEIR_CHECK(knows(version));
  version_ = version;
  served_.clear();
  for (Group& group : groups_) {
    const auto view = group.views.find(version);
    if (view == group.views.end()) continue;
    group.windows->show(*view->second);
    served_.push_back(group.windows.get());
  }
}

void FeatureStore::forget(std::uint64_t version, std::vector<std::shared_ptr<void>>& retired) {
  if (version == version_ || feature_counts_.erase(version) == 0) return;
  std::vector<Group> kept;
  for (Group& group : groups_) {
    group.views.erase(version);
    if (group.views.empty())
      retired.push_back(std::shared_ptr<KeyGroup>(std::move(group.windows)));
    else
      kept.push_back(std::move(group));
  }
  groups_ = std::move(kept);
}

void FeatureStore::switch_to(std::span<const FeatureSpec> before, std::span<const FeatureSpec> features, std::span<const FeatureIndex> held,
                             const EventSchema& schema, std::span<const DerivedColumnSpec> derived,
                             std::vector<std::shared_ptr<void>>& retired) {
  const std::uint64_t last = version_;
  also_serve(last + 1, last, before, features, held, schema, derived);
  serve(last + 1);
  forget(last, retired);
}

std::int64_t FeatureStore::history_reach_ms() const {
  std::int64_t reach = 0;
  for (const Group& group : groups_) reach = std::max(reach, group.windows->retain_ms());
  return reach;
}

FeatureStoreCounters FeatureStore::counters() const {
  FeatureStoreCounters total;
  for (const Group& group : groups_) group.windows->add_counters(total);
  return total;
}

FeatureStoreCounters FeatureStore::totals() const {
  FeatureStoreCounters total;
  for (const Group& group : groups_) group.windows->add_totals(total);
  return total;
}

}  // namespace weir
