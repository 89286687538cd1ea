// What a home lane asks of the lane that owns some of a batch's keys: events to add, and the columns for the answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/event/batch.h"
#include "engine/features/feature_plan.h"
#include "engine/pipeline/batch_in_flight.h"

namespace weir {

// The rows of one route. Strings lie where the batch has them, which stays until all its blocks are back.
struct RequestSection {
  std::size_t route = 0;
  std::vector<std::uint32_t> rows;  // of the batch in flight
  EventBatch events;                // those rows, in order; only the columns that the route's windows read
  FeatureColumns answers;
  std::vector<std::uint32_t> too_late;  // of `events`, as FeatureStore::too_late_rows
};

// Filled by the home lane, read and answered by the owner, then the home lane's again. Reused, with the memory of its columns.
struct RequestBlock {
  LaneIndex home = 0;
  BatchInFlight* batch = nullptr;      // the home lane's; the owner reads what is fixed from the begin on: source, shard's number, mute
  const RuleStages* stages = nullptr;  // the batch's
  std::size_t source = 0;
  ShardIndex shard = 0;
  bool mute = false;  // no answers are wanted
  bool answered = false;
  std::vector<std::unique_ptr<RequestSection>> sections;
  std::size_t used = 0;  // sections

  void start(LaneIndex home_lane, BatchInFlight& in_flight);
  // The section of the route, opened where it is missing. Routes come in ascending order.
  RequestSection& section(std::size_t route);
};

// Copies the section's rows of `columns` from the batch.
void copy_rows(const EventBatch& from, std::span<const ColumnIndex> columns, RequestSection& to);

// Puts the owner's answers for `features` where the batch's own rows have theirs.
void fill_in(const RequestSection& from, std::span<const FeatureIndex> features, FeatureColumns& to);

}  // namespace weir
