// Answers that are read off a stretch of the ring: what totals cannot say.
#pragma once

#include <cstddef>

#include "engine/features/answers.h"
#include "engine/features/feature_plan.h"
#include "engine/features/ring_view.h"

namespace weir {

// Entries [begin, end) of a ring, oldest first.
struct RingRange {
  const RingView& ring;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// `first` and `last` of the cell, where it has them. Each function also exists for a cell whose track is not among the plan's.
void answer_ends(const CellPlan& cell, const RingRange& range, Answers& answers);
void answer_ends(const TrackPlan& track, const CellPlan& cell, const RingRange& range, Answers& answers);

// count, sum, avg, stddev, min and max of a `floating` track. Sums run from the oldest entry to the newest, so they depend on what is in
// the window and on nothing that was in it before; the deviation is computed in two passes.
void answer_floating(const CellPlan& cell, const RingRange& range, Answers& answers);
void answer_floating(const TrackPlan& track, const CellPlan& cell, const RingRange& range, Answers& answers);

// min and max of integers.
void answer_extremes(const CellPlan& cell, const RingRange& range, Answers& answers);
void answer_extremes(const TrackPlan& track, const CellPlan& cell, const RingRange& range, Answers& answers);

// Sums of integers of any size.
void answer_exact_sums(const CellPlan& cell, const RingRange& range, Answers& answers);
void answer_exact_sums(const TrackPlan& track, const CellPlan& cell, const RingRange& range, Answers& answers);

}  // namespace weir
