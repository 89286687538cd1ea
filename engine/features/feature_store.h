// Exact sliding windows: keeps the recent events of every key and answers each feature as of each event. The contract is in README.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/event_schema.h"
#include "engine/event/feature_spec.h"
#include "engine/event/feedback_spec.h"
#include "engine/features/feature_limits.h"
#include "engine/features/feature_plan.h"

namespace weir {

class KeyGroup;

// What happens to the rows of a wave. An answer alone leaves the event out; adding it comes later and answers nothing.
enum class RowUse : std::uint8_t { add_and_answer, answer, add };

// The windows of one shard or, for features whose key is not tied to a shard, of one lane. Used by one thread at a time.
// Results depend on the order of the rows alone: the same rows cut into other batches give the same values.
class FeatureStore {
 public:
  // Holds the features that `held` names by their place in `features`. The arguments are read during construction only.
  FeatureStore(std::span<const FeatureSpec> features, std::span<const FeatureIndex> held, const EventSchema& schema,
               std::span<const DerivedColumnSpec> derived, const FeatureStoreLimits& limits);
  ~FeatureStore();
  FeatureStore(FeatureStore&&) noexcept;
  FeatureStore& operator=(FeatureStore&&) noexcept;

  // For every active row in order: adds the event to the windows of its keys and writes each held feature's value as of the event.
  // Makes `out.columns` as many as there are features, and types and sizes the held ones; those of other features are left alone, so
  // several stores can fill one `out`. Strings are copied into `out.arena`, which the caller clears before the first of them.
  void apply(const EventBatch& batch, FeatureColumns& out);

  // The same without answers: replay.
  void apply(const EventBatch& batch);

  // Rows of the last batch that were too late for a key, once for each such key.
  const std::vector<std::uint32_t>& too_late_rows() const { return too_late_rows_; }

  // The columns of a batch that `apply` reads, ascending: those of the keys, arguments and conditions of the held features, and the time.
  std::vector<ColumnIndex> columns_read(const EventSchema& schema) const;

  // Row by row, for windows that depend on what earlier rows of the batch decided: `begin_waves` once a batch, then each active row once
  // with `add_and_answer`, or once with `answer` and later once with `add`. Rows of one key keep their order; `out` is that of
  // `begin_waves`.
  void begin_waves(const EventBatch& batch, FeatureColumns& out);
  void apply(const EventBatch& batch, const RowBlock& rows, RowUse use);
  // Drops all events of the row's key that were added so far. What is too late is still judged by the newest of them.
  void empty_windows(const EventBatch& batch, std::size_t row);

  // Goes on as the store of the next version of the rule set, from the next `apply` on. Features of `before` (the version so far) that
  // `features` has too, by identity, keep their windows; the others that `held` names begin empty. What nobody needs any more is added to
  // `retired`: to be destroyed elsewhere, because that walks over all its keys.
  void switch_to(std::span<const FeatureSpec> before, std::span<const FeatureSpec> features, std::span<const FeatureIndex> held,
                 const EventSchema& schema, std::span<const DerivedColumnSpec> derived, std::vector<std::shared_ptr<void>>& retired);

  // The same in steps, for a store that two versions feed for a while. Versions are numbered by the caller; the first one is 0.
  // `also_serve` adds one that follows on `from`, whose features are `before`; an event of one version is added to the windows of that
  // version's features only.
  void also_serve(std::uint64_t version, std::uint64_t from, std::span<const FeatureSpec> before, std::span<const FeatureSpec> features,
                  std::span<const FeatureIndex> held, const EventSchema& schema, std::span<const DerivedColumnSpec> derived);
  bool knows(std::uint64_t version) const { return feature_counts_.contains(version); }
  // From the next `apply` on. The version is known.
  void serve(std::uint64_t version);
  // Not the one that is served.
  void forget(std::uint64_t version, std::vector<std::shared_ptr<void>>& retired);

  // How far behind an event's time earlier events can matter: state is whole again after a replay of that much.
  std::int64_t history_reach_ms() const;

  // Walks over all keys.
  FeatureStoreCounters counters() const;
  // At once, for who looks often: `events` stays 0, and `bytes` leaves out what keys with many events hold beside their slabs.
  FeatureStoreCounters totals() const;

 private:
  void apply_groups(const EventBatch& batch, FeatureColumns* out);
  struct Group {
    std::unique_ptr<KeyGroup> windows;
    std::map<std::uint64_t, std::unique_ptr<const KeyGroupPlan>> views;  // by version that has features here
  };

  void keep_view(Group& group, std::uint64_t version, KeyGroupPlan view);

  FeatureStoreLimits limits_;
  std::vector<Group> groups_;
  std::vector<KeyGroup*> served_;  // of the version that is served
  std::uint64_t version_ = 0;
  std::map<std::uint64_t, std::size_t> feature_counts_;  // by version
  std::vector<std::uint32_t> too_late_rows_;
};

}  // namespace weir
